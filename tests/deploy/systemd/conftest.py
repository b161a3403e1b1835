"""A Pi with a real systemd, and a server that it reaches over a cable; both last for the tests of a file."""

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from glassline.contract import Role
from glassline.program import Credentials, write_credentials
from tests.support.authority import signed
from tests.support.container import Container
from tests.support.debian import PROJECT, trixie
from tests.support.embedded_broker import RunningBroker, accounts_file, wait_for_port
from tests.support.ports import free_port
from tests.support.waiting import until
from tests.support.wheels import packages_of, program_wheel

ROLES = {"pi-1": Role.NODE, "bridge-1": Role.BRIDGE, "web-1": Role.WEB}
CAMERA = "scene:?seed=3"
CARD = Path("/var/card")
HANG = Path("/var/lib/pi_node/hang")
"""While this file is there, the detector does not come back from a picture."""
HANGING = f"""
import pathlib, time, pi_node.detection.inspection as inspection
look = inspection.Inspection._look
def hang_or_look(self, detector, frame):
    if pathlib.Path("{HANG}").exists():
        time.sleep(1000)
    return look(self, detector, frame)
inspection.Inspection._look = hang_or_look
"""
WAITING = """
import sqlite3
for row in sqlite3.connect("file:/var/lib/pi_node/outbox.db?mode=ro", uri=True).execute("SELECT event_id FROM outbox"):
    print(*row)
"""
DROP_IN = "[Service]\nEnvironment=PYTHONPATH=/var/hang\n"


class Server:
    """Broker and bridge on this machine; `address` is that of the broker for the Pi, with TLS."""

    def __init__(self, folder: Path, ip: str) -> None:
        self._folder = folder
        accounts = accounts_file(folder, ROLES)
        certificate = signed(folder, names=(ip, "127.0.0.1"))
        self.ca = certificate.ca.read_text()
        self.passwords = {id: f"secret-of-{id}" for id in ROLES}
        port, tls_port = free_port(), free_port()
        self.address = f"mqtts://{ip}:{tls_port}"
        self.broker = RunningBroker(port=port, passwords=self.passwords, accounts=accounts)
        self._store = folder / "store.db"
        secret = folder / "bridge.secret"
        secret.touch(0o600)
        secret.write_text(self.passwords["bridge-1"])
        listen = f"{self.address},mqtt://127.0.0.1:{port}"
        tls = ["--tls-cert", str(certificate.cert), "--tls-key", str(certificate.key)]
        self._programs = [
            self._start("broker", "--listen", listen, "--accounts", str(accounts.path), *tls),
            self._start(
                "bridge",
                "--broker",
                self.broker.url,
                "--store",
                f"sqlite:{self._store}",
                "--password-file",
                str(secret),
            ),
        ]
        wait_for_port(port, self._programs[0])

    def _start(self, program: str, *flags: str) -> "subprocess.Popen[bytes]":
        with (self._folder / f"{program}.log").open("w") as log:
            return subprocess.Popen([sys.executable, "-m", program, *flags], stderr=log, cwd=self._folder)

    def stored(self) -> set[str]:
        """The events of the Pi that are in the store."""
        with closing(sqlite3.connect(f"file:{self._store}?mode=ro", uri=True)) as db:
            rows = db.execute("SELECT event_id FROM defects WHERE device_id = 'pi-1'")
            return {event_id for (event_id,) in rows}

    def stop(self) -> None:
        for program in self._programs:
            program.terminate()
        for program in self._programs:
            program.wait(15)


class Pi(Container):
    """The machine with a node on it, once `install` was called."""

    def install(
        self, *flags: str, wheel: Path, check: bool = True, before: Sequence[str] = (), by: Sequence[str] = ()
    ) -> str:
        """Run deploy/install.sh with the packages of a card; it is run by `before`, and that by `by`, from here."""
        for old in (self.files / "var/card/wheels").glob("glassline-*.whl"):
            old.unlink()
        shutil.copy(wheel, self.files / "var/card/wheels")
        return self.run(
            *before, CARD / "install.sh", "--wheels", CARD / "wheels", "--lock", CARD / "wheels/lock", *flags,
            check=check, by=by,
        )  # fmt: skip

    def uninstall(self, *flags: str, check: bool = True) -> str:
        """Run deploy/uninstall.sh."""
        return self.run(CARD / "uninstall.sh", *flags, check=check)

    @property
    def pid(self) -> int:
        """The node's process, 0 while there is none."""
        return int(self.property("pi_node", "MainPID"))

    def says(self) -> dict:
        """What the node says of itself to this machine."""
        return json.loads((self.files / "run/pi_node/status.json").read_text())

    def is_online(self) -> bool:
        """Whether the process that runs now has pictures and the broker."""
        try:
            said = self.says()
        except (OSError, ValueError):
            return False
        return said["pid"] == self.pid and said["link"]["connected"] and said["health"]["frames"]["captured"] > 0

    def found(self) -> int:
        """How many detections its journal tells of."""
        return sum(line.startswith("found ") for line in self.journal("pi_node").splitlines())

    def waiting(self) -> set[str]:
        """The events in its outbox."""
        return set(self.run("python3", "-c", WAITING).split())

    def why(self) -> str:
        return self.journal("pi_node")[-3000:]


@contextmanager
def switched_on(root: Path, packages: Path, folder: Path) -> Iterator[Pi]:
    """With a card in it that holds install.sh and these packages."""
    with Pi(root, folder / "machine") as machine:
        card = machine.files / "var/card"
        shutil.copytree(PROJECT / "deploy", card)
        shutil.copytree(packages, card / "wheels")
        yield machine


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return program_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def pi(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pi]:
    """Switched on, with a card in it, and nothing installed."""
    with switched_on(trixie(), packages_of(("pi", "ncnn")), tmp_path_factory.mktemp("pi")) as machine:
        yield machine


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, pi: Pi) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server")
    running = Server(folder, pi.host_ip)
    credentials = Credentials("pi-1", Role.NODE, running.address, running.passwords["pi-1"], ca=running.ca)
    write_credentials(folder / "pi-1.toml", credentials)
    shutil.copy(folder / "pi-1.toml", pi.files / "root/pi-1.toml")
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="module")
def installed(pi: Pi, server: Server, wheel: Path) -> Pi:
    """With the node on it, online; its detector can be made to hang."""
    for name, text in {
        "var/hang/sitecustomize.py": HANGING,
        "etc/systemd/system/pi_node.service.d/hang.conf": DROP_IN,
    }.items():
        (pi.files / name).parent.mkdir(parents=True)
        (pi.files / name).write_text(text)
    pi.install("--id", "pi-1", "--camera", CAMERA, "--credentials", "/root/pi-1.toml", wheel=wheel)
    until(pi.is_online, 60, what=pi.why)
    return pi
