"""The embedded store: one SQLite file, and a folder of pictures beside it. Bridge and web open it on the same host."""

from .store import SqliteStore

__all__ = ["SqliteStore"]
