"""WebSocket messages as bytes, framed once for everybody who gets them (RFC 6455, by wsproto's own code)."""

import json
from typing import Any

from wsproto.frame_protocol import CloseReason, FrameProtocol


def frame_message(device_id: str, jpeg: bytes) -> bytes:
    """A live picture: one byte n, n bytes of device id, then the JPEG bytes as the node sent them."""
    name = device_id.encode("ascii")
    return _framed(b"".join((bytes([len(name)]), name, jpeg)))


def event_message(event: dict[str, Any]) -> bytes:
    """An event as a JSON text message."""
    return _framed(json.dumps(event, separators=(",", ":")))


def close_message(code: CloseReason, why: str) -> bytes:
    """The WebSocket's last message."""
    return bytes(FrameProtocol(client=False, extensions=[]).close(code, why))


def _framed(payload: bytes | str) -> bytes:
    return bytes(FrameProtocol(client=False, extensions=[]).send_data(payload))
