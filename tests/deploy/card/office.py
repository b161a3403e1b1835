"""A server as people set one up by the README's commands, which flashes cards: accounts, broker and web."""

import subprocess
import sys
import threading
from pathlib import Path

import paho.mqtt.client as paho

from glassline.link import BrokerAddress
from glassline.program import read_credentials
from tests.support.debian import PROJECT
from tests.support.ports import free_port
from tests.support.waiting import until

PASSPHRASE = "planted pass phrase 7"
_SETTINGS = """\
[broker]
listen = "mqtts://{ip}:{tls_port}, mqtt://127.0.0.1:{port}"
tls_cert = "{folder}/tls/server.crt"
tls_key = "{folder}/tls/server.key"
accounts = "{folder}/accounts.json"
[web]
http_host = "{ip}"
http_port = {web_port}
tls_cert = "{folder}/tls/server.crt"
tls_key = "{folder}/tls/server.key"
tokens = "{folder}/tokens.json"
people = "{folder}/people.json"
store = "sqlite:{folder}/glassline.db"
credentials = "{folder}/credentials/web-1.toml"
"""


class Office:
    """`ip` is where its machines reach it. Programs run once they are started."""

    def __init__(self, folder: Path, ip: str) -> None:
        self.folder, self.ip = folder, ip
        folder.mkdir()
        self.told("ca", "init", "--name", ip, "--name", "127.0.0.1")
        port, self.tls_port, self.web_port = free_port(), free_port(), free_port()
        (folder / "glassline.toml").write_text(
            _SETTINGS.format(ip=ip, folder=folder, port=port, tls_port=self.tls_port, web_port=self.web_port)
        )
        for id, role in (("web-1", "web"), ("eye", "observer")):
            self.told("enroll", id, "--role", role, "--local")
        self.page = f"https://{ip}:{self.web_port}"
        self._running: list[subprocess.Popen[bytes]] = []

    def run(self, *arguments: str, said: str = "") -> "subprocess.CompletedProcess[str]":
        """A `glassline` command; `said` is typed."""
        command = [sys.executable, "-m", "workbench.main", *arguments, "--accounts", str(self.folder / "accounts.json")]
        return subprocess.run(
            command, input=said, capture_output=True, text=True, timeout=600, cwd=self.folder, check=False
        )

    def told(self, *arguments: str, said: str = "") -> str:
        """What it printed; it must succeed."""
        ended = self.run(*arguments, said=said)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    def flash(self, out: Path, *more: str) -> str:
        """The card of pi-1 with Wi-Fi."""
        wheels = PROJECT / "var" / "wheels" / "py313"
        wifi = ("--wifi", 'Halle 7 "Ost"', "--country", "DE")
        return self.told(
            "flash", "--id", "pi-1", "--out", str(out), *wifi, "--server", self.page, "--wheels", str(wheels), *more,
            said=PASSPHRASE + "\n",
        )  # fmt: skip

    def hears(self, topic: str, payload: bytes, *, within_s: float) -> bool:
        """Whether this comes at the broker, for an account that may read everything."""
        made, came = read_credentials(self.folder / "credentials" / "eye.toml"), threading.Event()
        client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id="eye.test")
        client.username_pw_set("eye", made.password)
        client.on_connect = lambda *_: client.subscribe(topic, 1)
        client.on_message = lambda _client, _data, message: came.set() if message.payload == payload else None
        address = BrokerAddress.parse(made.broker)
        client.connect(address.host, address.port)
        client.loop_start()
        try:
            return came.wait(within_s)
        finally:
            client.disconnect()
            client.loop_stop()

    def start(self, program: str) -> None:
        """Start `broker` or `web`, and wait until it serves."""
        log = self.folder / f"{program}.log"
        with log.open("wb") as file:
            command = [sys.executable, "-m", program]
            self._running.append(subprocess.Popen(command, stdout=file, stderr=file, cwd=self.folder))
        ready = "ready, listening" if program == "broker" else "https://"
        until(lambda: ready in log.read_text(), 60, what=log.read_text)

    def stop(self) -> None:
        for one in self._running:
            one.terminate()
        for one in self._running:
            one.wait(20)
