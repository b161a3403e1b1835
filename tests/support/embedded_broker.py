"""The embedded broker for tests: in a thread of the test (quick to start, open to look into) or as a process."""

import asyncio
import functools
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from broker.doors import Door
from broker.limits import Limits
from broker.listening import ListenAddress, bind
from broker.server import GlassBroker
from glassline.accounts import Accounts
from glassline.contract import Role
from glassline.program import ServerCertificate

from .authority import Signed
from .ports import free_port

START_S = 30


@dataclass(kw_only=True)
class RunningBroker:
    """A broker that listens on 127.0.0.1:`port`. `passwords` is empty when it asks for none.

    With TLS it listens on `tls_port` as well, with a certificate of the CA in the file `ca`.
    """

    port: int
    tls_port: int = 0
    ca: Path | None = None
    passwords: dict[str, str] = field(default_factory=dict)
    accounts: Accounts | None = None
    pid: int = 0
    broker: GlassBroker | None = None
    loop: asyncio.AbstractEventLoop | None = None

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    @property
    def tls_url(self) -> str:
        return f"mqtts://127.0.0.1:{self.tls_port}"

    @property
    def counts(self) -> Mapping[str, int]:
        """What the in-thread broker has counted."""
        assert self.broker is not None
        return self.broker.tally.report()

    def call(self, function: Any, *args: Any) -> Any:
        """Run `function(*args)` in the in-thread broker's event loop and return its result."""
        assert self.loop is not None

        async def run() -> Any:
            return function(*args)

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(10)


def password_of(id: str) -> str:
    """The password that `accounts_file` gives the account."""
    return f"secret-of-{id}"


@functools.cache
def _accounts_text(roles: frozenset[tuple[str, Role]]) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "accounts.json"
        accounts = Accounts(path)
        for id, role in sorted(roles):
            accounts.add(id, role, password_of(id))
        return path.read_text()


def accounts_file(folder: Path, roles: Mapping[str, Role]) -> Accounts:
    """An accounts file in `folder`. Hashing takes half a second an account, so it is done once per set of roles."""
    path = folder / "accounts.json"
    text = _accounts_text(frozenset(roles.items()))
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    return Accounts(path)


@contextmanager
def embedded_broker(
    roles: Mapping[str, Role] | None = None,
    *,
    limits: Limits | None = None,
    send_buffer: int | None = None,
    id: str | None = None,
    certificate: Signed | None = None,
    folder: Path | None = None,
) -> Iterator[RunningBroker]:
    """Run the broker in a thread, with an account for each of `roles` (in `folder`), or open to everybody.

    A small `send_buffer` (bytes, of the kernel) makes a client that reads nothing felt at once. With `id` the broker
    reports its health.
    """
    with tempfile.TemporaryDirectory() as temporary:
        accounts = accounts_file(folder or Path(temporary), roles) if roles is not None else None
        doors = [Door(bind(ListenAddress("127.0.0.1", 0))[0])]
        if certificate:
            own = ServerCertificate(str(certificate.cert), str(certificate.key))
            doors.append(Door(bind(ListenAddress("127.0.0.1", 0))[0], own))
        if send_buffer:
            for door in doors:
                door.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
        running = RunningBroker(
            port=doors[0].socket.getsockname()[1],
            tls_port=doors[-1].socket.getsockname()[1] if certificate else 0,
            ca=certificate.ca if certificate else None,
            passwords={id: password_of(id) for id in roles or {}},
            accounts=accounts,
            pid=os.getpid(),
        )
        started, stop = threading.Event(), asyncio.Event()

        async def serve() -> None:
            running.loop = asyncio.get_running_loop()
            running.broker = GlassBroker(doors=doors, accounts=accounts, limits=limits, id=id)
            await running.broker.start()
            started.set()
            await stop.wait()
            await running.broker.shutdown()

        thread = threading.Thread(target=lambda: asyncio.run(serve()), name="broker")
        thread.start()
        try:
            assert started.wait(START_S), "the broker did not start"
            yield running
        finally:
            if running.loop is not None:
                running.loop.call_soon_threadsafe(stop.set)
            thread.join(10)
            assert not thread.is_alive(), "the broker did not stop"
            for door in doors:
                door.socket.close()


@contextmanager
def broker_process(
    roles: Mapping[str, Role] | None = None,
    *,
    accounts: Accounts | None = None,
    port: int | None = None,
    log: Path | None = None,
) -> Iterator[RunningBroker]:
    """Run `python -m broker` as a process of its own; its log goes to `log`.

    The accounts are `accounts`, or one for each of `roles`; without either it is open to everybody.
    """
    with tempfile.TemporaryDirectory() as folder:
        if roles is not None:
            accounts = accounts_file(Path(folder), roles)
        port = port or free_port()
        log = log or Path(folder) / "log"
        arguments = [sys.executable, "-m", "broker", "--listen", f"mqtt://127.0.0.1:{port}"]
        with log.open("w") as file:
            process = subprocess.Popen(
                [*arguments, *(["--accounts", str(accounts.path)] if accounts else [])], stderr=file
            )
        try:
            wait_for_port(port, process)
            passwords = {id: password_of(id) for id in roles or {}}
            yield RunningBroker(port=port, passwords=passwords, accounts=accounts, pid=process.pid)
        finally:
            process.terminate()
            process.wait(10)


def wait_for_port(port: int, process: "subprocess.Popen[Any]") -> None:
    """Return once something listens on 127.0.0.1:`port`; fail if `process` ends before."""
    for _ in range(START_S * 20):
        assert process.poll() is None, f"ended with {process.returncode} before it listened on {port}"
        with socket.socket() as plug:
            plug.settimeout(1)
            if plug.connect_ex(("127.0.0.1", port)) == 0:
                return
        threading.Event().wait(0.05)
    raise AssertionError(f"nothing listens on {port} after {START_S} s")
