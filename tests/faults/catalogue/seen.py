"""What may rightly be said from a seat that cannot see more."""

GONE = frozenset({"node.offline", "node.silent", "node.unknown"})
"""At the server: why a node does not come cannot be known there."""
NOT_SEEN = frozenset({"ok"})
"""On the Pi: its own part works, and the broken one is out of its sight."""
WAITING = frozenset({"ok", "outbox.waiting"})
"""On the Pi, where nothing is stored: that something waits may be known there already."""
