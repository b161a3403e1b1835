"""The doctor on a Pi whose broker speaks TLS: with its credentials all is well, and what is wrong is named."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from glassline.contract import Role
from glassline.program import Credentials, write_credentials
from tests.support.authority import EXPIRED, NOT_YET, signed
from tests.support.embedded_broker import RunningBroker, embedded_broker
from tests.support.mosquitto import mosquitto

from .conftest import CLEAN, WELL, run_doctor
from .test_pi import ROLES, node, pi


@pytest.fixture(params=["embedded", "mosquitto"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RunningBroker]:
    with (embedded_broker if request.param == "embedded" else mosquitto)(
        ROLES, certificate=signed(tmp_path)
    ) as running:
        yield running


def made(broker: RunningBroker) -> Credentials:
    assert broker.ca is not None
    return Credentials("pi-1", Role.NODE, broker.tls_url, broker.passwords["pi-1"], ca=broker.ca.read_text())


def test_a_node_with_its_credentials_is_well_and_its_password_is_shown_nowhere(
    broker: RunningBroker, tmp_path: Path
) -> None:
    write_credentials(tmp_path / "pi-1.toml", made(broker))
    config = pi(tmp_path, credentials=str(tmp_path / "pi-1.toml"))
    with node(config):
        told = run_doctor(folder=tmp_path)
        as_json = run_doctor("--json", folder=tmp_path)
    assert WELL in told.text.splitlines(), told.text
    assert broker.passwords["pi-1"] not in told.text + as_json.text + (tmp_path / "log").read_text()


def test_a_node_that_was_started_with_credentials_alone_is_found_from_its_folder(
    broker: RunningBroker, tmp_path: Path
) -> None:
    (tmp_path / "pi").mkdir()
    write_credentials(tmp_path / "pi" / "pi-1.toml", made(broker))
    command = [sys.executable, "-m", "pi_node", "--credentials", "pi-1.toml", "--camera", "scene:?seed=1"]
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=tmp_path / "pi", env=CLEAN, stderr=log)
    try:
        told = run_doctor(folder=tmp_path / "pi")
    finally:
        process.terminate()
        process.wait(20)
    assert WELL in told.text.splitlines(), told.text


@pytest.mark.parametrize(
    ("change", "code", "remedy"),
    [
        ({"ca": "OTHER"}, "broker.tls_untrusted", "glassline ca show"),
        ({"broker": "PLAIN ON TLS"}, "broker.wants_tls", "mqtts:// instead of mqtt://"),
        ({"broker": "TLS ON PLAIN"}, "broker.has_no_tls", "glassline ca init"),
        ({"password": "wrong-password"}, "broker.bad_credentials", "glassline rotate pi-1"),
    ],
)
def test_what_is_wrong_with_the_credentials_is_named(
    broker: RunningBroker, tmp_path: Path, change: dict[str, str], code: str, remedy: str
) -> None:
    (tmp_path / "other").mkdir()
    values = {
        "OTHER": signed(tmp_path / "other").ca.read_text(),
        "PLAIN ON TLS": broker.tls_url.replace("mqtts", "mqtt"),
        "TLS ON PLAIN": broker.url.replace("mqtt", "mqtts"),
    }
    wrong = replace(made(broker), **{name: values.get(value, value) for name, value in change.items()})
    write_credentials(tmp_path / "pi-1.toml", wrong)
    pi(tmp_path, credentials=str(tmp_path / "pi-1.toml"))
    told = run_doctor("--json", folder=tmp_path)
    assert (told.code, told.causes) == (1, ["node.offline", code]), "no node runs there"
    assert remedy in told.remedy(code)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"age": EXPIRED}, "broker.tls_expired"),
        ({"age": NOT_YET}, "broker.tls_not_yet_valid"),
        ({"names": ("server.local",)}, "broker.tls_wrong_name"),
    ],
)
def test_a_certificate_that_will_not_do_is_named(tmp_path: Path, more: dict[str, object], code: str) -> None:
    with mosquitto(ROLES, certificate=signed(tmp_path, **more)) as running:  # type: ignore[arg-type]
        write_credentials(tmp_path / "pi-1.toml", made(running))
        pi(tmp_path, credentials=str(tmp_path / "pi-1.toml"))
        told = run_doctor("--json", folder=tmp_path)
    assert (told.code, told.causes) == (1, ["node.offline", code]), "no node runs there"
    assert "timedatectl" in told.text or "glassline ca server --name 127.0.0.1" in told.text
