"""The demo's own site: accounts, passwords, settings file and folders for four programs on this machine."""

import json
import socket
from dataclasses import dataclass
from pathlib import Path

from glassline.accounts import Accounts, client_options
from glassline.contract import Role
from glassline.program import holder_of, read_secret, write_secret

PROGRAMS = ("broker", "bridge", "web", "pi_node")
NODE_ID = "pi-1"
ACCOUNTS = {NODE_ID: Role.NODE, "bridge-1": Role.BRIDGE, "web-1": Role.WEB, "observer": Role.OBSERVER}


class PortTakenError(Exception):
    """A port that the demo needs is in use; the text says by whom and what to do."""


@dataclass(frozen=True)
class Site:
    """Where everything of one demo lies and listens."""

    folder: Path
    broker_port: int
    web_port: int
    camera: str

    @property
    def config(self) -> Path:
        return self.folder / "glassline.toml"

    @property
    def store(self) -> str:
        return f"sqlite:{self.folder / 'store' / 'glassline.db'}"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.web_port}"

    @property
    def broker(self) -> str:
        return f"mqtt://127.0.0.1:{self.broker_port}"

    def secret(self, id: str) -> Path:
        """The file with the password of the account `id`."""
        return self.folder / "secrets" / id

    def write(self) -> None:
        """Make whatever is missing; accounts and passwords that exist stay as they are."""
        self.folder.mkdir(parents=True, exist_ok=True)
        accounts = Accounts(self.folder / "accounts.json")
        known = accounts.list()
        for id, role in ACCOUNTS.items():
            if known.get(id) is not role or not self.secret(id).exists():
                write_secret(self.secret(id), accounts.add(id, role))
        client_options(
            self.folder / "observer", "observer", read_secret(self.secret("observer")), "127.0.0.1", self.broker_port
        )
        self.config.write_text(self._settings(), encoding="utf-8")

    def _settings(self) -> str:
        def account(id: str) -> str:
            return f"broker = {_toml(self.broker)}\nid = {_toml(id)}\npassword_file = {_toml(self.secret(id))}\n"

        return (
            "# Made by `glassline demo`: the four programs of one machine.\n"
            f"\n[broker]\nlisten = {_toml(self.broker)}\naccounts = {_toml(self.folder / 'accounts.json')}\n"
            f"\n[bridge]\n{account('bridge-1')}store = {_toml(self.store)}\n"
            f"\n[web]\n{account('web-1')}store = {_toml(self.store)}\nhttp_port = {self.web_port}\n"
            f"state_dir = {_toml(self.folder / 'web')}\n"
            f"\n[pi_node]\n{account(NODE_ID)}camera = {_toml(self.camera)}\n"
            f"state_dir = {_toml(self.folder / 'pi_node')}\n"
        )


def _toml(text: str | Path) -> str:
    """A TOML basic string: its escapes are JSON's, but for surrogate pairs, which ensure_ascii would write."""
    return json.dumps(str(text), ensure_ascii=False)


def check_ports(ports: dict[str, int]) -> None:
    """Raise PortTakenError for the first port (by flag that sets it) that another program listens on."""
    for flag, port in ports.items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                holder = holder_of(port) or "another program"
                raise PortTakenError(
                    f"port {port} is taken by {holder}: end that program, or choose another port with {flag}"
                ) from None
