"""Makes a server known on the network, for as long as it runs."""

import asyncio
import contextlib
import logging
import secrets
import threading
from dataclasses import replace
from types import TracebackType
from typing import Self

from zeroconf import Error
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from .network import LOOK_AGAIN_S, NoNetworkError, own_addresses, speak
from .server import SERVICE, Server

log = logging.getLogger(__name__)


class Advertiser:
    """Use it as a context manager, or start and stop. A server without addresses has those of this machine."""

    def __init__(self, server: Server) -> None:
        self._server, self._problem = server, ""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._advertise()), name="advertiser", daemon=True)

    def start(self) -> None:
        """Begin, in the background; a network that is not there yet is waited for."""
        self._thread.start()

    def stop(self) -> None:
        """Say farewell, within about 2 s."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(2)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    async def _advertise(self) -> None:
        while not self._stopping.is_set():
            try:
                await self._advertise_on(own_addresses())
            except (NoNetworkError, Error, OSError) as error:
                why = str(error) or type(error).__name__
                (log.debug if why == self._problem else log.warning)("not found by mDNS: %s; tried again", why)
                self._problem = why
            await self._pause(LOOK_AGAIN_S)

    async def _advertise_on(self, addresses: tuple[str, ...]) -> None:
        """Until this machine's addresses are others."""
        network = speak(addresses)
        try:
            server = replace(self._server, addresses=self._server.addresses or addresses)
            info = _info_of(server)
            await (await network.async_register_service(info, allow_name_change=True))
            self._problem = ""
            log.info("found by mDNS as %r, at %s port %d", info.get_name(), ", ".join(server.addresses), server.port)
            while await self._pause(LOOK_AGAIN_S) and own_addresses() == addresses:
                pass
        finally:
            await _close(network)

    async def _pause(self, seconds: float) -> bool:
        """Whether to go on afterwards."""
        for _ in range(round(seconds / 0.05)):
            if self._stopping.is_set():
                return False
            await asyncio.sleep(0.05)
        return True


def _info_of(server: Server) -> AsyncServiceInfo:
    """Its addresses stand under a name of their own: that of the machine may be another program's (avahi) to tell."""
    return AsyncServiceInfo(
        SERVICE, f"{server.site}.{SERVICE}", port=server.port, properties=server.texts(),
        server=f"glassline-{secrets.token_hex(6)}.local.", parsed_addresses=list(server.addresses),
    )  # fmt: skip


async def _close(network: AsyncZeroconf) -> None:
    """An interface that is gone takes no farewell."""
    with contextlib.suppress(OSError, Error):
        await network.async_unregister_all_services()
    await network.async_close()
