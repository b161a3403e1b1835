"""Every decoder under any input at all. GLASSLINE_EXAMPLES=20000 makes it long; without, it is quick and repeatable."""
# ruff: noqa: PT017 - here either outcome is right, and each has its own property

import asyncio
import json
import logging
import os
import string
import struct
from datetime import UTC, datetime

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.decode import item_of
from bridge.inbox import Arrival
from broker.limits import Limits
from broker.listening import ListenAddress
from broker.wire import ProtocolError, max_bytes, read_header, read_packet
from glassline.contract import ContractError, check_id, is_id, parse, topic_of
from glassline.contract.clocks import AHEAD, EARLIEST, believed
from glassline.contract.frames import MAX_COM_BYTES, embed, extract
from glassline.contract.messages import Detection, decode
from glassline.contract.roles import filter_covers
from glassline.contract.schema import PUBLISHED
from glassline.link import AddressError, BrokerAddress
from glassline.program import SecretError, Settings, SettingsError, Tally, read_secret, resolve, setting, shown
from glassline.store import DeadItem
from glassline.store.paging import position_of
from pi_node.config.in_force import Config
from pi_node.config.running import ConfigError
from pi_node.settings import NodeSettings
from tests.fuzz.seeds import EXAMPLES, frame_seeds
from tests.fuzz.target import frames, messages
from web.api.errors import ApiError
from web.api.requests import DefectQuery, ReviewBody, WatchMessage, body, device_id, event_id, query

EXAMPLES_EACH = int(os.environ.get("GLASSLINE_EXAMPLES", "60"))
QUICK = "GLASSLINE_EXAMPLES" not in os.environ
anything = settings(
    max_examples=EXAMPLES_EACH,
    derandomize=QUICK,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
numbers = st.one_of(st.integers(), st.floats(), st.sampled_from([2**63, -1, 10**400, 1e308]))
values = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, st.text(max_size=20)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)),
    max_leaves=12,
)
KEYS = sorted({key for example in EXAMPLES.values() for key in example})
SEEDS = frame_seeds()
app = Flask(__name__)


# -- the contract -----------------------------------------------------------------------------------------------


@anything
@given(st.integers(0, len(PUBLISHED) + 1), st.binary(max_size=300))
def test_any_bytes_are_refused_or_are_a_message(chosen, data):
    messages(bytes([chosen]) + data)


@anything
@given(st.integers(0, len(PUBLISHED) - 1), st.dictionaries(st.sampled_from(KEYS), values, max_size=4))
def test_a_message_with_anything_in_its_fields_is_refused_or_is_a_message(chosen, changes):
    example = EXAMPLES[PUBLISHED[chosen].__name__] | changes
    messages(bytes([chosen]) + json.dumps(example).encode("utf-8", "surrogatepass"))


@anything
@given(st.integers(0, len(PUBLISHED) - 1), st.sampled_from(KEYS), st.integers(1, 3000))
def test_any_depth_is_refused_or_is_a_message(chosen, key, depth):
    example = json.dumps(EXAMPLES[PUBLISHED[chosen].__name__] | {key: "HERE"})
    messages(bytes([chosen]) + example.replace('"HERE"', "[" * depth + "]" * depth).encode())


@anything
@given(st.sampled_from(SEEDS), st.data())
def test_a_picture_cut_or_changed_anywhere_is_refused_or_is_a_picture(seed, data):
    at = data.draw(st.integers(0, len(seed)))
    frames(seed[:at])
    frames(seed[:at] + data.draw(st.binary(max_size=8)) + seed[at + data.draw(st.integers(0, 8)) :])


@anything
@given(st.integers(0, 0xFFFF), st.binary(max_size=60), st.integers(0, 255))
def test_a_segment_of_any_length_and_kind_is_refused_or_harmless(length, content, marker):
    lying = b"\xff\xd8\xff" + bytes([marker]) + struct.pack("!H", length) + content
    frames(lying + SEEDS[0][2:])
    frames(lying)


