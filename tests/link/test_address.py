import traceback

import pytest

from glassline.contract import Reason
from glassline.link import AddressError, BrokerAddress, as_of_now
from glassline.program import first_contact


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("mqtt://server", "mqtt://server:1883"), ("mqtts://server", "mqtts://server:8883"),
        ("mqtt://10.0.0.7:2000", "mqtt://10.0.0.7:2000"), (" mqtt://server ", "mqtt://server:1883"),
        ("mqtt://[::1]:1883", "mqtt://[::1]:1883"),
    ],
)  # fmt: skip
def test_an_address_is_read(text, shown):
    assert str(BrokerAddress.parse(text)) == shown


def test_an_unset_address_is_never_guessed():
    with pytest.raises(AddressError, match="GLASS_BROKER") as caught:
        BrokerAddress.parse("  ", environ={})
    assert caught.value.code is Reason.BROKER_ADDRESS_UNSET


def test_the_predecessors_setting_is_recognised_and_answered():
    with pytest.raises(AddressError, match="BACKEND_URL"):
        BrokerAddress.parse("", environ={"BACKEND_URL": "http://192.168.1.5:5000"})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("http://server:5000", "web page"), ("server:1883", "mqtt://HOST"), ("mqtt://", "no host"),
        ("mqtt://server:99999", "1 to 65535"), ("mqtt://server:0", "1 to 65535"),
        ("mqtt://pi:hunter2@server", "password_file"), ("mqtt://pi:hunter2/x@server", "password_file"),
        ("mqtt://pi:x/hunter2@server", "password_file"), ("pi:hunter2@server", "password_file"),
        ("mqtt://pi:hunter2", "1 to 65535"), ("pi:hunter2", "mqtt://HOST"), ("mqtt://[hunter2", "mqtt://HOST"),
        ("mqtt://server/hunter2", "follows"), ("mqtt://server?password=hunter2", "follows"),
        ("mqtt://server#hunter2", "follows"), ("http://server/?password=hunter2", "web page"),
    ],
)  # fmt: skip
def test_an_address_that_cannot_be_right_says_why_and_never_shows_a_password(text, says):
    with pytest.raises(AddressError, match=says) as caught:
        BrokerAddress.parse(text)
    assert caught.value.code is Reason.BROKER_ADDRESS_INVALID
    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("host", "is_loopback"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("[::1]", True),
        ("server", False),
        ("10.0.0.1", False),
    ],
)
def test_an_address_that_names_this_machine_is_known_as_such(host, is_loopback):
    assert BrokerAddress.parse(f"mqtt://{host}").is_loopback is is_loopback


def test_what_keeps_a_machine_from_its_credentials_takes_the_place_of_having_none(tmp_path, monkeypatch):
    monkeypatch.setattr(first_contact, "FOLDER", tmp_path)
    waits, other = AddressError(Reason.BROKER_NOT_ENROLLED, "waits"), AddressError(Reason.BROKER_ADDRESS_UNSET, "unset")
    assert as_of_now(waits) is waits
    first_contact.note_trouble("https://x cannot\nbe reached", {"RUNTIME_DIRECTORY": str(tmp_path)})
    assert as_of_now(waits).code is Reason.BROKER_NOT_JOINED
    assert "https://x cannot\\nbe reached" in str(as_of_now(waits))
    assert as_of_now(other) is other
    first_contact.note_trouble("", {"RUNTIME_DIRECTORY": str(tmp_path)})
    assert as_of_now(waits) is waits
