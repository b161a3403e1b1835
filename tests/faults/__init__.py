"""Injected faults on a real line of two machines, and what the doctor and the page say of each."""
