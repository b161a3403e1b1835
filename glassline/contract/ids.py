"""Identifiers of the contract: device ids, boot ids, event ids."""

import re
import secrets
import time
import uuid

ID_PATTERN = r"^[a-z0-9][a-z0-9-]{0,31}$"
BROKER_ID = "broker"
"""Whose topics are the embedded broker's own; no account may be called so."""
BOOT_PATTERN = r"^[0-9a-f]{8}$"

_ID = re.compile(ID_PATTERN + r"\Z")


def is_id(text: str) -> bool:
    """Whether `text` may name a device or program: lower case letters, digits and `-`, at most 32."""
    return _ID.match(text) is not None


def check_id(text: str) -> str:
    """Return `text` if it is an id; raise ValueError that says what an id looks like."""
    if not is_id(text):
        raise ValueError(
            f"expected an id of 1-32 lower case letters, digits or '-' that starts with a letter or digit "
            f"(like pi-1), got {text!r}"
        )
    return text


def new_boot() -> str:
    """A fresh boot id, 8 hex digits: one per process, so that a restart can be told from a repeat."""
    return secrets.token_hex(4)


def new_event_id(unix_s: float | None = None) -> str:
    """A UUIDv7 (RFC 9562, section 5.7): its first 48 bits are Unix milliseconds, the rest is random."""
    unix_ms = int((time.time() if unix_s is None else unix_s) * 1000) & ((1 << 48) - 1)
    value = (unix_ms << 80) | (0x7 << 76) | (secrets.randbits(12) << 64) | (0b10 << 62) | secrets.randbits(62)
    return str(uuid.UUID(int=value))