@anything
@given(st.sampled_from(SEEDS), st.binary(max_size=200) | st.just(b"x" * (MAX_COM_BYTES + 1)))
def test_what_is_embedded_comes_out(seed, metadata):
    try:
        back = extract(embed(seed, b"{" + metadata))
    except ContractError:
        return
    assert back == b"{" + metadata


@anything
@given(st.text(max_size=60) | st.text(string.ascii_lowercase + "-/+#.\0", max_size=40))
def test_any_text_is_an_id_and_a_topic_or_is_not(text):
    if is_id(text):
        assert parse(topic_of("status", check_id(text))).id == text
        assert not set(text) & set("/+#\0.% ")
    else:
        with pytest.raises(ValueError, match="expected an id"):
            topic_of("status", text)
    assert isinstance(filter_covers("glass/v1/+/status", text), bool)


@anything
@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC), min_value=datetime(2025, 1, 3)))
def test_after_belief_every_time_is_a_possible_one(said, received_at):
    example = EXAMPLES["Detection"] | dict.fromkeys(
        ("first_at", "last_at", "frame_at", "confirmed_at"), said.isoformat()
    )
    try:
        detection = decode(Detection, json.dumps(example).encode())
        taken = believed(detection, received_at)
    except (ContractError, OverflowError):
        assert said.year < 1970 or said.year >= 2199 or received_at.year >= 9999
        return
    assert all(EARLIEST <= at <= received_at + AHEAD for at in (taken.first_at, taken.last_at, taken.confirmed_at))
    assert taken is detection or taken.clock == "unsynced"


# -- programs ---------------------------------------------------------------------------------------------------


@anything
@given(st.sampled_from(["detection", "evidence"]), st.binary(max_size=200) | st.sampled_from(SEEDS))
def test_what_comes_to_the_bridge_becomes_an_item(kind, payload):
    item = item_of(Arrival("pi-1", kind, payload), Tally(log=logging.getLogger("test")))
    assert not isinstance(item, DeadItem) or (item.payload == payload and 0 <= item.rev < 2**31)


@anything
@given(st.binary(max_size=80))
def test_any_bytes_on_the_brokers_socket_are_a_packet_or_break_the_protocol(data):
    async def read():
        reader = asyncio.StreamReader()
        reader.feed_data(data)
        reader.feed_eof()
        while True:
            header = await read_header(reader)
            await read_packet(reader, header, max_bytes(header, Limits()), lambda: None)

    with pytest.raises((ProtocolError, asyncio.IncompleteReadError)):
        asyncio.run(read())


@anything
@given(st.text(max_size=60) | st.from_regex(r"mqtts?://[\S]{0,40}", fullmatch=True))
def test_any_text_is_an_address_or_says_why_not(text):
    for kind in (BrokerAddress, ListenAddress):
        try:
            address = kind.parse(text)
        except (AddressError, ValueError) as error:
            assert str(error)
        else:
            assert 0 <= address.port <= 65535
            assert kind.parse(str(address)) == address


class Table(Settings, program="table"):
    """A table of settings."""

    number: int = setting(1, "A number.", ge=0)
    word: str = setting("", "A word.")


@anything
@given(
    st.binary(max_size=200)
    | st.just(b"a = " + b"[" * 5000)
    | st.dictionaries(st.sampled_from(["number", "word", "nobody"]), st.text(string.printable, max_size=20)).map(
        lambda table: ("[table]\n" + "\n".join(f"{k} = {json.dumps(v)}" for k, v in table.items())).encode()
    )
)
def test_any_file_is_settings_or_says_why_not(tmp_path, content):
    (tmp_path / "glassline.toml").write_bytes(content)
    try:
        loaded = resolve(Table, flags={}, environ={}, file=tmp_path / "glassline.toml")
    except SettingsError as error:
        assert error.problems
    else:
        assert loaded.values.number >= 0


