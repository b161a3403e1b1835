"""What the node does and what hurts: readings of its machine, and the reasons made of them."""
