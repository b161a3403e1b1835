"""A network with several hosts on this machine: each is a network namespace, and nothing that is said leaves it.

with Lan() as lan:
    server = lan.host("10.9.0.2")
    with server.inside():
        ...            # sockets and threads that are made here belong to that host
    server.start("-m", "broker")
"""

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Self

import pytest

_NUMBERS = count()
_SWITCH = "br0"
_CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


def can_make_networks() -> str:
    """Empty if this machine can; else why not."""
    if os.geteuid() != 0:
        return "network namespaces want root"
    if not shutil.which("ip"):
        return "no `ip`: sudo apt install iproute2"
    allowed = subprocess.run(["unshare", "--net", "--mount", "true"], capture_output=True, check=False).returncode == 0
    return "" if allowed else "this root may not make network namespaces (CAP_SYS_ADMIN)"


needs_networks = pytest.mark.skipif(bool(can_make_networks()), reason=can_make_networks())


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)


class Namespace:
    """One network namespace, with loopback."""

    def __init__(self) -> None:
        self.name = f"glassline-{os.getpid()}-{next(_NUMBERS)}"
        ip("netns", "add", self.name)
        ip("-n", self.name, "link", "set", "lo", "up")

    def ip(self, *arguments: str) -> None:
        ip("-n", self.name, *arguments)

    @contextmanager
    def inside(self) -> Iterator[None]:
        """This thread, and those that it starts, are there."""
        with Path("/proc/thread-self/ns/net").open() as here, Path("/run/netns", self.name).open() as there:
            _enter(there.fileno())
            try:
                yield
            finally:
                _enter(here.fileno())


class Host(Namespace):
    """A host of the network, whose interface `eth0` has one address."""

    def __init__(self, switch: Namespace, address: str | None) -> None:
        super().__init__()
        self.address: str | None = None
        self._port = f"p{next(_NUMBERS)}"
        self.ip("link", "add", "eth0", "type", "veth", "peer", "name", self._port, "netns", switch.name)
        switch.ip("link", "set", self._port, "master", _SWITCH, "up")
        self.ip("link", "set", "eth0", "up")
        self.processes: list[subprocess.Popen[str]] = []
        if address:
            self.readdress(address)

    def readdress(self, address: str | None) -> None:
        """Another address takes the place of the former, at once, as by DHCP; None: it has none."""
        self.ip("addr", "flush", "dev", "eth0", "scope", "global")
        if address:
            self.ip("addr", "add", f"{address}/24", "dev", "eth0")
        self.address = address

    def start(self, *arguments: str, log: Path, **kwargs: Any) -> "subprocess.Popen[str]":
        """Python with these arguments, until the network ends; what it says goes to `log`."""
        with log.open("a") as file:
            process = subprocess.Popen(
                ["ip", "netns", "exec", self.name, sys.executable, *arguments], stdout=file, stderr=file, text=True,
                **kwargs,
            )  # fmt: skip
        self.processes.append(process)
        return process

    def run(self, *arguments: str, **kwargs: Any) -> "subprocess.CompletedProcess[str]":
        """Python with these arguments, to its end."""
        command = ["ip", "netns", "exec", self.name, sys.executable, *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, **kwargs)

    def close(self) -> None:
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(10)


class Lan:
    """The network. Use as a context manager."""

    def __init__(self) -> None:
        self._hosts: list[Host] = []

    def __enter__(self) -> Self:
        self._switch = Namespace()
        self._switch.ip("link", "add", _SWITCH, "type", "bridge", "mcast_snooping", "0")
        self._switch.ip("link", "set", _SWITCH, "up")
        return self

    def host(self, address: str | None) -> Host:
        self._hosts.append(Host(self._switch, address))
        return self._hosts[-1]

    def __exit__(self, *_: object) -> None:
        for host in self._hosts:
            host.close()
        for host in (*self._hosts, self._switch):
            ip("netns", "del", host.name)


def _enter(fd: int) -> None:
    if _libc.setns(fd, _CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
