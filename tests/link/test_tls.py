"""TLS with both brokers: who may be trusted is, and each way in which it fails is named by its cause."""

import dataclasses
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from glassline.contract import Reason, Role
from glassline.link import BrokerAddress, probe_broker
from glassline.program import Credentials, write_credentials
from tests.support.authority import EXPIRED, NOT_YET, Signed, signed
from tests.support.embedded_broker import RunningBroker, embedded_broker, free_port, password_of
from tests.support.links import make_link
from tests.support.mosquitto import mosquitto
from tests.support.waiting import until

ROLES = {"pi-1": Role.NODE}
Start = Callable[[Signed], AbstractContextManager[RunningBroker]]


@pytest.fixture(params=["embedded", "mosquitto"])
def start(request: pytest.FixtureRequest) -> Start:
    """Starts either broker with a certificate."""
    broker: Any = embedded_broker if request.param == "embedded" else mosquitto
    return lambda certificate: broker(ROLES, certificate=certificate)


@pytest.fixture
def broker(start: Start, tmp_path: Path) -> Iterator[RunningBroker]:
    with start(signed(tmp_path)) as running:
        yield running


def ask(url: str, **keys: Any) -> Any:
    return probe_broker(BrokerAddress.parse(url), id="pi-1", password=password_of("pi-1"), **keys)


def said_by_link(url: str, code: Reason, ca_file: Path | None) -> str:
    with make_link(url, "pi-1", password_of("pi-1"), ca_file=str(ca_file) if ca_file else None) as link:
        until(lambda: link.state.code is code, what=lambda: link.state)
        return str(link.state.sentence)


def test_with_the_right_ca_it_works_beside_the_plain_listener(broker: RunningBroker) -> None:
    assert ask(broker.tls_url, ca_file=str(broker.ca)).ok
    assert ask(broker.tls_url.replace("127.0.0.1", "localhost"), ca_file=str(broker.ca)).ok
    assert ask(broker.url).ok


