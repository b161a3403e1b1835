"""A real line of two machines: broker, bridge and web in the server's folder, the node in the Pi's."""

import json
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from glassline.contract import Role
from glassline.program import Credentials, read_credentials, write_credentials
from tests.support.embedded_broker import free_port, wait_for_port
from workbench.accounts_folder import AccountsFolder
from workbench.mosquitto import conf_for, find_mosquitto

from .cable import Cable, CannotError, laid
from .program import CLEAN, Program
from .settings import SettingsFile, Value

SERVER_PROGRAMS = ("broker", "bridge", "web")
NODE = "pi_node"
NODE_ID = "pi-1"
CAMERA = "scene:?seed=7"
PATIENCE_S = 60.0
HOPS = {"camera", "detector", "node", "broker", "bridge", "store", "web"}


class NotWellError(Exception):
    """The line does not become well; the text says what was seen last."""


class Site:
    """`with Site(folder) as site`: all four programs run, and the node comes with TLS and its account."""

    def __init__(self, folder: Path) -> None:
        self.server, self.pi = folder / "server", folder / "pi"
        self.broker_port, self.tls_port, self.web_port = free_port(), free_port(), free_port()
        self.page_url = self.url
        """Where the browser opens the page; an injection may set another, it is put back afterwards."""
        self._running = ExitStack()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.web_port}"

    @property
    def accounts(self) -> AccountsFolder:
        """The paths of accounts, CA and certificate."""
        return AccountsFolder(self.server / "accounts" / "accounts.json")

    @property
    def store(self) -> Path:
        """The SQLite file."""
        return self.server / "store" / "glassline.db"

    @property
    def state(self) -> Path:
        """The node's `state_dir`: outbox and what else it keeps."""
        return self.pi / "state"

    @property
    def node_credentials(self) -> Path:
        return self.pi / f"{NODE_ID}.toml"

    def __enter__(self) -> Self:
        try:
            self.cable: Cable = self._running.enter_context(laid())
            self._set_up()
            self.programs = {name: Program(name, self.server) for name in SERVER_PROGRAMS}
            self.programs[NODE] = Program(NODE, self.pi, before=self.cable.on_pi)
            self._running.callback(self.end_all)
            self.start_all()
        except BaseException:
            self._running.close()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self._running.close()

    def start_all(self) -> None:
        """Start what does not run, and wait until all is well."""
        for program in self.programs.values():
            program.signal(signal.SIGCONT)
            if not program.runs:
                program.start()
        self.wait_until_well()

    def end_all(self) -> None:
        for program in reversed(self.programs.values()):
            program.end()

    def mend(self, *, anew: bool = False) -> None:
        """After a fault: start again what ended, or everything where that does not help, or `anew` asks for it."""
        self.page_url = self.url
        if anew:
            self._forget()
        try:
            self.start_all()
        except NotWellError:
            self._forget()
            self.start_all()

    def _forget(self) -> None:
        """End everything, and begin with an empty store and an empty outbox: halves of both may be gone."""
        self.end_all()
        for folder in (self.state, self.store.parent):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(exist_ok=True)

    def wait_until_well(self) -> None:
        """Until the web's own chain has no fault, and all that it knows of is seen and works."""
        until_s = time.monotonic() + PATIENCE_S
        seen: dict[str, dict[str, Any]] = {}
        while time.monotonic() < until_s:
            with suppress(OSError, ValueError):
                seen = self.chain()
                if all(hop["state"] == "ok" for hop in seen.values()) and seen.keys() >= HOPS:
                    return
            time.sleep(0.25)
        logs = "".join(f"\n{program.name}:\n{program.log_end()}" for program in self.programs.values())
        raise NotWellError(f"not well after {PATIENCE_S:g} s: {seen}{logs}")

    def chain(self) -> dict[str, dict[str, Any]]:
        """What the web says of the node's chain, by hop; OSError where it does not answer."""
        with urllib.request.urlopen(f"{self.url}/api/devices/{NODE_ID}/chain", timeout=5) as answer:
            return {hop["hop"]: hop for hop in json.load(answer)["hops"]}

    def restart(self, *names: str) -> None:
        """End these programs and start them as they are set up now."""
        for name in names:
            self.programs[name].end()
            self.programs[name].start()

    @contextmanager
    def ended(self, name: str, number: int = signal.SIGTERM) -> Iterator[None]:
        """A program is ended by that signal, and started again afterwards."""
        program = self.programs[name]
        program.signal(number)
        program.end()
        try:
            yield
        finally:
            program.start()

    @contextmanager
    def frozen(self, name: str) -> Iterator[None]:
        """A program stands still (SIGSTOP) and keeps its connections."""
        self.programs[name].signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.programs[name].signal(signal.SIGCONT)

    @contextmanager
    def changed(self, name: str, **settings: Value) -> Iterator[None]:
        """A program runs with other settings in its machine's glassline.toml, as if somebody had written them."""
        file = self.settings_pi if name == NODE else self.settings_server
        with file.changed(name, **settings):
            self.restart(name)
            yield
        self.restart(name)

    @contextmanager
    def given(self, *, broker: str = "", password: str = "", ca: str = "") -> Iterator[None]:
        """The node runs with other credentials: what is given here (`ca` as PEM) stands in place of what was right."""
        good = read_credentials(self.node_credentials)
        other = replace(good, broker=broker or good.broker, password=password or good.password, ca=ca or good.ca)
        write_credentials(self.node_credentials, other)
        self.restart(NODE)
        try:
            yield
        finally:
            write_credentials(self.node_credentials, good)
            self.restart(NODE)

    def enroll(self, id: str, role: Role, out: Path, *, local: bool = False) -> Credentials:
        """A further account: what `glassline enroll` writes to `out`."""
        address = f"mqtt://127.0.0.1:{self.broker_port}" if local else f"mqtts://{self.cable.server}:{self.tls_port}"
        self.glassline("enroll", id, "--role", role.value, "--broker", address, "--out", str(out))
        return read_credentials(out)

    @contextmanager
    def second_node(self, folder: Path, credentials: Path) -> Iterator[Program]:
        """A further node beside the Pi's, on the Pi's end of the cable, in a folder of its own."""
        folder.mkdir(parents=True, exist_ok=True)
        table = self.settings_pi.tables[NODE] | {"credentials": str(credentials), "state_dir": str(folder / "state")}
        SettingsFile(folder / "glassline.toml", pi_node=table)
        program = Program(NODE, folder, before=self.cable.on_pi)
        program.start()
        try:
            yield program
        finally:
            program.end()

    @contextmanager
    def mosquitto(self, acl: Callable[[str], str] = str) -> Iterator[None]:
        """mosquitto with the same accounts and ports takes the broker's place; `acl` may change its ACL file's text."""
        program = find_mosquitto()
        if program is None:
            raise CannotError("mosquitto is missing: apt-get install mosquitto")
        folder = self.accounts.file.parent
        (folder / "data").mkdir(exist_ok=True)
        conf = conf_for(folder, port=self.broker_port, tls_port=self.tls_port, host="0.0.0.0")
        (folder / "mosquitto.conf").write_text(conf)
        list_file = folder / "mosquitto" / "acl"
        usual = list_file.read_text()
        list_file.write_text(acl(usual))
        with self.ended("broker"):
            with (self.server / "mosquitto.log").open("a") as log:
                process = subprocess.Popen([program, "-c", str(folder / "mosquitto.conf")], stdout=log, stderr=log)
            try:
                wait_for_port(self.broker_port, process)
                yield
            finally:
                process.terminate()
                process.wait(10)
                list_file.write_text(usual)

    def glassline(self, *arguments: str) -> str:
        """Run `glassline …` in the server's folder; what it prints."""
        command = [sys.executable, "-m", "workbench.main", *arguments]
        done = subprocess.run(command, cwd=self.server, env=CLEAN, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"glassline {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done.stdout

    def _set_up(self) -> None:
        """Both folders, by the commands that people type."""
        for folder in (self.server, self.pi, self.store.parent):
            folder.mkdir(parents=True, exist_ok=True)
        store = f"sqlite:{self.store}"
        broker: dict[str, Value] = {
            "listen": f"mqtts://0.0.0.0:{self.tls_port}, mqtt://127.0.0.1:{self.broker_port}",
            "accounts": str(self.accounts.file), "tls_cert": str(self.accounts.cert), "tls_key": str(self.accounts.key),
            "advertise": False,
        }  # fmt: skip
        bridge: dict[str, Value] = {"credentials": str(self.accounts.credentials("bridge-1")), "store": store}
        web: dict[str, Value] = {
            "credentials": str(self.accounts.credentials("web-1")), "store": store, "http_port": self.web_port,
        }  # fmt: skip
        node: dict[str, Value] = {
            "credentials": str(self.node_credentials), "camera": CAMERA, "image_wh": "320x240", "camera_fps": 8,
            "detect_fps": 2, "detector_threads": 1, "live_fps": 5, "state_dir": str(self.state),
        }  # fmt: skip
        self.settings_server = SettingsFile(self.server / "glassline.toml", broker=broker, bridge=bridge, web=web)
        self.settings_pi = SettingsFile(self.pi / "glassline.toml", pi_node=node)
        self.glassline("ca", "init", "--name", self.cable.server)
        for id, role in (("bridge-1", Role.BRIDGE), ("web-1", Role.WEB)):
            self.enroll(id, role, self.accounts.credentials(id), local=True)
        self.enroll(NODE_ID, Role.NODE, self.node_credentials)