@anything
@given(st.binary(max_size=60))
def test_any_file_is_a_password_or_says_why_not(tmp_path, content):
    path = tmp_path / "secret"
    path.write_bytes(content)
    path.chmod(0o600)
    try:
        secret = read_secret(path)
    except SecretError as error:
        assert str(path) in str(error)
    else:
        assert secret
        assert "\n" not in secret


@anything
@given(st.binary(max_size=100) | st.just(b"[" * 100_000) | values.map(lambda value: json.dumps(value).encode()))
def test_whatever_is_kept_of_changed_settings_the_node_starts_and_can_change_them(tmp_path, content):
    path = tmp_path / "config.json"
    path.write_bytes(content)
    config = Config(settings=NodeSettings(), path=path)
    config.load()
    assert 0 < config.change({"live_fps": 5}).live_fps <= 120


@anything
@given(st.dictionaries(st.sampled_from(["live_fps", "live_quality", "frame_meta", "nobody"]), values, max_size=3))
def test_any_change_of_settings_is_possible_or_changes_nothing(tmp_path, wanted):
    config = Config(settings=NodeSettings(), path=tmp_path / "config.json")
    before = config.running()
    try:
        after = config.change(wanted)
    except ConfigError as error:
        assert config.running() == before
        assert len(str(error)) < 1200
    else:
        assert 0 < after.live_fps <= 120
        assert 1 <= after.live_quality <= 100
        again = Config(settings=NodeSettings(), path=tmp_path / "config.json")
        again.load()
        assert again.running() == after


@anything
@given(st.text(max_size=200) | st.binary(max_size=200))
def test_whatever_is_shown_is_one_short_line(foreign):
    line = shown(foreign)
    assert len(line) <= 121
    assert line.isprintable()


# -- the web ----------------------------------------------------------------------------------------------------


@anything
@given(
    st.dictionaries(
        st.sampled_from(["device", "label", "status", "since", "until", "cursor", "limit", "x"]), st.text(max_size=40)
    )
)
def test_any_query_is_one_or_is_refused(asked):
    with app.test_request_context("/api/defects", query_string=asked):
        try:
            where = query(DefectQuery)
        except ApiError as error:
            assert error.status == 400
        else:
            assert 1 <= where.limit <= 200


@anything
@given(st.text(max_size=60))
def test_any_cursor_is_one_or_is_refused(text):
    try:
        detected_at, event_id = position_of(text)
    except ValueError:
        return
    assert isinstance(detected_at, str)
    assert isinstance(event_id, str)


@anything
@given(st.binary(max_size=200) | values.map(lambda value: json.dumps(value).encode()))
def test_any_body_is_a_review_or_is_refused(raw):
    with app.test_request_context("/", method="POST", data=raw, content_type="application/json"):
        try:
            said = body(ReviewBody)
        except ApiError as error:
            assert error.status == 400
        else:
            assert said.version >= 0


@anything
@given(st.text(max_size=40))
def test_any_path_names_a_device_and_an_event_or_is_refused(text):
    for named in (device_id, event_id):
        try:
            assert not set(named(text)) & set("/.\\%\0")
        except ApiError as error:
            assert error.status == 400


@anything
@given(
    st.binary(max_size=100)
    | st.dictionaries(st.sampled_from(["watch", "max_fps", "ping", "x"]), values, max_size=3).map(
        lambda said: json.dumps(said).encode()
    )
)
def test_any_message_over_live_is_a_wish_or_is_refused(raw):
    try:
        wish = WatchMessage.model_validate_json(raw)
    except ValueError:
        return
    wanted = wish.wanted_fps(30)
    assert len(wanted) <= 50
    assert all(0 < fps <= 30 and is_id(id) for id, fps in wanted.items())
    json.dumps(wish.ping, allow_nan=False)
