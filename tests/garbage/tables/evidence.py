"""Pictures of finds."""

from functools import partial

from glassline.contract import new_event_id

from .. import checks, controls, payloads
from ..guards import CHECK_JPEG, DECODE
from ..payloads import NOISE, evidence, frame
from ..rows import (
    Row,
    mqtt,
)

EVIDENCE = [
    Row(
        entrance="MQTT evidence",
        sent="random bytes",
        throw=mqtt("evidence", NOISE),
        counted=[("bridge", "refused_evidence_not_jpeg")],
        holds="a dead letter",
        guard=CHECK_JPEG,
    ),
    Row(
        entrance="MQTT evidence",
        sent="a bomb of 32,000 x 32,000 pixels",
        throw=mqtt("evidence", lambda: evidence(new_event_id(), payloads.bomb())),
        counted=[("bridge", "refused_evidence_too_many_pixels")],
        holds="a dead letter, no file",
        guard=CHECK_JPEG,
        control=controls.decodes_the_bomb,
        harm="whoever decodes it asks for 3.07 GB",
    ),
    Row(
        entrance="MQTT evidence",
        sent="an event id with `..` in the metadata",
        throw=mqtt("evidence", evidence("../../../../tmp/x")),
        counted=[("bridge", "refused_evidence_wrong_value")],
        holds="a dead letter, no file",
        guard=DECODE,
        control=controls.leaves_the_folder,
        harm="joined to a path it leaves the folder",
    ),
    Row(
        entrance="MQTT evidence",
        sent="60 pictures without a detection",
        throw=mqtt("evidence", *([lambda: evidence(new_event_id())] * 60)),
        counted=[("bridge", "orphans_dropped")],
        holds="20 wait for an hour",
        check=checks.orphans_are_bounded,
        guard="the store: a quota per device and for all",
    ),
    Row(
        entrance="MQTT evidence",
        sent="a picture that its detection does not name",
        throw=checks.another_picture,
        counted=[("bridge", "dead_letters")],
        holds="a dead letter; the picture that is named can still come",
        guard="the store: pictures go by their SHA-256",
    ),
    Row(
        entrance="MQTT evidence",
        sent="1.8 MB",
        throw=mqtt("evidence", frame() + bytes(1_800_000)),
        holds="not handed on",
        check=partial(checks.broker_log_has, kind="denied_oversize"),
        guard="the broker: sizes by kind of topic",
    ),
]
