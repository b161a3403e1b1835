"""What must hold of any bytes at all: the properties that the fuzzer attacks, and pytest repeats over what it found."""

import json
from datetime import UTC, datetime, timedelta

from glassline.contract import ContractError, parse, topic_of
from glassline.contract.clocks import AHEAD, EARLIEST, believed
from glassline.contract.frames import MAX_PIXELS, check_jpeg, embed, extract
from glassline.contract.messages import Detection, Info, decode, decode_status
from glassline.contract.schema import PUBLISHED
from web.live.intake import read_picture

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def frames(data: bytes) -> None:
    """A reader of pictures refuses, or says what is in the bytes and can put something beside it."""
    try:
        com = extract(data)
        assert com is None or (com[:1] == b"{" and com in data)
        width, height = check_jpeg(data)
    except ContractError:
        return
    assert 0 < width * height <= MAX_PIXELS
    again = embed(data, b'{"v":1}')
    assert check_jpeg(again) == (width, height)
    assert extract(again) == b'{"v":1}'
    try:
        picture = read_picture("pi-1", data, 0.0)
    except ContractError:
        return
    assert (picture.image_wh, picture.jpeg) == ((width, height), data)
    _holds(picture.meta)


def messages(data: bytes) -> None:
    """The first byte chooses the decoder; the rest is refused, or is a message that any browser can read."""
    if not data:
        return
    chosen, payload = data[0] % (len(PUBLISHED) + 2), data[1:]
    try:
        if chosen == len(PUBLISHED):
            address = parse(payload.decode("utf-8", "surrogateescape"))
            assert topic_of(address.kind, address.id, address.rest).encode() == payload
        elif chosen > len(PUBLISHED):
            assert decode_status(payload).encode() == payload
        else:
            _holds(decode(PUBLISHED[chosen], payload))
    except ContractError as refusal:
        _fits_a_log_line(str(refusal))


def _fits_a_log_line(sentence):
    assert len(sentence) < 600


def _holds(message):
    """What was decoded is JSON for everybody, stays the same when it is sent on, and its times can be reckoned with."""
    sent = message.to_json()
    assert decode(type(message), sent, max_bytes=len(sent)).to_json() == sent
    json.dumps(message.to_dict(), allow_nan=False).encode()
    json.loads(sent, parse_constant=_no_number)
    if isinstance(message, Detection):
        taken = believed(message, NOW)
        assert all(EARLIEST <= at <= NOW + AHEAD for at in (taken.first_at, taken.last_at, taken.confirmed_at))
    if isinstance(message, Info):
        assert message.started_at + timedelta(days=365) > message.started_at


def _no_number(text):
    raise AssertionError(f"{text} is no JSON")


TARGETS = {"frames": frames, "messages": messages}
