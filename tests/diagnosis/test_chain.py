"""Observations in, first cause out."""

import itertools

import pytest

from glassline.contract import Reason
from glassline.diagnosis import Hop, Observation, diagnose

WELL = [Observation(hop=hop, state="ok", age_s=0.5) for hop in Hop]


def failing(*codes: tuple[Hop, Reason]) -> list[Observation]:
    """The whole chain well, but for these."""
    broken = {hop for hop, _ in codes}
    faults = [Observation(hop=hop, state="failed", age_s=3.0, code=code) for hop, code in codes]
    return [one for one in WELL if one.hop not in broken] + faults


def states(observations: list[Observation]) -> dict[str, str]:
    return {one.hop.value: one.state for one in diagnose(observations).hops}


def test_healthy_chain_has_no_cause_and_all_hops_in_order() -> None:
    verdict = diagnose(reversed(WELL))
    assert verdict.ok
    assert verdict.first_cause is None
    assert verdict.also == []
    assert [one.hop for one in verdict.hops] == list(Hop)
    assert all(one.sentence and not one.remedy for one in verdict.hops)


@pytest.mark.parametrize(
    ("hop", "code", "unknown"),
    [
        (Hop.CAMERA, Reason.CAMERA_MISSING, set()),
        (Hop.NODE, Reason.NODE_OFFLINE, {"camera", "detector"}),
        (Hop.NODE, Reason.NODE_SILENT, {"camera", "detector"}),
        (Hop.NODE, Reason.OUTBOX_FULL, set()),
        (Hop.DETECTOR, Reason.DETECTOR_MODEL_MISSING, set()),
        (Hop.BROKER, Reason.BROKER_ADDRESS_UNSET, {"camera", "detector", "node", "bridge", "store"}),
        (Hop.BROKER, Reason.BROKER_LOCALHOST, {"camera", "detector", "node", "bridge", "store"}),
        (Hop.BROKER, Reason.BROKER_REFUSED, {"camera", "detector", "node", "bridge", "store"}),
        (Hop.BROKER, Reason.BROKER_BAD_CREDENTIALS, {"camera", "detector", "node", "bridge", "store"}),
        (Hop.BRIDGE, Reason.BRIDGE_OFFLINE, {"store"}),
        (Hop.STORE, Reason.STORE_DOWN, set()),
        (Hop.WEB, Reason.WEB_DOWN, {"you"}),
        (Hop.WEB, Reason.WEB_NO_FRAMES, set()),
        (Hop.YOU, Reason.YOU_STALLED, set()),
    ],
)
def test_a_fault_is_named_and_what_lies_behind_it_is_unknown(hop: Hop, code: Reason, unknown: set[str]) -> None:
    verdict = diagnose(failing((hop, code)))
    assert verdict.first_cause is not None
    assert (verdict.first_cause.hop, verdict.first_cause.code) == (hop, code)
    assert verdict.first_cause.remedy
    assert verdict.also == []
    assert {one.hop.value for one in verdict.hops if one.state == "unknown"} == unknown


def test_dead_broker_hides_node_and_bridge_instead_of_declaring_them_dead() -> None:
    verdict = diagnose(
        failing(
            (Hop.NODE, Reason.NODE_SILENT), (Hop.BROKER, Reason.BROKER_REFUSED), (Hop.BRIDGE, Reason.BRIDGE_OFFLINE)
        )
    )
    assert verdict.first_cause is not None
    assert verdict.first_cause.code is Reason.BROKER_REFUSED
    assert verdict.also == []
    node = next(one for one in verdict.hops if one.hop is Hop.NODE)
    assert (node.state, node.code, node.explained_by) == ("unknown", None, Hop.BROKER)
    assert node.sentence == "Cannot be seen while the broker cannot be reached."


