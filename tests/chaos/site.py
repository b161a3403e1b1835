"""The programs of a chaos run, each of which may be killed, stopped and cut off."""

import json
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, Literal, Self

import httpx
import psutil

from glassline.accounts import mosquitto_files
from glassline.contract import Role
from glassline.program import Credentials, write_credentials
from tests.support.authority import signed
from tests.support.embedded_broker import accounts_file, free_port, password_of, wait_for_port
from tests.support.mosquitto import MOSQUITTO
from tests.support.relay import Relay
from workbench.mosquitto import conf_for

BrokerKind = Literal["embedded", "mosquitto"]
START_S = 60.0


class Program:
    """A process and all below it. `relay` is its way to the broker."""

    def __init__(self, name: str, command: list[str], *, folder: Path, relay: Relay | None = None) -> None:
        self.name, self.relay = name, relay
        self._command, self._log = command, folder / f"{name}.log"
        self.process: subprocess.Popen[str]

    def start(self) -> None:
        with self._log.open("a") as log:
            self.process = subprocess.Popen(
                self._command, stdout=subprocess.PIPE if self.is_fleet else log, stderr=log, text=True
            )

    @property
    def is_fleet(self) -> bool:
        """Of a fleet the processes of its devices are the victims, and it starts them again itself."""
        return "simulate" in self._command

    def victims(self) -> list[psutil.Process]:
        """Children first, so that none is left behind."""
        top = psutil.Process(self.process.pid)
        children: list[psutil.Process] = top.children(recursive=True)
        return children if self.is_fleet else [*children, top]

    def befall(self, kind: str) -> None:
        match kind:
            case "kill":
                self._each(psutil.Process.kill)
            case "stop":
                self._each(psutil.Process.suspend)
            case "cut" if self.relay:
                self.relay.cut()
            case "swallow" if self.relay:
                self.relay.swallow()

    def recover(self, kind: str) -> None:
        match kind:
            case "kill" if not self.is_fleet:
                self.process.wait(10)
                self.start()
            case "stop":
                self._each(psutil.Process.resume)
            case "cut" | "swallow" if self.relay:
                self.relay.mend()

    def end(self) -> None:
        """Whatever state it is in."""
        if self.process.poll() is None:
            self._each(psutil.Process.resume)
            self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(15)
                return
            self._each(psutil.Process.kill)
            self.process.kill()
            self.process.wait()

    def _each(self, action: Any) -> None:
        with suppress(psutil.NoSuchProcess):
            for victim in self.victims():
                with suppress(psutil.NoSuchProcess):
                    action(victim)


class ChaosSite:
    """`with ChaosSite(…) as site`: broker, bridge, web and `halls` fleets of devices run, all connected."""

    def __init__(
        self, folder: Path, *, broker: BrokerKind, halls: int, devices_a_hall: int, per_min: float, seed: int
    ) -> None:
        self.folder, self.halls, self.devices = folder, halls, halls * devices_a_hall
        self.store_path = folder / "glassline.db"
        self.programs: dict[str, Program] = {}
        self._kind, self._a_hall, self._per_min, self._seed = broker, devices_a_hall, per_min, seed
        self._port, self._web_port = free_port(), free_port()
        self._running = ExitStack()

    def __enter__(self) -> Self:
        try:
            self._make_accounts()
            self._add("broker", self._broker())
            wait_for_port(self._port, self.programs["broker"].process)
            store = f"sqlite:{self.store_path}"
            self._add("bridge", self._python("bridge", "--store", store), "bridge-1")
            web = self._python("web", "--store", store, "--http-port", str(self._web_port))
            self._add("web", web, "web-1")
            for hall in range(self.halls):
                self._add(f"hall-{hall + 1}", self._fleet(hall))
            self._wait_until_live()
        except BaseException:
            self._running.close()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self._running.close()

    def fleets(self) -> list[Program]:
        return [program for program in self.programs.values() if program.is_fleet]

    def rest(self) -> list[dict[str, Any]]:
        """Plant nothing more; the summaries of the fleets once their outboxes are empty, or they gave up."""
        found: dict[str, dict[str, Any]] = {}

        def collect(fleet: Program) -> None:
            out, _ = fleet.process.communicate()
            found[fleet.name] = json.loads(out)

        threads = [threading.Thread(target=collect, args=(fleet,)) for fleet in self.fleets()]
        for fleet in self.fleets():
            fleet.process.terminate()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return list(found.values())

    def known_to_the_web(self) -> int:
        """Devices that the page shows."""
        return sum(device["role"] == "node" for device in self._get("/api/devices")["devices"])

    def _online(self) -> int:
        with suppress(httpx.HTTPError):
            devices = self._get("/api/devices")["devices"]
            return sum(bool(device["online"]) for device in devices if device["role"] == "node")
        return 0

    def _wait_until_live(self) -> None:
        until_s = time.monotonic() + START_S
        while self._online() < self.devices:
            assert time.monotonic() < until_s, f"{self._online()} of {self.devices} devices: see {self.folder}"
            time.sleep(0.2)

    def _get(self, path: str) -> Any:
        return httpx.get(f"http://127.0.0.1:{self._web_port}{path}", timeout=10).json()

    def _make_accounts(self) -> None:
        nodes = [f"sim-{number}" for number in range(1, self.devices + 1)]
        roles = dict.fromkeys(nodes, Role.NODE) | {"bridge-1": Role.BRIDGE, "web-1": Role.WEB}
        accounts = accounts_file(self.folder, roles)
        mosquitto_files(accounts, self.folder / "mosquitto")
        for id, role in roles.items():
            made = Credentials(id, role, f"mqtt://127.0.0.1:{self._port}", password_of(id))
            write_credentials(self.folder / "credentials" / f"{id}.toml", made)

    def _broker(self) -> list[str]:
        (self.folder / "glassline.toml").touch()
        if self._kind == "embedded":
            listen = ["--listen", f"mqtt://127.0.0.1:{self._port}", "--accounts", str(self.folder / "accounts.json")]
            return self._python("broker", *listen)
        (self.folder / "data").mkdir()
        signed(self.folder)
        conf = self.folder / "mosquitto.conf"
        conf.write_text(conf_for(self.folder, port=self._port, tls_port=free_port(), host="127.0.0.1"))
        assert MOSQUITTO, "mosquitto is missing: apt-get install mosquitto"
        return [MOSQUITTO, "-c", str(conf)]

    def _python(self, module: str, *flags: str) -> list[str]:
        return [sys.executable, "-m", module, "--config", str(self.folder / "glassline.toml"), *flags]

    def _fleet(self, hall: int) -> list[str]:
        flags = {
            "devices": self._a_hall, "first": hall * self._a_hall + 1, "per-process": self._a_hall, "fps": 1,
            "detections-per-min": self._per_min, "folder": self.folder, "drain": 180, "seed": self._seed,
            "patience": 600,
        }  # fmt: skip
        words = [f"--{name}={value}" for name, value in flags.items()]
        return [sys.executable, "-m", "workbench.main", "simulate", "--json", *words]

    def _add(self, name: str, command: list[str], id: str | None = None) -> None:
        """Start it; `id` is that of its account, and it reaches the broker through a relay of its own."""
        relay = None
        if name != "broker":
            relay = self._running.enter_context(Relay(self._port))
            command = [*command, f"--broker={relay.url}"]
        if id:
            command += [f"--credentials={self.folder / 'credentials' / id}.toml"]
        program = self.programs[name] = Program(name, command, folder=self.folder, relay=relay)
        program.start()
        self._running.callback(program.end)
