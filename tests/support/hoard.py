"""A tunnel that hoards: it takes whatever comes at once, and passes it on at its own rate.

So do an ssh tunnel and many a proxy, within a few MB: who sends too much through it does not feel it.
"""

import asyncio
import contextlib
import threading
import time
from types import TracebackType
from typing import Self

CHUNK_S = 0.02


class Hoard:
    """Listens on 127.0.0.1:`port` and passes on to `target_port` there; to the client at most `bytes_per_s`."""

    def __init__(self, target_port: int, *, bytes_per_s: float) -> None:
        self.port = 0
        self.bytes_per_s = bytes_per_s
        self._target_port = target_port
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="hoard", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(5)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._ending.set)
        self._thread.join(5)
        self._loop.close()

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())

    async def _serve(self) -> None:
        self._ending = asyncio.Event()
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._ending.wait()
        server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    async def _connected(self, near: asyncio.StreamReader, near_out: asyncio.StreamWriter) -> None:
        far, far_out = await asyncio.open_connection("127.0.0.1", self._target_port)
        kept: asyncio.Queue[bytes] = asyncio.Queue()
        with contextlib.suppress(asyncio.CancelledError, ConnectionError):
            await asyncio.gather(self._take(far, kept), self._give(kept, near_out), self._up(near, far_out))
        far_out.close()

    async def _take(self, far: asyncio.StreamReader, kept: "asyncio.Queue[bytes]") -> None:
        """Nothing that came is lost, however the connection ends."""
        data = b"x"
        while data:
            try:
                data = await far.read(65536)
            except ConnectionError:
                data = b""
            kept.put_nowait(data)

    async def _give(self, kept: "asyncio.Queue[bytes]", near_out: asyncio.StreamWriter) -> None:
        free_s = time.monotonic()
        while data := await kept.get():
            while data:
                size = min(4096, max(64, int(self.bytes_per_s * CHUNK_S)))
                part, data = data[:size], data[size:]
                near_out.write(part)
                await near_out.drain()
                free_s = max(free_s, time.monotonic() - CHUNK_S) + len(part) / self.bytes_per_s
                await asyncio.sleep(max(0.0, free_s - time.monotonic()))
        near_out.close()

    async def _up(self, near: asyncio.StreamReader, far_out: asyncio.StreamWriter) -> None:
        while data := await near.read(65536):
            far_out.write(data)
            await far_out.drain()
        far_out.write_eof()