def test_what_was_seen_at_first_hand_is_believed_though_another_hop_is_cut() -> None:
    camera = Observation(hop=Hop.CAMERA, state="failed", code=Reason.CAMERA_MISSING, via=())
    broker = Observation(hop=Hop.BROKER, state="failed", code=Reason.BROKER_TIMEOUT)
    verdict = diagnose([camera, broker])
    assert [one.code for one in (verdict.first_cause, *verdict.also) if one] == [
        Reason.CAMERA_MISSING,
        Reason.BROKER_TIMEOUT,
    ]


@pytest.mark.parametrize(
    ("effect", "cause"),
    [
        ((Hop.WEB, Reason.WEB_NO_FRAMES), (Hop.NODE, Reason.NODE_OFFLINE)),
        ((Hop.WEB, Reason.WEB_NO_FRAMES), (Hop.CAMERA, Reason.CAMERA_NO_FRAMES)),
        ((Hop.WEB, Reason.WEB_NO_FRAMES), (Hop.BROKER, Reason.BROKER_REFUSED)),
        ((Hop.YOU, Reason.YOU_STALLED), (Hop.NODE, Reason.NODE_SILENT)),
        ((Hop.YOU, Reason.YOU_STALLED), (Hop.WEB, Reason.WEB_NO_FRAMES)),
        ((Hop.NODE, Reason.OUTBOX_FULL), (Hop.BRIDGE, Reason.BRIDGE_OFFLINE)),
        ((Hop.NODE, Reason.OUTBOX_WAITING), (Hop.STORE, Reason.STORE_DOWN)),
        ((Hop.BRIDGE, Reason.BRIDGE_OVERLOADED), (Hop.STORE, Reason.STORE_READ_ONLY)),
        ((Hop.NODE, Reason.DETECTOR_STUCK), (Hop.CAMERA, Reason.CAMERA_NO_FRAMES)),
    ],
)
def test_an_effect_is_shown_without_remedy_and_is_not_the_cause(
    effect: tuple[Hop, Reason], cause: tuple[Hop, Reason]
) -> None:
    verdict = diagnose(failing(effect, cause))
    assert verdict.first_cause is not None
    assert verdict.first_cause.code is cause[1]
    assert verdict.also == []
    shown = next(one for one in verdict.hops if one.hop is effect[0])
    assert (shown.code, shown.remedy, shown.explained_by) == (effect[1], "", cause[0])


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ((Hop.CAMERA, Reason.CAMERA_MISSING), (Hop.STORE, Reason.STORE_DOWN)),
        ((Hop.CAMERA, Reason.CAMERA_NO_FRAMES), (Hop.BRIDGE, Reason.BRIDGE_OFFLINE)),
        ((Hop.CAMERA, Reason.CAMERA_MISSING), (Hop.WEB, Reason.WEB_DOWN)),
        ((Hop.NODE, Reason.NODE_OFFLINE), (Hop.BRIDGE, Reason.BRIDGE_SILENT)),
        ((Hop.NODE, Reason.NODE_SILENT), (Hop.STORE, Reason.STORE_READ_ONLY)),
        ((Hop.NODE, Reason.DETECTOR_MODEL_BROKEN), (Hop.WEB, Reason.WEB_NO_FRAMES)),
        ((Hop.BROKER, Reason.BROKER_REFUSED), (Hop.WEB, Reason.WEB_DOWN)),
        ((Hop.BROKER, Reason.BROKER_BAD_CREDENTIALS), (Hop.WEB, Reason.WEB_NOT_OURS)),
        ((Hop.BRIDGE, Reason.BRIDGE_OFFLINE), (Hop.WEB, Reason.WEB_DOWN)),
        ((Hop.STORE, Reason.STORE_DOWN), (Hop.WEB, Reason.WEB_NO_FRAMES)),
    ],
)
def test_of_two_independent_faults_the_first_on_the_chain_is_named_and_the_second_not_denied(
    first: tuple[Hop, Reason], second: tuple[Hop, Reason]
) -> None:
    for order in itertools.permutations((first, second)):
        verdict = diagnose(failing(*order))
        assert verdict.first_cause is not None
        assert verdict.first_cause.code is first[1]
        assert [one.code for one in verdict.also] == [second[1]]
        assert verdict.also[0].remedy


