"""The network between server and Pi: two machines on this one, with a real cable where that may be had.

As root the Pi is a network namespace of its own at the other end of a veth pair: its localhost is not the server's, and
a firewall between the two is a real one. Else both share this machine's address, and faults of the cable are skipped.
"""

import itertools
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

NET = "198.51.100"
"""TEST-NET-2 of RFC 5737: nobody's addresses. Each run takes four of them, so that several may run at once."""
_laying = threading.Lock()
_number = itertools.count(1)


class CannotError(Exception):
    """A fault cannot be injected on this machine; the text says why."""


@dataclass(frozen=True)
class Cable:
    """`server` and `pi` are the two ends; a command behind `on_pi` runs on the Pi."""

    server: str
    pi: str
    name: str = ""
    on_pi: tuple[str, ...] = ()

    @property
    def is_real(self) -> bool:
        return bool(self.on_pi)

    @contextmanager
    def dropped(self, port: int) -> Iterator[None]:
        """A firewall of the server swallows all that comes for this TCP port; who asks is told nothing."""
        if not self.is_real or shutil.which("nft") is None:
            raise CannotError("a firewall wants root and nft: apt-get install nftables")
        rule = f"add rule inet {self.name} input ip saddr {self.pi} tcp dport {port} drop"
        chain = f"add chain inet {self.name} input {{ type filter hook input priority 0; }}"
        _run("nft", f"add table inet {self.name}; {chain}; {rule}")
        try:
            yield
        finally:
            _run("nft", f"delete table inet {self.name}")


@contextmanager
def laid() -> Iterator[Cable]:
    """Lay the cable, and take it away at the end."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        yield Cable(own := _own_address(), own)
        return
    own = f"{os.getpid()}-{next(_number)}"
    name, near, far = f"glass-{own}", f"gs{own}", f"gp{own}"
    _run("ip", f"netns add {name}")
    try:
        _run("ip", f"link add {near} type veth peer name {far} netns {name}")
        with _laying:
            server, pi = _free_addresses()
            _run("ip", f"address add {server}/30 dev {near}")
        _run("ip", f"link set {near} up")
        _run("ip", f"-n {name} address add {pi}/30 dev {far}")
        _run("ip", f"-n {name} link set {far} up")
        _run("ip", f"-n {name} link set lo up")
        yield Cable(server, pi, name, ("nsenter", f"--net=/run/netns/{name}"))
    finally:
        subprocess.run(["ip", "link", "delete", near], check=False, capture_output=True)
        _run("ip", f"netns delete {name}")


def _free_addresses() -> tuple[str, str]:
    """Two neighbours that no interface here has yet."""
    used = subprocess.run(["ip", "-4", "-o", "address"], capture_output=True, text=True, check=True).stdout
    first = next(first for first in range(0, 256, 4) if f" {NET}.{first + 1}/" not in used)
    return f"{NET}.{first + 1}", f"{NET}.{first + 2}"


def _own_address() -> str:
    """An address of this machine that is not loopback, if it has one; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plug:
        try:
            plug.connect((f"{NET}.1", 9))
            address: str = plug.getsockname()[0]
        except OSError:
            address = "127.0.0.1"
        return address


def _run(program: str, arguments: str) -> None:
    command = [program, arguments] if program == "nft" else [program, *arguments.split()]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CannotError(f"{' '.join(command)}: {done.stderr.strip()}")
