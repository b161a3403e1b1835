"""What was heard of a program, as observations of its hops."""

import time
from typing import Any, Literal

import pytest

from glassline.contract import Reason, from_unix
from glassline.contract.messages import (
    CameraInfo,
    ConfigInfo,
    Health,
    Info,
    LiveHealth,
    ModelFetch,
    OutboxHealth,
    StoreHealth,
    TakenBack,
)
from glassline.diagnosis import (
    Hop,
    Observation,
    ProgramSeen,
    diagnose,
    observe_link,
    observe_web,
)
from glassline.diagnosis import observe_bridge as observe_bridge_seen
from glassline.diagnosis import observe_device as observe_device_seen

Status = Literal["online", "offline"]
NOW = from_unix(1_800_000_000)


def health(state: Literal["ok", "degraded", "failed"] = "ok", *reasons: str, **keys: Any) -> Health:
    return Health(ts=NOW, boot="00000000", state=state, reasons=list(reasons), uptime_s=60, **keys)


def observe_device(**seen: Any) -> list[Observation]:
    return observe_device_seen(ProgramSeen(**seen))


def observe_bridge(**seen: Any) -> list[Observation]:
    return observe_bridge_seen(ProgramSeen(**seen))


def of(hop: Hop, observations: list[Observation]) -> list[tuple[str, Reason | None]]:
    return [(one.state, one.code) for one in observations if one.hop is hop]


def test_a_node_that_speaks_is_well_and_so_is_its_camera() -> None:
    seen = observe_device(
        id="pi-1",
        status="online",
        health=health(last_frame_age_s=0.1, last_detect_age_s=0.3),
        health_age_s=3.0,
        frame_age_s=0.2,
    )
    assert of(Hop.NODE, seen) == [("ok", None)]
    assert of(Hop.CAMERA, seen) == [("ok", None)]
    assert {one.hop: one.age_s for one in seen} == {Hop.CAMERA: 0.2, Hop.DETECTOR: 3.3, Hop.NODE: 0.2}


@pytest.mark.parametrize("health_age_s", [0.1, 14.9, 15.1, 1000])
def test_status_offline_is_offline_however_fresh_its_health(health_age_s: float) -> None:
    seen = observe_device(id="pi-1", status="offline", health=health(), health_age_s=health_age_s)
    assert of(Hop.NODE, seen) == [("failed", Reason.NODE_OFFLINE)]


@pytest.mark.parametrize(("health_age_s", "expected"), [(14.9, ("ok", None)), (15.1, ("failed", Reason.NODE_SILENT))])
def test_fifteen_seconds_without_health_are_offline_whatever_the_status_says(
    health_age_s: float, expected: tuple[str, Reason | None]
) -> None:
    seen = observe_device(
        id="pi-1", status="online", status_age_s=1.0, health=health(last_frame_age_s=0.1), health_age_s=health_age_s
    )
    assert of(Hop.NODE, seen) == [expected]


@pytest.mark.parametrize("status", ["online", None])
def test_who_has_just_begun_to_listen_accuses_nobody(status: Status | None) -> None:
    seen = observe_device(id="pi-1", status=status, listened_s=2.0)
    assert of(Hop.NODE, seen) == [("unknown", None)]
    assert diagnose(seen).ok


def test_online_but_never_any_health_is_silent_once_listened_long_enough() -> None:
    seen = observe_device(id="pi-1", status="online", listened_s=20.0)
    assert of(Hop.NODE, seen) == [("failed", Reason.NODE_SILENT)]
    assert "20 s" in diagnose(seen).hops[-1].sentence


def test_never_heard_at_all_is_unknown_to_the_broker() -> None:
    seen = observe_device(id="pi-9", status=None, listened_s=20.0)
    assert of(Hop.NODE, seen) == [("failed", Reason.NODE_UNKNOWN)]


