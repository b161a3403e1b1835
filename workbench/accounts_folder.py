"""Where this machine keeps accounts, certificates and what is made from them: all beside the accounts file."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from glassline.accounts import Accounts, AccountsError, mosquitto_files
from glassline.accounts.authority import facts_of, machine_names
from glassline.program import SecretError, SettingsError

from .failing import fail

if TYPE_CHECKING:
    from broker.settings import BrokerSettings
    from glassline.accounts.tokens import Tokens

T = TypeVar("T")

DEFAULT = Path("var/accounts/accounts.json")
_ANYWHERE = ("0.0.0.0", "::")  # noqa: S104
AccountsOption = Annotated[
    Path | None,
    typer.Option(
        "--accounts",
        help=f"The accounts file; without it `accounts` of \\[broker] in this machine's settings, else {DEFAULT}.",
    ),
]


@dataclass(frozen=True)
class AccountsFolder:
    """The accounts file, and beside it: ca/, tls/ (the server's certificate), mosquitto/, credentials/, tokens.json."""

    file: Path

    @classmethod
    def of(cls, chosen: Path | None) -> AccountsFolder:
        """The one that was named, or that this machine's settings name."""
        settings = _broker_settings()
        return cls(chosen or Path(settings.accounts if settings and settings.accounts else DEFAULT))

    @property
    def ca(self) -> Path:
        return self.file.parent / "ca"

    @property
    def tls(self) -> Path:
        return self.file.parent / "tls"

    @property
    def mosquitto(self) -> Path:
        return self.file.parent / "mosquitto"

    @property
    def cert(self) -> Path:
        return self.tls / "server.crt"

    @property
    def key(self) -> Path:
        return self.tls / "server.key"

    def credentials(self, id: str) -> Path:
        return self.file.parent / "credentials" / f"{id}.toml"

    @cached_property
    def accounts(self) -> Accounts:
        return Accounts(self.file)

    @cached_property
    def tokens(self) -> Tokens:
        """In a folder of their own where there is one: the web changes them, and may be another user."""
        from glassline.accounts.tokens import Tokens

        own = self.file.parent / "tokens"
        return Tokens((own if own.is_dir() else self.file.parent) / "tokens.json")

    @property
    def ca_pem(self) -> str:
        """The CA's certificate, empty without one."""
        path = self.ca / "ca.crt"
        return path.read_text() if path.exists() else ""

    def broker_address(self, *, local: bool) -> str:
        """Where programs find this machine's broker: those elsewhere with TLS if there is, `local` ones without."""
        from broker.listening import ListenAddress

        settings = _broker_settings()
        if settings is not None:
            doors = settings.addresses
        else:
            doors = ListenAddress.parse_all(
                "mqtts://0.0.0.0, mqtt://127.0.0.1" if self.cert.exists() else "mqtt://127.0.0.1"
            )
        door = min(doors, key=lambda one: one.tls is local)
        if door.host not in _ANYWHERE:
            return str(door)
        names = facts_of(self.cert).names if self.cert.exists() else machine_names()
        return str(ListenAddress("127.0.0.1" if local else names[0], door.port, door.tls))

    def renew_mosquitto(self) -> None:
        """Write mosquitto's files anew and have it read them, or say how."""
        from .mosquitto_reload import reload_mosquitto

        passwords, _ = mosquitto_files(self.accounts, self.mosquitto)
        for sentence in reload_mosquitto(passwords):
            typer.echo(sentence)


def _broker_settings() -> BrokerSettings | None:
    """The settings of this machine's broker, where its settings file has any."""
    from broker.settings import BrokerSettings
    from glassline.program.settings import find_file, read_tables, resolve

    file = find_file(None, os.environ)
    if BrokerSettings.program not in read_tables(file):
        return None
    return resolve(BrokerSettings, flags={}, environ=os.environ, file=file).values


def do(action: Callable[[], T]) -> T:
    """Its result; what goes wrong ends the command with one sentence."""
    try:
        return action()
    except (AccountsError, SecretError, SettingsError, ValueError, OSError) as error:
        fail(str(error))
