"""Who sees and does what in a Supabase project, asked as they would: over HTTP with their own keys."""

from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest

from glassline.store import Heard, Store
from tests.store.inside import SupabaseInside
from tests.store.samples import START, detection_item, evidence_item, make_detection, make_evidence
from workbench.supabase import LocalSupabase

TABLES = [
    "defects",
    "defect_reviews",
    "glassline_devices",
    "glassline_orphans",
    "glassline_dead_letters",
    "glassline_people",
    "glassline_presence",
    "glassline_defects_by_hour",
    "glassline_defects_by_day",
    "glassline_backlog",
]


FUNCTIONS: dict[str, dict[str, object]] = {
    "glassline_apply": {"items": []},
    "glassline_who_may_sign_in": {},
    "glassline_set_role": {"person": "00000000-0000-0000-0000-000000000000", "new_role": "admin"},
    "glassline_apply_detection": {"item": {}},
    "glassline_keep_dead": {"item": {}},
    "glassline_remember": {"device": "x", "new_role": None, "new_status": None, "new_info": None, "seen": True},
    "glassline_expire_orphans": {},
    "glassline_prune": {
        "evidence_before": None, "evidence_bytes": None, "rows_before": None, "at_most": 1, "dry": True,
    },
    "glassline_strays": {"folder": "detections/00"},
    "glassline_probe": {},
    "glassline_problems": {},
    "glassline_schema_version": {},
    "glassline_page": {"asked": {}, "after_at": None, "after_id": None, "at_most": 1, "skipped": 0},
    "glassline_waiting": {"asked": {}},
    "glassline_tallies": {"asked": {}, "starts": []},
    "glassline_choices": {},
    "glassline_attend": {"heard": []},
    "glassline_heard": {"since": "2026-01-01", "until": "2027-01-01"},
}  # fmt: skip


@pytest.fixture
def inside(local_supabase: LocalSupabase) -> Iterator[SupabaseInside]:
    place = SupabaseInside(local_supabase)
    yield place
    place.close()


@pytest.fixture
def event_id(store: Store) -> str:
    """A defect with its picture, a review, a device and a dead letter beside it."""
    detection = make_detection()
    jpeg = make_evidence(detection.event_id)
    store.apply(
        [detection_item(make_detection(detection.event_id, image=jpeg)), evidence_item(detection.event_id, jpeg)]
    )
    store.apply([evidence_item(detection.event_id, make_evidence(detection.event_id, content=b"other"))])
    store.review(detection.event_id, status="reviewed", note=None, by="ada", version=0)
    store.remember("pi-1", role="node")
    store.attend([Heard(device_id="pi-1", heard_by="bridge-1", began_at=START, last_at=START)])
    return detection.event_id


class Person:
    """Somebody with the published key, signed in or not."""

    def __init__(self, server: LocalSupabase, *, signed_in: bool) -> None:
        self._http = httpx.Client(base_url=server.url, headers={"apikey": server.anon_key}, timeout=30)
        self.user_id = ""
        if signed_in:
            who = {"email": f"{uuid4()}@example.org", "password": str(uuid4())}
            session = self._http.post("/auth/v1/signup", json=who).raise_for_status().json()
            self.user_id, self.email = session["user"]["id"], who["email"]
            self._http.headers["Authorization"] = f"Bearer {session['access_token']}"

    def rows(self, table: str) -> list[object]:
        """What of a table is seen; being refused is seeing nothing."""
        found = self._http.get(f"/rest/v1/{table}")
        return found.json() if found.status_code == 200 else []

    def call(self, function: str, **arguments: object) -> httpx.Response:
        return self._http.post(f"/rest/v1/rpc/{function}", json=arguments)

    def review(self, event_id: str) -> httpx.Response:
        said = {"event": event_id, "new_status": "resolved", "note": "mine", "reviewer": "somebody", "seen_version": 1}
        return self.call("glassline_review", **said)

    def write(self, method: str, event_id: str) -> httpx.Response:
        row = {"defect_type": "chip", "detected_at": "2026-01-01T00:00:00Z", "status": "resolved"}
        where = {} if method == "POST" else {"id": f"eq.{event_id}"}
        return self._http.request(method, "/rest/v1/defects", params=where, json=None if method == "DELETE" else row)

    def pictures(self) -> list[object]:
        found = self._http.post("/storage/v1/object/list/defect-images", json={"prefix": "", "limit": 100, "offset": 0})
        return found.json() if found.status_code == 200 else []

    def picture(self, path: str) -> httpx.Response:
        return self._http.get(f"/storage/v1/object/authenticated/defect-images/{path}")


