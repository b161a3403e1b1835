"""The clock of the machine: whether it can be believed, and what was told before it could."""
