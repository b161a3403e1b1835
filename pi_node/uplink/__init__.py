"""The way to the broker: what it carries, and the outbox on it."""