def give_role(inside: SupabaseInside, person: Person, role: str) -> None:
    inside.insert("glassline_people", {"user_id": person.user_id, "role": role})


@pytest.mark.parametrize("signed_in", [False, True], ids=["anon", "signed in without a role"])
def test_whoever_has_no_role_reads_no_row_and_no_picture(
    inside: SupabaseInside, store: Store, event_id: str, signed_in: bool
) -> None:
    person = Person(inside.server, signed_in=signed_in)
    assert {table: person.rows(table) for table in TABLES} == {table: [] for table in TABLES}
    assert person.pictures() == []
    [name] = inside.paths()
    assert person.picture(name).status_code in (400, 401, 403, 404)
    assert httpx.get(f"{inside.server.url}/storage/v1/object/public/defect-images/{name}").status_code >= 400


@pytest.mark.parametrize("role", [None, "viewer", "reviewer", "admin"])
def test_rows_are_written_by_the_bridge_alone(
    inside: SupabaseInside, store: Store, event_id: str, role: str | None
) -> None:
    person = Person(inside.server, signed_in=role is not None)
    if role:
        give_role(inside, person, role)
    before = store.defect(event_id)
    for method in ("POST", "PATCH", "DELETE"):
        person.write(method, event_id)
    for function, arguments in FUNCTIONS.items():
        assert person.call(function, **arguments).status_code in (401, 403, 404), function
    assert store.defect(event_id) == before
    assert len(inside.rows("defects")) == 1


def test_a_viewer_reads_and_cannot_review(inside: SupabaseInside, store: Store, event_id: str) -> None:
    viewer = Person(inside.server, signed_in=True)
    give_role(inside, viewer, "viewer")
    assert len(viewer.rows("defects")) == 1
    assert viewer.rows("glassline_people") == []
    [day] = viewer.rows("glassline_defects_by_day")
    assert day == {
        "day": "2026-01-31T00:00:00+00:00",
        "device_id": "pi-1",
        "defect_type": "scratch",
        "status": "reviewed",
        "defects": 1,
    }
    assert viewer.rows("glassline_backlog") == []
    assert viewer.review(event_id).status_code in (400, 401, 403)
    defect = store.defect(event_id)
    assert defect is not None
    assert (defect.status, defect.version) == ("reviewed", 1)


@pytest.mark.parametrize("role", ["reviewer", "admin"])
def test_reviewers_review_in_their_own_name(inside: SupabaseInside, store: Store, event_id: str, role: str) -> None:
    person = Person(inside.server, signed_in=True)
    give_role(inside, person, role)
    said = person.review(event_id)
    assert (said.status_code, said.json().get("outcome")) == (200, "done"), said.text
    defect = store.defect(event_id)
    assert defect is not None
    assert (defect.status, defect.note, defect.reviewed_by) == ("resolved", "mine", person.email)
    assert person.review(event_id).json()["outcome"] == "conflict"


def test_a_bucket_that_somebody_opened_is_said_with_the_remedy(inside: SupabaseInside, store: Store) -> None:
    inside.set_bucket_public(True)
    try:
        sentence = store.check()
        assert sentence is not None
        assert "bucket defect-images is public" in sentence
        assert "glassline store migrate" in sentence
    finally:
        inside.set_bucket_public(False)
    assert store.check() is None
