"""The credentials file, and the settings that take from it."""

from pathlib import Path

import pytest

from bridge.settings import BridgeSettings
from glassline.contract import Reason, Role
from glassline.link import AddressError, broker_address
from glassline.program import Credentials, SecretError, SettingsError, read_credentials, resolve, write_credentials
from glassline.program.tokens import Token
from pi_node.settings import NodeSettings
from web.settings import WebSettings

MADE = Credentials("pi-7", Role.NODE, "mqtts://server.local:8883", 'pass"word \\ #1', "before", "-----CA-----")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    write_credentials(tmp_path / "pi-7.toml", MADE)
    return tmp_path / "pi-7.toml"


def settings(kind=NodeSettings, **flags):
    return resolve(kind, flags=flags, environ={}, file=None)


def test_what_is_written_is_read(file: Path) -> None:
    assert read_credentials(file) == Credentials(**{**vars(MADE), "ca": MADE.ca + "\n"})
    assert file.stat().st_mode & 0o777 == 0o600
    assert read_credentials(file).passwords == (MADE.password, "before")
    assert MADE.password not in repr(MADE)


def test_settings_take_id_and_broker_from_it_and_say_so(file: Path) -> None:
    loaded = settings(credentials=str(file))
    assert (loaded.values.id, loaded.values.broker) == ("pi-7", "mqtts://server.local:8883")
    assert loaded.sources["id"] == loaded.sources["broker"] == f"credentials {file}"
    elsewhere = settings(credentials=str(file), broker="mqtts://10.0.0.1:8883")
    assert elsewhere.values.broker == "mqtts://10.0.0.1:8883"


@pytest.mark.parametrize(
    ("kind", "flags", "said"),
    [
        (NodeSettings, {"id": "pi-1"}, "are for 'pi-7'; leave `id` out"),
        (NodeSettings, {"password_file": "x"}, "password_file (from flag --password-file): it stands in"),
        (NodeSettings, {"ca_file": "x"}, "ca_file (from flag --ca-file): it stands in"),
        (BridgeSettings, {}, "are for the node pi-7, not for bridge"),
        (WebSettings, {}, "are for the node pi-7, not for web"),
    ],
)
def test_what_does_not_go_with_it_is_said(file: Path, kind, flags, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings(kind, credentials=str(file), **flags)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "text", ["", "id = 'pi-7'", "[", "id = 1\nrole = 2\nbroker = 3\npassword = 4", "password = 'hunter2'\nx = ["]
)
def test_a_file_that_holds_none_is_named_without_what_it_holds(file: Path, text: str) -> None:
    file.write_text(text)
    with pytest.raises(SecretError, match="holds no credentials") as caught:
        read_credentials(file)
    assert "hunter2" not in str(caught.value)
    if text:
        with pytest.raises(SettingsError, match="glassline enroll"):
            settings(credentials=str(file))


@pytest.mark.parametrize("text", ["", "\n", "# nobody yet\n"])
def test_a_node_starts_before_it_is_enrolled_and_others_do_not(file: Path, text: str) -> None:
    file.write_text(text)
    assert settings(credentials=str(file)).values.broker == ""
    for kind in (BridgeSettings, WebSettings):
        with pytest.raises(SettingsError, match="glassline enroll"):
            settings(kind, credentials=str(file))
    with pytest.raises(AddressError, match="not enrolled yet") as caught:
        broker_address("mqtts://server", credentials=str(file))
    assert caught.value.code is Reason.BROKER_NOT_ENROLLED


def test_a_node_that_is_not_enrolled_goes_without_to_a_broker_that_its_settings_name(file: Path) -> None:
    file.write_text("# nobody yet\n")
    known = settings(credentials=str(file), broker="mqtt://server", password_file="secret").values
    assert (known.credentials, known.password_file) == ("", "secret")
    assert str(broker_address(known.broker, credentials=known.credentials)) == "mqtt://server:1883"
    sought = settings(credentials=str(file), broker="auto").values
    with pytest.raises(AddressError, match="not enrolled yet"):
        broker_address(sought.broker, credentials=sought.credentials)


def test_a_file_that_others_can_read_is_refused(file: Path) -> None:
    file.chmod(0o644)
    with pytest.raises(SettingsError, match="chmod 600"):
        settings(credentials=str(file))


@pytest.mark.parametrize(
    "text", ["", "x", "glassline1", "glassline1..", "glassline1.AAAA.AAAA", "glassline1.ä.ä", "glassline2.x.y.z"]
)
def test_what_is_no_token_is_not_repeated(text: str) -> None:
    with pytest.raises(ValueError, match="expected a token") as caught:
        Token.parse(text)
    assert len(text) < 12 or text not in str(caught.value)


def test_a_token_is_read_as_it_was_written() -> None:
    token = Token(bytes(range(32)), bytes(range(24)))
    assert Token.parse(f" {token}\n") == token
    assert "secret" not in repr(token)