def test_a_shorter_patience_can_be_asked_for() -> None:
    seen = observe_device(id="pi-1", status="online", listened_s=11.0, silent_s=11.0)
    assert of(Hop.NODE, seen) == [("failed", Reason.NODE_SILENT)]


@pytest.mark.parametrize(
    ("reason", "hop", "state"),
    [
        ("camera.missing", Hop.CAMERA, "failed"),
        ("detector.stuck", Hop.DETECTOR, "failed"),
        ("power.undervoltage", Hop.NODE, "degraded"),
        ("outbox.full", Hop.NODE, "failed"),
        ("disk.full", Hop.NODE, "failed"),
    ],
)
def test_reported_reasons_go_to_the_hop_they_are_about(reason: str, hop: Hop, state: str) -> None:
    seen = observe_device(
        id="pi-1", status="online", health=health("degraded", reason, last_frame_age_s=0.1), health_age_s=1.0
    )
    assert of(hop, seen) == [(state, Reason(reason))]
    assert diagnose(seen).first_cause is not None


def test_a_complaint_about_the_broker_that_came_through_it_hides_nothing() -> None:
    told = health("degraded", "broker.no_echo", last_frame_age_s=0.1)
    verdict = diagnose(observe_device(id="pi-1", status="online", health=told, health_age_s=1.0))
    assert {one.hop: one.state for one in verdict.hops} == {
        Hop.CAMERA: "ok",
        Hop.DETECTOR: "unknown",
        Hop.NODE: "ok",
        Hop.BROKER: "degraded",
    }


def test_facts_of_info_and_health_reach_the_sentence() -> None:
    info = Info(
        ts=NOW, boot="00000000", role="node", id="pi-1", version="1", started_at=NOW, camera=CameraInfo(uri="usb:0")
    )
    told = health("failed", "camera.no_frames", last_frame_age_s=9.0, outbox=OutboxHealth(depth=12))
    verdict = diagnose(observe_device(id="pi-1", status="online", health=told, health_age_s=3.0, info=info))
    assert verdict.first_cause is not None
    assert verdict.first_cause.sentence == (
        "The camera usb:0 of the node pi-1 is open, but no picture has come from it for 12 s."
    )


def test_what_was_taken_back_and_what_did_not_come_is_said_with_its_reason() -> None:
    back = TakenBack(settings={"image_wh": "1x1", "camera_fps": 5}, why="with it: camera.missing", at=NOW)
    info = Info(
        ts=NOW, boot="00000000", role="node", id="pi-1", version="1", started_at=NOW, config=ConfigInfo(taken_back=back)
    )
    fetch = ModelFetch(sha256="0" * 64, name="best", state="failed", size_bytes=9, why="the web has no such model")
    told = health(
        "degraded", "node.config_taken_back", "node.model_not_fetched", last_frame_age_s=0.1, model_fetch=fetch
    )
    verdict = diagnose(observe_device(id="pi-1", status="online", health=told, health_age_s=1.0, info=info))
    sentences = " ".join(one.sentence for one in (verdict.first_cause, *verdict.also) if one is not None)
    assert "image_wh = 1x1, camera_fps = 5; with it: camera.missing." in sentences
    assert "The model best did not come to pi-1" in sentences
    assert "the web has no such model." in sentences


def test_a_camera_whose_picture_is_old_is_named_though_the_node_does_not_complain() -> None:
    seen = observe_device(id="pi-1", status="online", health=health(last_frame_age_s=8.0), health_age_s=1.0)
    assert of(Hop.CAMERA, seen) == [("failed", Reason.CAMERA_NO_FRAMES)]


def test_unknown_reasons_and_wordless_failures_are_faults_too() -> None:
    unknown = observe_device(id="pi-1", status="online", health=health("degraded", "lens.dirty"), health_age_s=1.0)
    assert of(Hop.NODE, unknown) == [("degraded", None)]
    wordless = observe_device(id="pi-1", status="online", health=health("failed"), health_age_s=1.0)
    assert of(Hop.NODE, wordless) == [("failed", None)]