def test_a_foreign_ca_and_none_at_all_are_named(broker: RunningBroker, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = signed(tmp_path / "other")
    for ca_file in (other.ca, None):
        assert ask(broker.tls_url, ca_file=str(ca_file) if ca_file else None).code is Reason.BROKER_TLS_UNTRUSTED
        said = said_by_link(broker.tls_url, Reason.BROKER_TLS_UNTRUSTED, ca_file)
        assert "signed by none that is trusted here" in said


@pytest.mark.parametrize(
    ("age", "code", "words"),
    [
        (EXPIRED, Reason.BROKER_TLS_EXPIRED, "has expired"),
        (NOT_YET, Reason.BROKER_TLS_NOT_YET_VALID, "clock"),
    ],
)
def test_a_certificate_out_of_its_time_is_named(
    start: Start, tmp_path: Path, age: Any, code: Reason, words: str
) -> None:
    certificate = signed(tmp_path, age=age)
    with start(certificate) as running:
        assert ask(running.tls_url, ca_file=str(certificate.ca)).code is code
        assert words in said_by_link(running.tls_url, code, certificate.ca)


def test_a_certificate_for_another_name_is_named(start: Start, tmp_path: Path) -> None:
    certificate = signed(tmp_path, names=("server.local", "192.0.2.1"))
    with start(certificate) as running:
        for url in (running.tls_url, running.tls_url.replace("127.0.0.1", "localhost")):
            assert ask(url, ca_file=str(certificate.ca)).code is Reason.BROKER_TLS_WRONG_NAME
        said = said_by_link(running.tls_url, Reason.BROKER_TLS_WRONG_NAME, certificate.ca)
        assert "made for other names than 127.0.0.1" in said


def test_plain_on_the_tls_port_and_tls_on_the_plain_one_are_told_apart(broker: RunningBroker) -> None:
    plain_there, tls_here = f"mqtt://127.0.0.1:{broker.tls_port}", f"mqtts://127.0.0.1:{broker.port}"
    assert ask(plain_there).code is Reason.BROKER_WANTS_TLS
    assert f"its address is {broker.tls_url}" in said_by_link(plain_there, Reason.BROKER_WANTS_TLS, None)
    assert ask(tls_here, ca_file=str(broker.ca)).code is Reason.BROKER_HAS_NO_TLS
    assert f"its address is {broker.url}" in said_by_link(tls_here, Reason.BROKER_HAS_NO_TLS, broker.ca)


def test_a_server_that_speaks_old_tls_only_is_named() -> None:
    script = (
        "import socket, ssl, sys; c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); c.set_ciphers('ALL:@SECLEVEL=0')\n"
        "c.minimum_version = c.maximum_version = ssl.TLSVersion.TLSv1_1; s = socket.create_server(('127.0.0.1', 0))\n"
        "print(s.getsockname()[1], flush=True)\n"
        "while True:\n try: c.wrap_socket(s.accept()[0], server_side=True)\n except OSError: pass\n"
    )
    with subprocess.Popen([sys.executable, "-W", "ignore", "-c", script], stdout=subprocess.PIPE, text=True) as old:
        try:
            assert old.stdout is not None
            found = ask(f"mqtts://127.0.0.1:{old.stdout.readline().strip()}")
        finally:
            old.kill()
    assert found.code is Reason.BROKER_TLS_FAILED
    assert "PROTOCOL_VERSION" in found.sentence


def test_a_link_that_was_refused_for_a_certificate_comes_in_once_it_is_renewed(tmp_path: Path) -> None:
    certificate = signed(tmp_path, age=EXPIRED)
    with embedded_broker(ROLES, certificate=certificate) as running:
        password, ca = running.passwords["pi-1"], str(certificate.ca)
        with make_link(running.tls_url, "pi-1", password, ca_file=ca) as link:
            until(lambda: link.state.code is Reason.BROKER_TLS_EXPIRED)
            signed(tmp_path)
            until(lambda: link.state.connected, 20)


def test_credentials_hold_all_that_is_needed(broker: RunningBroker, tmp_path: Path) -> None:
    assert broker.ca is not None
    file = tmp_path / "pi-1.toml"
    made = Credentials("pi-1", Role.NODE, broker.tls_url, password_of("pi-1"), ca=broker.ca.read_text())
    write_credentials(file, made)
    assert probe_broker(BrokerAddress.parse(made.broker), id="pi-1", credentials=str(file)).ok
    with make_link(made.broker, "pi-1", None, credentials=str(file)) as link:
        until(lambda: link.state.connected)


def test_two_passwords_are_tried_until_one_is_taken(broker: RunningBroker, tmp_path: Path) -> None:
    assert broker.ca is not None
    file, right = tmp_path / "pi-1.toml", password_of("pi-1")
    made = Credentials("pi-1", Role.NODE, broker.tls_url, "new-password", right, ca=broker.ca.read_text())
    write_credentials(file, made)
    with make_link(made.broker, "pi-1", None, credentials=str(file)) as link:
        until(lambda: link.state.connected)
    write_credentials(file, dataclasses.replace(made, previous_password="also-wrong"))
    found = probe_broker(BrokerAddress.parse(made.broker), id="pi-1", credentials=str(file))
    assert found.code is Reason.BROKER_BAD_CREDENTIALS


def test_credentials_that_become_unusable_are_named_and_taken_again_once_mended(tmp_path: Path) -> None:
    file = tmp_path / "pi-1.toml"
    with make_link(f"mqtt://127.0.0.1:{free_port()}", "pi-1", None, credentials=str(file)) as link:
        until(lambda: link.state.code is Reason.SETTINGS_WRONG)
        assert str(file) in link.state.sentence
        write_credentials(file, Credentials("pi-1", Role.NODE, str(link.address), "secret-password"))
        until(lambda: link.state.code is Reason.BROKER_REFUSED)
        assert "secret-password" not in link.state.sentence


def test_the_broker_says_which_client_did_not_trust_it_or_spoke_something_else(tmp_path: Path) -> None:
    with embedded_broker(ROLES, certificate=signed(tmp_path)) as running:
        ask(running.tls_url)
        ask(f"mqtt://127.0.0.1:{running.tls_port}")
        ask(f"mqtts://127.0.0.1:{running.port}", ca_file=str(running.ca))
        until(lambda: running.counts["refused_tls"] >= 3)
        assert running.counts["faults"] == 0
