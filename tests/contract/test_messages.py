import json
import re
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassline.contract import ContractError, from_unix, messages, new_boot, new_event_id, to_rfc3339
from glassline.contract.messages import Command, Detection, Info, Lease, Receipt, decode, decode_info, decode_status
from glassline.contract.schema import PUBLISHED, json_schema

ENVELOPE = {"v": 1, "ts": "2026-01-31T12:00:00.250Z", "boot": "0123abcd", "seq": 3}
RECEIPT = ENVELOPE | {"event_id": new_event_id(), "rev": 2, "row": "stored", "image": "missing"}


def test_what_a_person_types_needs_next_to_nothing():
    assert decode(Lease, b'{"v":1}').max_fps > 0
    assert decode(Command, b'{"v":1}').args == {}


def test_unknown_keys_are_ignored_so_that_the_contract_can_grow():
    assert decode(Receipt, json.dumps(RECEIPT | {"later": [1, 2]}).encode()).rev == 2


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2}, {"rev": -1}, {"rev": "x"}, {"row": "lost"}, {"event_id": "../etc/passwd"}, {"event_id": None},
        {"ts": "yesterday"}, {"ts": "2026-01-31T12:00:00"}, {"boot": "XYZ"}, {"seq": -1}, {"rev": 2**40},
    ],
)  # fmt: skip
def test_a_wrong_value_is_refused_and_named(change):
    with pytest.raises(ContractError, match=f"Receipt: {next(iter(change))}"):
        decode(Receipt, json.dumps(RECEIPT | change).encode())


@pytest.mark.parametrize("payload", [b"", b"null", b"[]", b"{", b"\xff", b'{"v":1', b"[" * 100_000, b"nan", b'"x"'])
def test_what_is_no_json_object_is_refused(payload):
    with pytest.raises(ContractError):
        decode(Receipt, payload)


def test_nan_and_infinity_never_get_in():
    for text in ("NaN", "Infinity", "-Infinity", "1e999"):
        with pytest.raises(ContractError):
            decode(Lease, b'{"v":1,"max_fps":' + text.encode() + b"}")


def test_a_payload_over_the_limit_is_refused_before_it_is_parsed():
    with pytest.raises(ContractError, match="at most 200000 bytes"):
        decode(Lease, b" " * 200_001)


@given(st.binary(max_size=300))
def test_no_bytes_at_all_break_a_decoder(data):
    for model in PUBLISHED:
        try:
            decode(model, data)
        except ContractError:
            pass


def test_status_is_one_of_two_words():
    assert decode_status(b"online") == "online"
    with pytest.raises(ContractError):
        decode_status(b"ONLINE")


def test_times_are_utc_with_milliseconds():
    assert to_rfc3339(from_unix(1_800_000_000.25)) == "2027-01-15T08:00:00.250Z"
    later = decode(Receipt, json.dumps(RECEIPT | {"ts": "2026-01-31T14:00:00.250+02:00"}).encode())
    assert b'"2026-01-31T12:00:00.250Z"' in later.to_json()


def test_event_ids_are_uuid7_and_sort_by_time():
    ids = [new_event_id(t) for t in (1.0, 2.0, 3.0)]
    assert ids == sorted(ids)
    assert {uuid.UUID(i).version for i in ids} == {7}
    assert re.fullmatch("[0-9a-f]{8}", new_boot())


def test_the_birth_of_a_program_leaves_nothing_out_and_says_it_briefly():
    info = Info(**{**ENVELOPE, "role": "web", "id": "web-1", "version": "1", "started_at": ENVELOPE["ts"]})
    assert decode(Info, info.to_json()) == info
    assert b"null" not in info.to_json()


def test_boxes_must_lie_in_the_frame_and_in_order():
    for xyxyn in ([0, 0, 1.1, 1], [0.5, 0, 0.4, 1], [0, 0, 1]):
        with pytest.raises(ContractError):
            decode(
                messages.FrameMeta,
                json.dumps(
                    ENVELOPE | {"image_wh": [1, 1], "boxes": [{"label": "a", "score": 1, "xyxyn": xyxyn}]}
                ).encode(),
            )


def test_every_message_stands_in_the_published_schema():
    schema = json_schema()
    assert {model.__name__ for model in PUBLISHED} <= set(schema["$defs"])
    assert Detection.__name__ in schema["$defs"]
    assert len(schema["x-topics"]) == 14


@pytest.mark.parametrize(("role", "id"), [("broker", "pi-2"), ("node", "broker")])
def test_nobody_poses_as_the_broker(role, id):
    info = ENVELOPE | {"role": role, "id": id, "version": "1", "started_at": ENVELOPE["ts"]}
    with pytest.raises(ContractError, match="nobody else"):
        decode_info(json.dumps(info).encode(), id)
