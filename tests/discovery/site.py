"""A server as people set one up: by the commands of the README, on a host of its own."""

import re
import subprocess
from pathlib import Path

from tests.support.lan import Host
from tests.support.waiting import until

PORT, WEB_PORT = 8883, 5000
_SETTINGS = """\
[broker]
listen = "mqtts://0.0.0.0:{port}, mqtt://127.0.0.1:1883"
tls_cert = "{folder}/tls/server.crt"
tls_key = "{folder}/tls/server.key"
accounts = "{folder}/accounts.json"
{more}
"""
_WEB = """
[web]
http_host = "0.0.0.0"
tls_cert = "{folder}/tls/server.crt"
tls_key = "{folder}/tls/server.key"
tokens = "{folder}/tokens.json"
people = "{folder}/people.json"
store = "sqlite:{folder}/glassline.db"
broker = "mqtt://127.0.0.1:1883"
"""


class Site:
    """The files of a server in `folder`, and the commands that are given there. `name` stands in its certificate."""

    def __init__(self, host: Host, folder: Path, *, name: str, web: bool = False, more: str = "") -> None:
        self.host, self.folder, self.name = host, folder, name
        folder.mkdir(exist_ok=True)
        if not (folder / "ca").exists():
            self.told("ca", "init", "--name", name)
        text = _SETTINGS.format(folder=folder, port=PORT, more=more) + (_WEB.format(folder=folder) if web else "")
        (folder / "glassline.toml").write_text(text)

    def told(self, *arguments: str) -> str:
        """What a `glassline` command says that must succeed."""
        said = self.run(*arguments, "--accounts", str(self.folder / "accounts.json"))
        assert said.returncode == 0, said.stderr
        return said.stdout

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return self.host.run("-m", "workbench.main", *arguments, cwd=self.folder)

    def token(self, id: str) -> str:
        return re.findall(r"^glassline1\..+$", self.told("enroll", id, "--role", "node", "--token"), re.MULTILINE)[0]

    def credentials(self, id: str) -> Path:
        """Made once, if need be."""
        path = self.folder / "credentials" / f"{id}.toml"
        if not path.exists():
            self.told("enroll", id, "--role", "node")
        return path

    def start(self, program: str = "broker", *, ready: str = "ready, listening") -> "subprocess.Popen[str]":
        """Run one of the programs until it says that it is up."""
        log = self.folder / f"{program}.log"
        log.unlink(missing_ok=True)
        process = self.host.start("-m", program, log=log, cwd=self.folder)
        until(lambda: log.exists() and ready in log.read_text(), 30, what=log.read_text)
        return process
