"""What was heard of nodes, bridges, brokers and webs, and the verdict on their chains."""
