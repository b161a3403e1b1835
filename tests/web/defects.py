"""Defects stored and reviewed as a bridge and a page do it."""

from typing import Any

from .processes import Web
from .publishers import BridgeLike, NodeLike


def stored(node: NodeLike, bridge: BridgeLike, **more: Any) -> str:
    """The event id of a defect that is in the store; `more` are fields of its detection."""
    detection = node.detection(**more)
    bridge.commit(node.id, detection)
    return detection.event_id


def review(web: Web, event_id: str, version: int = 0, **said: Any) -> dict[str, Any]:
    """The defect after a review that says `said`."""
    answer = web.http.post(f"/api/defects/{event_id}/review", json={"status": "reviewed", "version": version} | said)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())
