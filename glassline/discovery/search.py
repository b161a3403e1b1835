"""Looks for servers on the network, for as long as it runs."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from zeroconf import Error, ServiceStateChange, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo

from glassline.program import shown

from .network import LOOK_AGAIN_S, NoNetworkError, own_addresses, speak
from .server import SERVICE, Server

log = logging.getLogger(__name__)

MAX_NAMES = 64
"""Whoever floods the network with names finds no more room: those that were there first are kept."""
ANSWER_S = 1.5
RENEW_S = 20.0
"""How often servers are asked whether they are still there: one that lost power said no farewell."""
SETTLED_S = 1.5
"""After so long all that are there have answered: RFC 6762 lets them wait half a second, and packets are lost."""


class Search:
    """Use it as a context manager, or start and stop. `on_change` is called, on its thread, when other servers are
    found than before."""

    def __init__(self, *, on_change: Callable[[], None] = lambda: None) -> None:
        self._on_change = on_change
        self._found: dict[str, Server] = {}
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._refused: set[str] = set()
        self._problem, self._since_s = "", None  # type: str, float | None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="search", daemon=True)

    def servers(self) -> list[Server]:
        """Those that are there now, by name."""
        return sorted(self._found.values(), key=lambda one: (one.site, one.host, one.port))

    @property
    def problem(self) -> str:
        """Why nothing can be found now, in words; empty while it listens."""
        return self._problem

    def settle(self, *, timeout_s: float, until: Callable[[], bool] = lambda: False) -> None:
        """Wait until whoever is there has had time to answer, or `until` says that this is enough, or `timeout_s`."""
        end_s = time.monotonic() + timeout_s
        while time.monotonic() < end_s and not self._stopping.is_set() and not until():
            if self._since_s is not None and time.monotonic() - self._since_s >= SETTLED_S:
                return
            time.sleep(0.05)

    def start(self) -> None:
        """Begin to look, in the background; a network that is not there yet is waited for."""
        self._thread.start()

    def stop(self) -> None:
        """Let go of the network, within a moment; does not wait for it."""
        self._stopping.set()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def _run(self) -> None:
        asyncio.run(self._look())

    async def _look(self) -> None:
        while not self._stopping.is_set():
            try:
                await self._look_on(own_addresses())
            except NoNetworkError as error:
                self._problem = str(error)
                await self._pause(LOOK_AGAIN_S)
            self._since_s = None
            self._keep({})

    async def _look_on(self, addresses: tuple[str, ...]) -> None:
        """Until this machine's addresses are others."""
        network = speak(addresses)
        self._problem, self._since_s, self._refused = "", time.monotonic(), set()
        browser = AsyncServiceBrowser(network.zeroconf, SERVICE, handlers=[self._on_news])
        asked_s = time.monotonic()
        try:
            while await self._pause(LOOK_AGAIN_S):
                if own_addresses() != addresses:
                    return
                if time.monotonic() - asked_s > RENEW_S:
                    asked_s = time.monotonic()
                    for name in list(self._found):
                        self._ask(network.zeroconf, name)
        finally:
            for task in self._asking.values():
                task.cancel()
            self._asking = {}
            await browser.async_cancel()
            await network.async_close()

    async def _pause(self, seconds: float) -> bool:
        """Whether to go on afterwards."""
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s and not self._stopping.is_set():
            await asyncio.sleep(0.05)
        return not self._stopping.is_set()

    def _on_news(self, zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange) -> None:
        if state_change is ServiceStateChange.Removed:
            self._keep(self._without(name))
        else:
            self._ask(zeroconf, name)

    def _ask(self, zeroconf: Zeroconf, name: str) -> None:
        """Have one server described; news about one that is being asked already makes it be asked anew."""
        if (task := self._asking.get(name)) is not None:
            task.cancel()
        elif len(self._asking | self._found) >= MAX_NAMES and name not in self._found:
            return
        self._asking[name] = asyncio.ensure_future(self._describe(zeroconf, name))

    async def _describe(self, zeroconf: Zeroconf, name: str) -> None:
        try:
            server = await self._described(zeroconf, name)
            self._keep(self._without(name) if server is None else {**self._found, name: server})
        finally:
            if self._asking.get(name) is asyncio.current_task():
                del self._asking[name]

    async def _described(self, zeroconf: Zeroconf, name: str) -> Server | None:
        """None for one that does not answer, and for what cannot be a server of ours."""
        try:
            info = AsyncServiceInfo(SERVICE, name)
            if not info.load_from_cache(zeroconf) and not await info.async_request(zeroconf, ANSWER_S * 1000):
                return None
            return Server.read(name, port=info.port, addresses=info.parsed_addresses(), texts=info.properties)
        except (Error, ValueError) as error:
            if name not in self._refused and len(self._refused) < MAX_NAMES:
                self._refused.add(name)
                log.warning("what mDNS says of %s is no server of ours: %s", shown(name), shown(str(error)))
            return None

    def _without(self, name: str) -> dict[str, Server]:
        return {other: server for other, server in self._found.items() if other != name}

    def _keep(self, found: dict[str, Server]) -> None:
        changed, self._found = found != self._found, found
        if changed:
            self._on_change()
