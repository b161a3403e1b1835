"""A real mosquitto and a real `python -m web`, ended by their own ids."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import httpx
import psutil

from tests.support.embedded_broker import free_port
from tests.support.waiting import until

from .certificates import Certificate

ROOT = Path(__file__).parents[2]
MOSQUITTO = shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")


def runs(pid: int) -> bool:
    """Whether a process is there and not merely waiting to be buried."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


class Process:
    """A child process whose end is made sure of, by its own id."""

    def __init__(
        self, *command: str, env: dict[str, str] | None = None, log: Path | None = None, cwd: Path = ROOT
    ) -> None:
        self.log = log
        self._out = log.open("wb") if log else subprocess.DEVNULL
        self.child = subprocess.Popen(
            command, env={**os.environ, **(env or {})}, stdout=self._out, stderr=subprocess.STDOUT, cwd=cwd
        )

    def wait_for(self, ready: Callable[[], Any], *, what: str) -> None:
        """Wait until it is up; what does not come up is ended."""
        try:
            until(ready, timeout_s=30, what=what)
        except BaseException:
            Process.stop(self)
            raise

    def text(self) -> str:
        return self.log.read_text() if self.log else ""

    def stop(self, sig: signal.Signals = signal.SIGTERM, timeout_s: float = 10) -> float:
        """Send `sig` and wait for the end; how long that took."""
        began_s = time.monotonic()
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGCONT)
            self.child.send_signal(sig)
            try:
                self.child.wait(timeout_s)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait(timeout_s)
                raise
        return time.monotonic() - began_s

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()


class Mosquitto(Process):
    """A real mosquitto without accounts on a free loopback port."""

    def __init__(self, folder: Path, *, port: int | None = None) -> None:
        assert MOSQUITTO, "these tests need a real mosquitto: apt-get install mosquitto"
        self.port = port or free_port()
        config = folder / "mosquitto.conf"
        config.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence false\nmax_inflight_messages 20\n"
        )
        super().__init__(MOSQUITTO, "-c", str(config), log=folder / "mosquitto.log")
        self.wait_for(self._answers, what="mosquitto listens")

    @property
    def address(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        except OSError:
            return False


class Web(Process):
    """A real `python -m web`; `trusted` is the context of its clients where it speaks TLS."""

    def __init__(
        self,
        folder: Path,
        *,
        broker: str,
        store: str = "",
        port: int | None = None,
        env: dict[str, str] | None = None,
        tls: Certificate | None = None,
        cwd: Path = ROOT,
        **more: Any,
    ) -> None:
        self.port, self.trusted = port or free_port(), tls.trusted() if tls else None
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        if tls:
            more = {"tls_cert": tls.cert, "tls_key": tls.key, **more}
        settings = {
            "broker": broker, "store": store or f"sqlite:{folder}/glassline.db", "http_port": self.port,
            "state_dir": folder / "web", **more,
        }  # fmt: skip
        flags = [f"--{name.replace('_', '-')}={value}" for name, value in settings.items() if value != ""]
        log = folder / f"web-{self.port}.log"
        environ = {"PYTHONPATH": str(ROOT), **(env or {})}
        super().__init__(sys.executable, "-m", "web", *flags, env=environ, log=log, cwd=cwd)
        self.http = httpx.Client(base_url=self.url, timeout=20, verify=self.trusted or False)
        self.wait_for(self.health, what="the web answers")

    def health(self) -> dict[str, Any] | None:
        assert self.child.poll() is None, self.text()
        try:
            return self.http.get("/health").json()
        except httpx.TransportError:
            return None

    def get(self, path: str, **params: Any) -> Any:
        answer = self.http.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def workers(self) -> list[int]:
        """The process ids of gunicorn's workers."""
        return [child.pid for child in psutil.Process(self.child.pid).children()]

    def stop(self, sig: signal.Signals = signal.SIGTERM, timeout_s: float = 10) -> float:
        self.http.close()
        return super().stop(sig, timeout_s)
