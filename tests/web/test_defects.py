"""Defects through the API: filters, choices, reviews of many, figures."""

from typing import Any

import pytest

from glassline.contract import new_event_id
from glassline.store import open_store
from tests.store.samples import START, detection_item, make_detection
from tests.support.waiting import until

from .clients import Page
from .defects import review, stored
from .processes import Web
from .publishers import BridgeLike, NodeLike


def test_names_of_a_query_may_be_given_again_and_any_value_will_do(
    web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    chip, crack, stain = (stored(node, bridge, label=label) for label in ("chip", "crack", "stain"))
    review(web, crack, status="resolved", note="Kratzer", false_alarm="dirt")
    review(web, stain)

    def listed(**query: Any) -> set[str]:
        answer = web.get("/api/defects", device=[node.id, "pi-none"], **query)
        assert sum(answer["counts"].values()) >= len(answer["defects"])
        return {defect["event_id"] for defect in answer["defects"]}

    assert listed() == {chip, crack, stain}
    assert listed(label=["chip", "crack"]) == {chip, crack}
    assert listed(status=["pending", "reviewed"]) == {chip, stain}
    assert listed(false_alarm="true") == {crack}
    assert listed(false_alarm="false", label="chip") == {chip}
    assert listed(text="kratz") == {crack}
    assert listed(score_min=0.99) == set()
    counts = web.get("/api/defects", device=node.id, status="resolved")["counts"]
    assert counts == {"pending": 1, "reviewed": 1, "resolved": 1}, "of the filter without its status"


@pytest.mark.parametrize(
    "query",
    [
        "score_min=2", "score_min=nan", "false_alarm=maybe", "label=", "device=pi-1&device=../x", "text=a&text=b",
        "&".join(["label=x"] * 101),
    ],
)  # fmt: skip
def test_a_wrong_filter_is_refused_in_words(web: Web, bridge: BridgeLike, query: str) -> None:
    for path in ("/api/defects", "/api/defects/export"):
        answer = web.http.get(f"{path}?{query}")
        assert answer.status_code == 400
        assert answer.json()["error"]["message"]


def test_choices_are_what_was_found_and_why_it_may_be_none(web: Web, node: NodeLike, bridge: BridgeLike) -> None:
    stored(node, bridge, label="bubble")
    choices = web.get("/api/defects/choices")
    assert node.id in choices["devices"]
    assert "bubble" in choices["labels"]
    assert choices["reasons"] == ["reflection", "dirt", "water", "edge", "duplicate", "other"]


def test_a_false_alarm_is_said_kept_and_taken_away_and_history_tells_it(
    web: Web, node: NodeLike, bridge: BridgeLike
) -> None:
    event_id = stored(node, bridge)
    assert review(web, event_id, false_alarm="water", note="wet")["false_alarm"] == "water"
    assert review(web, event_id, 1, status="resolved")["false_alarm"] == "water"
    assert review(web, event_id, 2, false_alarm=None)["false_alarm"] is None
    wrong = {"status": "reviewed", "version": 3, "false_alarm": "ghost"}
    assert web.http.post(f"/api/defects/{event_id}/review", json=wrong).status_code == 400
    steps = web.get(f"/api/defects/{event_id}/history")["steps"]
    told = [(s["from_status"], s["to_status"], s["note"], s["false_alarm"], s["version"]) for s in steps]
    assert told == [
        ("pending", "reviewed", "wet", "water", 1),
        ("reviewed", "resolved", "wet", "water", 2),
        ("resolved", "reviewed", "wet", None, 3),
    ]
    assert steps[0]["by"] == "web-1"
    assert web.http.get(f"/api/defects/{new_event_id()}/history").status_code == 404
    assert web.get(f"/api/defects/{stored(node, bridge)}/history") == {"steps": []}


def test_many_are_reviewed_at_once_pushed_as_one_and_told_to_other_webs(
    web: Web, node: NodeLike, bridge: BridgeLike, folder, broker, store_url: str
) -> None:  # type: ignore[no-untyped-def]
    ids = [stored(node, bridge) for _ in range(45)]
    review(web, ids[0], status="resolved")
    strange = new_event_id()
    said = [{"event_id": id, "version": 0, "status": "reviewed", "false_alarm": "edge"} for id in [*ids, strange]]
    with Web(folder, broker=broker.address, store=store_url, id="web-2") as second:
        until(lambda: second.get("/health")["broker"]["connected"])
        with Page(web) as here, Page(second) as there:
            until(lambda: here.events and there.events)
            answer = web.http.post("/api/defects/reviews", json={"reviews": said})
            assert answer.status_code == 200, answer.text
            results = answer.json()["results"]
            assert [one["event_id"] for one in results] == [*ids, strange]
            assert [one["outcome"] for one in results] == ["conflict", *["done"] * 44, "unknown"]
            assert results[0]["defect"]["status"] == "resolved"
            assert results[-1]["defect"] is None

            def told() -> list[str]:
                return [defect["event_id"] for event in here.of("reviews") for defect in event["defects"]]

            until(lambda: told() == ids[1:])
            assert len(here.of("reviews")) == 3
            until(lambda: {e["defect"]["event_id"] for e in there.of("defect")} == set(ids[1:]))
            assert {e["defect"]["false_alarm"] for e in there.of("defect")} == {"edge"}


@pytest.mark.parametrize(
    "reviews",
    [
        [], [{"event_id": "17", "version": 0, "status": "reviewed"}], [{"version": 0, "status": "reviewed"}],
        [{"event_id": "0" * 8 + "-0000-0000-0000-" + "0" * 12, "version": 2**31, "status": "reviewed"}],
        [{"event_id": "0" * 8 + "-0000-0000-0000-" + "0" * 12, "version": 0, "status": "reviewed"}] * 201, "all",
    ],
)  # fmt: skip
def test_wrong_reviews_of_many_are_refused(web: Web, bridge: BridgeLike, reviews: object) -> None:
    assert web.http.post("/api/defects/reviews", json={"reviews": reviews}).status_code == 400


def test_figures_are_those_of_the_zone(web: Web, node: NodeLike, bridge: BridgeLike, store_url: str) -> None:
    with open_store(store_url) as store:
        store.apply([detection_item(make_detection(label="chip"), node.id)])
    span = {"since": "2026-01-31T00:00:00Z", "until": "2026-02-01T00:00:00Z", "device": node.id}
    told = web.get("/api/figures", zone="Asia/Kathmandu", **span)
    assert told["counts"] == [{"at": "2026-01-30T18:15:00.000Z", "device_id": node.id, "label": "chip", "count": 1}]
    assert (told["statuses"], told["false_alarms"]) == ({"pending": 1, "reviewed": 0, "resolved": 0}, 0)
    assert told["false_alarms_by_label"] == {}
    assert told["backlog"] == {"pending": 1, "oldest_at": START.isoformat(timespec="milliseconds")[:23] + "Z"}
    hourly = web.get("/api/figures", bucket="hour", **span)
    assert [one["at"] for one in hourly["counts"]] == ["2026-01-31T12:00:00.000Z"]
    assert (hourly["bucket"], hourly["zone"], hourly["since"]) == ("hour", "UTC", "2026-01-31T00:00:00.000Z")


@pytest.mark.parametrize(
    "query",
    [
        "", "since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z", "since=2026-01-01T00:00:00Z&zone=Mars/North",
        "since=2026-01-01T00:00:00Z&zone=../../etc/passwd", "since=2026-01-01T00:00:00Z&zone=America",
        "since=2024-01-01T00:00:00Z&until=2025-01-01T00:00:00Z&bucket=hour", "since=1970-01-01T00:00:00Z",
        "since=2026-01-01T00:00:00Z&bucket=week",
    ],
)  # fmt: skip
def test_figures_of_no_time_are_refused_in_words(web: Web, bridge: BridgeLike, query: str) -> None:
    answer = web.http.get(f"/api/figures?{query}")
    assert answer.status_code == 400
    assert answer.json()["error"]["message"]
