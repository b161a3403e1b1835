"""Which program listens on a port of this machine, in words that hold no secret: command lines may."""

import re
from dataclasses import dataclass
from pathlib import PurePath

import psutil

from .loopback import is_loopback

_PYTHON = re.compile(r"python[\d.]*(\.exe)?")
_MODULE = re.compile(r"[A-Za-z_][\w.]*")
_SCRIPT = re.compile(r"[\w.-]+")


@dataclass(frozen=True, kw_only=True)
class PortHolder:
    """A program that listens. `host` is the address of this machine at which it does.

    >>> str(PortHolder(program="python -m broker", pid=812, host="127.0.0.1"))
    'python -m broker (pid 812)'
    """

    program: str
    pid: int
    host: str

    def __str__(self) -> str:
        return f"{self.program} (pid {self.pid})"


def holders_of(port: int) -> list[PortHolder]:
    """All that listen on a TCP port of this machine, as far as this user may know: root knows them all."""
    found = []
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid:
                found.append(
                    PortHolder(program=program_of(connection.pid), pid=connection.pid, host=connection.laddr.ip)
                )
    except (psutil.Error, OSError):
        return found
    return sorted(found, key=lambda one: one.pid)


def holder_of(port: int) -> PortHolder | None:
    """Who listens on a TCP port of this machine; of a program with its workers the first. None: nobody can be seen."""
    return next(iter(holders_of(port)), None)


def program_of(pid: int) -> str:
    """What a process runs: its name, or how Python was started. psutil.Error if it is gone.

    Of what follows on the command line nothing is told.
    """
    process = psutil.Process(pid)
    name: str = process.name()
    try:
        arguments: list[str] = process.cmdline()
    except psutil.Error:
        return name
    interpreter = PurePath(arguments[0]).name if arguments else ""
    if not _PYTHON.fullmatch(interpreter):
        return name
    rest = arguments[1:]
    while rest and rest[0].startswith("-") and rest[0] not in ("-m", "-c"):
        rest = rest[1:]
    if rest[:1] == ["-m"] and len(rest) > 1 and _MODULE.fullmatch(rest[1]):
        return f"{interpreter} -m {rest[1]}"
    script = PurePath(rest[0]).name if rest and rest[0] != "-c" else ""
    return f"{interpreter} {script}" if _SCRIPT.fullmatch(script) else interpreter


def is_own_address(host: str) -> bool:
    """Whether an address (no name) is one of this machine."""
    own = {one.address.partition("%")[0] for known in psutil.net_if_addrs().values() for one in known}
    return is_loopback(host) or host.partition("%")[0] in own
