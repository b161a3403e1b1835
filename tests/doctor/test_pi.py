"""The doctor on a Pi: only a node is set up, and its settings or the way to the broker are wrong."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from glassline.contract import Role
from glassline.program import write_secret
from tests.support.embedded_broker import RunningBroker, broker_process, free_port, wait_for_port
from tests.support.mosquitto import MOSQUITTO, mosquitto, needs_mosquitto
from tests.support.waiting import until

from .conftest import CLEAN, WELL, run_doctor

ROLES = {"pi-1": Role.NODE, "web-1": Role.WEB}


def pi(folder: Path, **settings: str) -> Path:
    """A settings file as on a Pi."""
    config = folder / "glassline.toml"
    rows = {"camera": "scene:?seed=1", "state_dir": str(folder / "state"), **settings}
    config.write_text("[pi_node]\n" + "".join(f'{name} = "{value}"\n' for name, value in rows.items()))
    return config


def with_account(broker: RunningBroker, folder: Path, password: str | None = None) -> dict[str, str]:
    secret = folder / "password"
    write_secret(secret, password or broker.passwords["pi-1"])
    return {"broker": broker.url, "password_file": str(secret)}


@contextmanager
def node(config: Path) -> Iterator["subprocess.Popen[bytes]"]:
    with (config.parent / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "pi_node", "--config", str(config)], env=CLEAN, stderr=log, stdout=log
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="module", params=["amqtt", "mosquitto"])
def broker(request: pytest.FixtureRequest) -> Iterator[RunningBroker]:
    with broker_process(ROLES) if request.param == "amqtt" else mosquitto(ROLES) as running:
        yield running


def test_address_unset_is_named_with_the_setting(tmp_path: Path) -> None:
    pi(tmp_path)
    told = run_doctor("--json", folder=tmp_path)
    assert (told.code, told.cause) == (1, "broker.address_unset")
    assert f"`broker` in [pi_node] of {'glassline.toml'}" in told.json["first_cause"]["remedy"]
    assert "BACKEND_URL" not in told.text
    assert told.json["also"] == []
    assert told.states["node"] == told.states["camera"] == told.states["bridge"] == "unknown"


def test_predecessors_backend_url_is_recognised_and_answered(tmp_path: Path) -> None:
    told = run_doctor(folder=tmp_path, BACKEND_URL="http://user:secret@192.168.1.5:5000")
    first = told.text.splitlines()[0]
    assert first.startswith("Do this next: BACKEND_URL is set here: it is the predecessor's setting"), told.text
    assert "[broker.address_unset]" in told.text
    assert "secret" not in told.text
    assert told.code == 1


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_localhost_on_a_node_is_named_when_no_broker_runs_there(tmp_path: Path, host: str) -> None:
    pi(tmp_path, broker=f"mqtt://{host}:{free_port()}")
    told = run_doctor("--json", folder=tmp_path)
    assert (told.code, told.cause) == (1, "broker.localhost_on_node"), told.text
    assert "mqtt://SERVER:1883" in told.json["first_cause"]["remedy"]


@needs_mosquitto
def test_localhost_on_a_node_is_named_as_well_when_a_broker_runs_there_that_nobody_else_uses(tmp_path: Path) -> None:
    port = free_port()
    config = pi(tmp_path, broker=f"mqtt://localhost:{port}")
    (tmp_path / "mosquitto.conf").write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
    with (
        (tmp_path / "mosquitto.log").open("w") as log,
        subprocess.Popen([str(MOSQUITTO), "-c", str(tmp_path / "mosquitto.conf")], stdout=log, stderr=log) as broker,
    ):
        try:
            wait_for_port(port, broker)
            with node(config):
                until(lambda: (tmp_path / "state" / "status.json").exists(), 30)
                told = run_doctor("--json", folder=tmp_path)
        finally:
            broker.terminate()
    assert (told.code, told.causes) == (1, ["broker.localhost_on_node"]), told.text
    assert told.states["node"] == "ok"


def test_refused_on_a_server_is_not_taken_for_localhost_on_a_node(tmp_path: Path) -> None:
    port = free_port()
    config = pi(tmp_path, broker=f"mqtt://127.0.0.1:{port}")
    config.write_text(config.read_text() + f'[broker]\nlisten = "mqtt://127.0.0.1:{port}"\n')
    told = run_doctor("--json", folder=tmp_path)
    assert (told.code, told.causes) == (1, ["node.offline", "broker.connection_refused"]), "no node runs there"
    assert f"sport = :{port}" in told.remedy("broker.connection_refused")


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("http://192.168.1.5:5000", "broker.address_invalid"),
        ("mqtt://me:hunter2@192.168.1.5", "broker.address_invalid"),
        ("mqtt://no-such-host.invalid", "broker.name_unresolved"),
    ],
)
def test_an_address_that_leads_nowhere_is_named(tmp_path: Path, address: str, code: str) -> None:
    pi(tmp_path, broker=address)
    told = run_doctor("--json", folder=tmp_path)
    assert (told.code, code in told.causes) == (1, True), told.text
    assert "hunter2" not in told.text


def test_wrong_password_is_named(broker: RunningBroker, tmp_path: Path) -> None:
    pi(tmp_path, **with_account(broker, tmp_path, "hunter2"))
    told = run_doctor("--json", folder=tmp_path)
    assert (told.code, told.causes) == (1, ["node.offline", "broker.bad_credentials"]), "no node runs there"
    assert "glassline enroll pi-1 --role node" in told.remedy("broker.bad_credentials")
    assert "hunter2" not in told.text


def test_a_node_that_runs_and_reaches_the_broker_is_well_as_far_as_can_be_seen(
    broker: RunningBroker, tmp_path: Path
) -> None:
    config = pi(tmp_path, **with_account(broker, tmp_path))
    with node(config):
        told = run_doctor(folder=tmp_path)
    assert (told.code, WELL in told.text.splitlines()) == (0, True), told.text


def test_a_node_that_does_not_run_is_named_though_its_account_works(broker: RunningBroker, tmp_path: Path) -> None:
    pi(tmp_path, **with_account(broker, tmp_path))
    told = run_doctor("--json", folder=tmp_path)
    assert (told.code, told.cause) == (1, "node.offline"), told.text
    assert told.states["broker"] == "ok"


def test_a_missing_password_file_is_named_by_path(broker: RunningBroker, tmp_path: Path) -> None:
    pi(tmp_path, broker=broker.url, password_file=str(tmp_path / "nowhere"))
    told = run_doctor("--json", folder=tmp_path)
    assert (told.code, told.cause) == (1, "settings.wrong"), told.text
    assert str(tmp_path / "nowhere") in told.json["first_cause"]["sentence"]


def test_wrong_settings_are_named_all_at_once(tmp_path: Path) -> None:
    pi(tmp_path, broker="mqtt://localhost", camera_fps="fast", brokr="mqtt://x")
    told = run_doctor("--json", folder=tmp_path)
    assert (told.code, told.cause) == (1, "settings.wrong"), told.text
    assert "camera_fps" in told.json["first_cause"]["sentence"]
    assert "did you mean 'broker'" in told.json["first_cause"]["sentence"]


def test_nothing_set_up_begins_with_the_one_thing_to_do_next(tmp_path: Path) -> None:
    told = run_doctor(folder=tmp_path)
    assert told.code == 2
    assert told.text.splitlines()[0].startswith("Do this next: run `glassline demo`")
    assert run_doctor("--json", folder=tmp_path).json["next"] == told.text.splitlines()[0]


def test_it_needs_nothing_that_a_pi_does_not_have(tmp_path: Path) -> None:
    pi(tmp_path)
    absent = (
        "flask",
        "flask_sock",
        "amqtt",
        "pwdlib",
        "cryptography",
        "wsproto",
        "simple_websocket",
        "gunicorn",
        "httpx",
        "websockets",
    )
    told = subprocess.run(
        [
            sys.executable, "-c",
            f"import sys; sys.modules.update(dict.fromkeys({absent!r})); from workbench.main import app; app()",
            "doctor", "--json",
        ],
        cwd=tmp_path, env=CLEAN, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert told.returncode == 1, told.stderr
    assert '"broker.address_unset"' in told.stdout


@pytest.mark.parametrize(
    ("arguments", "text"), [(("--config", "nowhere.toml"), "nowhere.toml"), (("--device", "Pi 1"), "no name of a node")]
)
def test_bad_usage_is_exit_code_2(tmp_path: Path, arguments: tuple[str, ...], text: str) -> None:
    told = run_doctor(*arguments, folder=tmp_path)
    assert told.code == 2
    assert text in told.complaint


def test_a_node_that_waits_to_be_enrolled_looks_at_glass_and_says_so(tmp_path: Path) -> None:
    write_secret(tmp_path / "pi-1.toml", "# written by `glassline join`")
    config = pi(tmp_path, credentials=str(tmp_path / "pi-1.toml"))
    with node(config):
        until(lambda: "found" in (tmp_path / "log").read_text(), 40, what=lambda: (tmp_path / "log").read_text())
        told = run_doctor("--json", folder=tmp_path)
    assert (told.code, told.causes) == (1, ["broker.not_enrolled"])
    assert "pi-1 has not been enrolled yet" in told.json["first_cause"]["sentence"]
    assert "glassline enroll pi-1 --role node --token" in told.remedy("broker.not_enrolled")
    assert "Traceback" not in (tmp_path / "log").read_text()
