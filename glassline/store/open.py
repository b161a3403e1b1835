"""From the address of a store to the store."""

from pathlib import Path

from .base import Store
from .sqlite import SqliteStore


def open_store(url: str) -> Store:
    """The store at `url`, like sqlite:var/glassline.db; ValueError if no store is known there.

    Nothing is touched before its `open`.
    """
    scheme, colon, rest = url.strip().partition(":")
    if not colon or scheme != "sqlite":
        raise ValueError(f"no store is known at {url!r}: expected sqlite:PATH, like sqlite:var/glassline.db")
    if not rest or rest.endswith("/"):
        raise ValueError(f"the store {url!r} names no file: expected sqlite:PATH, like sqlite:var/glassline.db")
    return SqliteStore(Path(rest))
