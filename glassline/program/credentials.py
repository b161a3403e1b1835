"""Credentials: one 0600 file with all that a program needs to reach its broker, made where the broker runs.

TOML: id, role, broker, password, and where the broker has a certificate of a private CA: ca (PEM).
"""

import json
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from glassline.contract import Role, is_id

from .secrets import SecretError, read_closed, write_secret

_REMEDY = "Make one with `glassline enroll` where the broker runs"
_HEAD = """\
# Made by Glassline for {id} ({role}): what it needs to reach its broker. Whoever can read this file can speak as {id}.
# A program uses it by its setting `credentials`, like: python -m {program} --credentials THIS-FILE
"""
PROGRAMS = {Role.NODE: "pi_node", Role.BRIDGE: "bridge", Role.WEB: "web"}
"""Which program speaks in a role. An observer is any other, like mosquitto_sub."""


@dataclass(frozen=True)
class Credentials:
    """What stands in the file. `previous_password` is there after a rotation, until the broker has changed over."""

    id: str
    role: Role
    broker: str
    password: str = field(repr=False)
    previous_password: str = field(default="", repr=False)
    ca: str = ""

    @property
    def passwords(self) -> tuple[str, ...]:
        """Those that the broker may want, the newest first."""
        return tuple(filter(None, (self.password, self.previous_password)))


def read_credentials(path: Path | str) -> Credentials:
    """Read the file; SecretError if it is missing, open to others or no credentials."""
    try:
        return parse_credentials(read_closed(path, what="credentials", remedy=_REMEDY))
    except ValueError as error:
        raise SecretError(f"{path} holds no credentials: {error}. {_REMEDY}") from None


def is_blank(path: Path | str) -> bool:
    """Whether the file waits for its credentials: it is there, and holds nothing but comments."""
    try:
        lines = read_closed(path, what="credentials", remedy=_REMEDY).splitlines()
    except SecretError:
        return False
    return all(not line.strip() or line.lstrip().startswith("#") for line in lines)


def write_credentials(path: Path | str, credentials: Credentials) -> None:
    """Replace the file by one of mode 0600."""
    write_secret(path, format_credentials(credentials))


def parse_credentials(text: str) -> Credentials:
    """The credentials in `text`; ValueError says what is wrong, never what stands there."""
    try:
        content = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        raise ValueError("it is not TOML") from None
    values = {name: content.get(name, "") for name in ("broker", "password", "previous_password", "ca")}
    id, role = content.get("id", ""), content.get("role", "")
    if not all(isinstance(value, str) for value in (id, role, *values.values())):
        raise ValueError("expected texts only")
    if not is_id(id) or role not in set(Role) or not values["broker"] or not values["password"]:
        raise ValueError("expected id, role, broker and password")
    return Credentials(id=id, role=Role(role), **values)


def format_credentials(credentials: Credentials) -> str:
    """The file's text."""
    role = credentials.role
    values = {"id": credentials.id, "role": role.value, "broker": credentials.broker, "password": credentials.password}
    if credentials.previous_password:
        values["previous_password"] = credentials.previous_password
    head = _HEAD.format(id=credentials.id, role=role, program=PROGRAMS.get(role, "PROGRAM"))
    lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in values.items()]
    if credentials.ca:
        lines.append(f'ca = """\n{credentials.ca.strip()}\n"""')
    return head + "\n".join(lines) + "\n"
