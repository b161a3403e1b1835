"""The opaque cursor of a page: where in the order (detected_at, event_id) it ended."""

import base64
import binascii
import json

WRONG = "this is no cursor of a page of defects: begin again without one"


def encode(detected_at: str, event_id: str) -> str:
    """A cursor that stands behind the defect with this RFC 3339 time and id."""
    return base64.urlsafe_b64encode(json.dumps([detected_at, event_id]).encode()).decode().rstrip("=")


def decode(cursor: str) -> tuple[str, str]:
    """The (detected_at, event_id) behind which a page begins; ValueError if `cursor` is none of ours."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        found = json.loads(base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError):
        raise ValueError(WRONG) from None
    match found:
        case [str(detected_at), str(event_id)]:
            return detected_at, event_id
    raise ValueError(WRONG)
