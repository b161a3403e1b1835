"""WebSocket messages as bytes, framed once for everybody who gets them (RFC 6455, by wsproto's own code)."""

import json
from typing import Any

from wsproto.frame_protocol import FrameProtocol

STALLED = 4008
"""A close code of our own: this viewer took too little for too long. It may come again."""

SIGNED_OUT = 4001
"""Likewise: the session of this viewer has ended. It may come again once somebody has signed in."""


def frame_message(device_id: str, jpeg: bytes) -> bytes:
    """A live picture: one byte n, n bytes of device id, then the JPEG bytes as the node sent them."""
    name = device_id.encode("ascii")
    return _framed(b"".join((bytes([len(name)]), name, jpeg)))


def event_message(event: dict[str, Any]) -> bytes:
    """An event as a JSON text message."""
    return _framed(json.dumps(event, separators=(",", ":")))


def mark_message(number: int) -> bytes:
    """A ping that asks whether everything before it has arrived; its answer brings `number` back."""
    return bytes(FrameProtocol(client=False, extensions=[]).ping(number.to_bytes(4, "big")))


def read_mark(payload: bytes | bytearray) -> int:
    """The number in the answer to a mark; foreign ones give numbers that nobody waits for."""
    return int.from_bytes(payload, "big")


def close_message(code: int, why: str) -> bytes:
    """The WebSocket's last message."""
    return bytes(FrameProtocol(client=False, extensions=[]).close(code, why))


def _framed(payload: bytes | str) -> bytes:
    return bytes(FrameProtocol(client=False, extensions=[]).send_data(payload))