@pytest.mark.parametrize(
    ("store", "reasons", "expected"),
    [
        (StoreHealth(kind="sqlite", ok=True), (), ("ok", None)),
        (StoreHealth(kind="sqlite", ok=False, error="disk I/O error"), (), ("failed", Reason.STORE_DOWN)),
        (StoreHealth(kind="sqlite", ok=False), ("store.read_only",), ("failed", Reason.STORE_READ_ONLY)),
        (StoreHealth(kind="sqlite", ok=False), (), ("unknown", None)),
        (None, (), ("unknown", None)),
    ],
)
def test_store_is_seen_through_the_bridges_health(
    store: StoreHealth | None, reasons: tuple[str, ...], expected: tuple[str, Reason | None]
) -> None:
    state: Literal["ok", "failed"] = "failed" if expected[0] == "failed" else "ok"
    told = health(state, *reasons, store=store)
    seen = observe_bridge(id="bridge-1", status="online", health=told, health_age_s=1.0)
    assert of(Hop.STORE, seen) == [expected]
    assert of(Hop.BRIDGE, seen) == [("ok", None)]


@pytest.mark.parametrize("status", ["offline", None])
def test_no_bridge_is_named_and_the_store_behind_it_unknown(status: Status | None) -> None:
    verdict = diagnose(observe_bridge(id="bridge-1", status=status, listened_s=20))
    assert [(one.hop, one.state) for one in verdict.hops] == [(Hop.BRIDGE, "failed"), (Hop.STORE, "unknown")]
    assert verdict.first_cause is not None
    assert verdict.first_cause.code is Reason.BRIDGE_OFFLINE


def test_link_down_is_the_broker_with_the_links_own_reason() -> None:
    assert observe_link(connected=True, age_s=0.3).state == "ok"
    assert observe_link(connected=False, code=Reason.BROKER_REFUSED).code is Reason.BROKER_REFUSED
    assert observe_link(connected=False).code is Reason.BROKER_LOST


@pytest.mark.parametrize(
    ("watched_s", "frame_age_s", "code"),
    [
        (None, None, None),
        (None, 100.0, None),
        (2.0, None, None),
        (60.0, 0.1, None),
        (60.0, 8.0, Reason.WEB_NO_FRAMES),
        (6.0, None, Reason.WEB_NO_FRAMES),
    ],
)
def test_web_owes_pictures_only_while_somebody_watches(
    watched_s: float | None, frame_age_s: float | None, code: Reason | None
) -> None:
    assert observe_web(id="pi-1", watched_s=watched_s, frame_age_s=frame_age_s).code is code


@pytest.mark.parametrize(("kbit_s", "told"), [(1939, "1.9 Mbit/s"), (160, "160 kbit/s"), (None, "less than is wanted")])
def test_a_slow_link_is_told_with_what_it_carries_and_how_pictures_are_sent(kbit_s: float | None, told: str) -> None:
    live = LiveHealth(fps=15, quality=60, image_wh=(480, 360), limited_by="link", link_kbit_s=kbit_s)
    report = health("degraded", "link.slow", last_frame_age_s=0.1, live=live)
    verdict = diagnose(observe_device(id="pi-1", status="online", health=report, health_age_s=1.0, frame_age_s=0.2))
    assert verdict.first_cause is not None
    assert (verdict.first_cause.hop, verdict.first_cause.code) == (Hop.NODE, Reason.LINK_SLOW)
    assert verdict.first_cause.sentence.startswith(f"The link of pi-1 carries only {told}")
    assert "quality 60, 480x360, at most 15 a second" in verdict.first_cause.sentence