def test_degraded_is_the_cause_only_when_nothing_failed() -> None:
    warm = Observation(hop=Hop.NODE, state="degraded", code=Reason.POWER_UNDERVOLTAGE)
    alone = diagnose([one for one in WELL if one.hop is not Hop.NODE] + [warm])
    assert alone.first_cause is not None
    assert alone.first_cause.code is Reason.POWER_UNDERVOLTAGE
    both = diagnose([*failing((Hop.STORE, Reason.STORE_DOWN)), warm])
    assert both.first_cause is not None
    assert both.first_cause.code is Reason.STORE_DOWN
    assert [one.code for one in both.also] == [Reason.POWER_UNDERVOLTAGE]


def test_worst_of_several_observations_stands_for_its_hop_and_the_others_are_not_lost() -> None:
    faults = [
        Observation(hop=Hop.NODE, state="degraded", code=Reason.POWER_THROTTLED),
        Observation(hop=Hop.NODE, state="failed", code=Reason.DISK_FULL),
        Observation(hop=Hop.NODE, state="ok"),
    ]
    verdict = diagnose(faults)
    assert [one.code for one in verdict.hops] == [Reason.DISK_FULL]
    assert [one.code for one in verdict.also] == [Reason.POWER_THROTTLED]


def test_one_broker_that_is_down_for_three_programs_is_one_fault() -> None:
    facts = {"address": "mqtt://server:1883"}
    down = [
        Observation(hop=Hop.BROKER, state="failed", code=Reason.BROKER_REFUSED, facts={**facts, "id": id}, via=())
        for id in ("pi-1", "bridge-1", "web-1")
    ]
    assert diagnose(down).also == []


def test_two_accounts_with_wrong_passwords_are_two_faults() -> None:
    wrong = [
        Observation(hop=Hop.BROKER, state="failed", code=Reason.BROKER_BAD_CREDENTIALS, facts={"id": id})
        for id in ("bridge-1", "web-1")
    ]
    assert len(diagnose(wrong).also) == 1


def test_a_reason_that_this_version_does_not_know_is_told_as_it_came() -> None:
    verdict = diagnose([Observation(hop=Hop.NODE, state="degraded", facts={"reason": "lens.{dirty}"})])
    assert verdict.first_cause is not None
    assert "lens.{dirty}" in verdict.first_cause.sentence


def test_pictures_that_do_not_come_are_nobodys_fault_until_the_node_was_heard() -> None:
    missing = Observation(hop=Hop.WEB, state="failed", age_s=6.0, code=Reason.WEB_NO_FRAMES)
    early = [Observation(hop=Hop.NODE, state="unknown"), Observation(hop=Hop.CAMERA, state="unknown"), missing]
    verdict = diagnose(early)
    assert verdict.ok
    assert states(early)["web"] == "unknown"
    assert verdict.hops[-1].explained_by is Hop.NODE
    heard = [Observation(hop=Hop.NODE, state="ok"), Observation(hop=Hop.CAMERA, state="ok"), missing]
    assert diagnose(heard).first_cause is not None


def test_verdict_is_plain_json() -> None:
    told = diagnose(failing((Hop.NODE, Reason.NODE_OFFLINE))).to_dict()
    assert told["ok"] is False
    assert told["first_cause"]["code"] == "node.offline"
    assert [hop["hop"] for hop in told["hops"]] == [hop.value for hop in Hop]
    assert told["hops"][0] == {
        "hop": "camera",
        "state": "unknown",
        "age_s": 0.5,
        "code": None,
        "sentence": "Cannot be seen while the node is not heard.",
        "remedy": "",
        "explained_by": "node",
    }
