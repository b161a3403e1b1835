import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassline.contract import ContractError, topics
from glassline.contract.topics import SPECS, Address, filter_of, parse, topic_of


@pytest.mark.parametrize("kind", SPECS)
def test_every_topic_survives_a_round_trip(kind):
    rest = "web-1" if SPECS[kind].has_rest else ""
    assert parse(topic_of(kind, "pi-1", rest)) == Address("pi-1", kind, rest)


@pytest.mark.parametrize(
    "topic",
    [
        "", "glass", "glass/v1", "glass/v1/", "glass/v1/pi-1", "glass/v1//status", "glass/v2/pi-1/status",
        "glass/v1/PI/status", "glass/v1/pi-1/status/", "glass/v1/pi-1/status/more", "glass/v1/pi-1/cmd",
        "glass/v1/pi-1/cmd/", "glass/v1/pi-1/cmd/a/b", "glass/v1/+/status", "glass/v1/pi-1/#", "glass/v1/../status",
        "glass/v1/pi-1\0/status", "glass/v1/pi-1\n/status", "$SYS/broker", "glass/v1/" + "a" * 33 + "/status",
        "glass/v1/-pi/status", "glass/v1/pi-1/frame/meta/x",
    ],
)  # fmt: skip
def test_a_topic_outside_the_contract_is_refused(topic):
    with pytest.raises(ContractError):
        parse(topic)


@given(st.text(max_size=80))
def test_no_text_at_all_breaks_the_parser(text):
    for topic in (text, f"glass/v1/{text}", f"glass/v1/{text}/status", f"glass/v1/pi-1/cmd/{text}"):
        try:
            address = parse(topic)
        except ContractError:
            continue
        assert topic_of(address.kind, address.id, address.rest) == topic


def test_a_filter_names_all_devices_unless_told_which():
    assert filter_of("detection") == "glass/v1/+/detection"
    assert filter_of("cmd", "pi-1") == "glass/v1/pi-1/cmd/+"
    assert filter_of("viewers", rest="web-1") == "glass/v1/+/viewers/web-1"


def test_only_a_known_id_makes_a_topic():
    with pytest.raises(ValueError, match="expected an id"):
        topics.topic_of("status", "../etc")