@pytest.mark.parametrize(
    ("sign", "code"),
    [
        ("twice_age_s", Reason.NODE_TWICE),
        ("other_contract_age_s", Reason.NODE_OTHER_CONTRACT),
        ("denied_age_s", Reason.NODE_DENIED),
        ("turned_away_age_s", Reason.NODE_BAD_CREDENTIALS),
    ],
)
def test_a_sign_that_was_seen_lately_names_why_a_node_does_not_come_through(sign: str, code: Reason) -> None:
    for status in ("offline", "online", None) if code is not Reason.NODE_OTHER_CONTRACT else ("online", None):
        seen = diagnose(observe_device(id="pi-1", status=status, **{sign: 4.0}))
        assert seen.first_cause is not None
        assert (seen.first_cause.code, seen.also) == (code, [])
    past = diagnose(observe_device(id="pi-1", status="offline", **{sign: 31.0}))  # and what was left behind, whenever
    assert past.first_cause is not None
    assert past.first_cause.code is Reason.NODE_OFFLINE


def test_a_wrong_password_of_somebody_else_does_not_accuse_a_node_that_is_there() -> None:
    here = {"status": "online", "health": health(last_frame_age_s=0.1, last_detect_age_s=0.1), "health_age_s": 1.0}
    assert diagnose(observe_device(id="pi-1", turned_away_age_s=0.5, **here)).ok


@pytest.mark.parametrize(("offset_s", "named"), [(29.0, False), (-31.0, True), (3600.0, True)])
def test_clocks_that_differ_by_more_than_half_a_minute_are_named_and_nothing_is_hidden_by_it(
    offset_s: float, named: bool
) -> None:
    told = health(last_frame_age_s=0.1, last_detect_age_s=0.1)
    verdict = diagnose(
        observe_device(
            id="pi-1", status="online", health=told, health_age_s=1.0, clock_offset_s=offset_s, observer="srv"
        )
    )
    assert (verdict.first_cause is not None) == named
    if verdict.first_cause is not None:
        assert verdict.first_cause.code is Reason.NODE_CLOCK_WRONG
        assert "The clocks of pi-1 and of srv differ by" in verdict.first_cause.sentence
    assert [one.state for one in verdict.hops if one.hop is Hop.CAMERA] == ["ok"]


def test_a_node_that_is_asked_and_does_not_hear_it_is_named_after_a_while() -> None:
    told = health(last_frame_age_s=0.1, last_detect_age_s=0.1, viewers=0)
    for unasked_s, named in ((11.0, False), (13.0, True)):
        seen = observe_device(id="pi-1", status="online", health=told, health_age_s=1.0, unasked_s=unasked_s)
        assert (of(Hop.NODE, seen)[-1] == ("failed", Reason.NODE_NOT_ASKED)) == named


def test_a_model_that_is_missing_is_named_as_the_settings_do() -> None:
    info = Info(
        ts=NOW, boot="00000000", role="node", id="pi-1", version="1", started_at=NOW, settings={"model": "best.onnx"}
    )
    told = health("degraded", "detector.model_missing", last_frame_age_s=0.1)
    verdict = diagnose(observe_device(id="pi-1", status="online", health=told, health_age_s=1.0, info=info))
    assert verdict.first_cause is not None
    assert "has no model best.onnx," in verdict.first_cause.sentence


def test_a_bridge_with_a_wrong_password_is_named() -> None:
    seen = observe_bridge(id="bridge-1", status="offline", turned_away_age_s=3.0)
    assert of(Hop.BRIDGE, seen) == [("failed", Reason.BRIDGE_BAD_CREDENTIALS)]


def test_ten_thousand_reasons_take_no_time() -> None:
    reasons = [f"lens.{number}" for number in range(5000)] + ["outbox.full"] * 5000
    began_s = time.monotonic()
    verdict = diagnose(observe_device(id="pi-1", status="online", health=health("failed", *reasons), health_age_s=1.0))
    assert time.monotonic() - began_s < 0.2
    assert not verdict.ok
