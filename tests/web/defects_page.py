"""The page of defects as tests use it: what is stored for it, and how it is opened."""

import time
from datetime import timedelta
from typing import Any

from playwright.sync_api import Locator, Page, expect

from glassline.contract import from_unix

from .processes import Web
from .publishers import BridgeLike, NodeLike


def store(node: NodeLike, bridge: BridgeLike, *, ago_s: float = 0, picture: bool = True, **more: Any) -> str:
    """A defect that was found so long ago, stored without anybody being told; its id."""
    if ago_s:
        at = from_unix(time.time()) - timedelta(seconds=ago_s)
        more |= dict.fromkeys(("first_at", "last_at", "frame_at", "confirmed_at"), at)
    detection = node.detection(**more)
    bridge.commit(node.id, detection, node.evidence_of(detection.event_id) if picture else None)
    return detection.event_id


def find(node: NodeLike, bridge: BridgeLike, **more: Any) -> str:
    """A defect found now: told, stored and receipted as a node and a bridge do; its id."""
    detection = node.detection(**more)
    bridge.commit(node.id, detection, node.evidence_of(detection.event_id))
    node.publish_detection(detection)
    bridge.receipt(node.id, detection)
    return detection.event_id


def store_several(node: NodeLike, bridge: BridgeLike, count: int, **more: Any) -> list[str]:
    """So many, a minute apart, newest first."""
    return [store(node, bridge, ago_s=60 * (number + 1), **more) for number in range(count)]


def open_page(page: Page, web: Web, node: NodeLike, query: str = "", *, id: str = "") -> None:
    """The list of this node's defects alone, read."""
    page.goto(f"{web.url}/defects{'/' + id if id else ''}?device={node.id}{query}")
    expect(page.locator(".listing")).to_have_attribute("aria-busy", "false")


def rows(page: Page) -> Locator:
    """What is in the list, on the screen."""
    return page.locator(".row")


def row(page: Page, id: str) -> Locator:
    return page.locator(f'.row[data-id="{id}"]')


def note(page: Page) -> Locator:
    """Where the note of the defect that is open is written."""
    return page.get_by_role("textbox", name="Note", exact=True)


def shown_ids(page: Page) -> list[str]:
    """From top to bottom, as a person sees them."""
    found = page.evaluate(
        "() => [...document.querySelectorAll('.row')].map((row) => [row.getBoundingClientRect().top, row.dataset.id])"
    )
    return [id for _, id in sorted(found)]


def review(web: Web, id: str, version: int = 0, **said: Any) -> dict[str, Any]:
    """Somebody else's review."""
    answer = web.http.post(f"/api/defects/{id}/review", json={"status": "reviewed", "version": version} | said)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def said(web: Web, id: str) -> tuple[str, str | None, str]:
    """What people say of it, as it is stored: status, false alarm, note."""
    defect = web.get(f"/api/defects/{id}")
    return defect["status"], defect["false_alarm"], defect["note"]
