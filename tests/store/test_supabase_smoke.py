"""The way of one defect through a project, over the wire alone, cleaned up afterwards.

It runs on the local server, and on a hosted project where SUPABASE_URL and SUPABASE_SECRET_KEY name one.
"""

import os
from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest

from glassline.store import DefectFilter, ReviewConflictError, every_defect
from glassline.store.supabase import SupabaseStore
from tests.store.samples import detection_item, evidence_item, make_detection, make_evidence

KEYS = {"hosted": ("SUPABASE_URL", "SUPABASE_SECRET_KEY")}
PROJECTS = ["local", *(name for name, keys in KEYS.items() if all(map(os.environ.get, keys)))]
PICTURE_BYTES = 100_000


@pytest.fixture(params=PROJECTS)
def project(request: pytest.FixtureRequest) -> tuple[str, str]:
    """(url, secret key)."""
    if request.param == "local":
        server = request.getfixturevalue("local_supabase")
        return server.url, server.secret_key
    url, key = KEYS[request.param]
    return os.environ[url], os.environ[key]


@pytest.fixture
def device_id(project: tuple[str, str]) -> Iterator[str]:
    """A device whose defects and pictures go again."""
    name = f"smoke-{uuid4().hex[:12]}"
    yield name
    url, key = project
    headers = {"apikey": key} if key.startswith("sb_") else {"apikey": key, "Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=url, headers=headers, timeout=30) as client:
        asked = {"device_id": f"eq.{name}", "select": "image_path"}
        paths = [row["image_path"] for row in client.get("/rest/v1/defects", params=asked).raise_for_status().json()]
        client.request("DELETE", "/storage/v1/object/defect-images", json={"prefixes": [p for p in paths if p]})
        for table in ("defects", "glassline_devices"):
            client.delete(f"/rest/v1/{table}", params={"device_id": f"eq.{name}"}).raise_for_status()


def test_a_defect_is_stored_shown_reviewed_and_found_again(project: tuple[str, str], device_id: str) -> None:
    url, key = project
    event_id = make_detection().event_id
    jpeg = make_evidence(event_id, size_bytes=PICTURE_BYTES)
    with SupabaseStore(url, key) as store:
        assert store.check() is None
        store.remember(device_id, role="node", status="online")
        items = [
            detection_item(make_detection(event_id, image=jpeg), device_id),
            evidence_item(event_id, jpeg, 0, device_id),
        ]
        for _ in range(2):  # sent again it is the same
            [outcome] = store.apply(items)
            assert (outcome.row, outcome.image, outcome.error) == ("stored", "stored", None)
        mine = DefectFilter(device_ids=(device_id,))
        assert [defect.event_id for defect in every_defect(store, mine)] == [event_id]
        assert store.evidence(event_id) == jpeg
        link = store.evidence_link(event_id, valid_s=60)
        assert link is not None
        assert httpx.get(link, timeout=30).content == jpeg, "without any key"
        assert httpx.get(link[:-4], timeout=30).status_code >= 400
        reviewed = store.review(event_id, status="reviewed", note="smoke 100%", by="ada", version=0)
        with pytest.raises(ReviewConflictError, match="ada"):
            store.review(event_id, status="resolved", note=None, by="bob", version=reviewed.version - 1)
        assert store.counts(DefectFilter(device_ids=(device_id,), text="100%")) == {
            "pending": 0, "reviewed": 1, "resolved": 0,
        }  # fmt: skip
        assert device_id in {device.device_id for device in store.devices()}
