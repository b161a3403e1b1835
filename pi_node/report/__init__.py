"""What the node says of itself: to the broker, to its log, and to the machine it runs on."""
