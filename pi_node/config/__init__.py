"""The settings that may change while the node runs, and their probation."""
