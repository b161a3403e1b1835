"""A proxy before the web, as wrongly set up as people set them up.

with Proxy(web_port, strip_upgrade=True) as proxy:
    ...open http://127.0.0.1:{proxy.port}...
"""

import re
import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

_HEAD_END = b"\r\n\r\n"


class Proxy:
    """Passes each connection on to 127.0.0.1:`target_port`, with its first request changed.

    `strip_upgrade` leaves out Upgrade and Connection, as nginx does by itself; `host` puts that name in place of Host;
    `swallow_live` lets a request for /live come to nothing.
    """

    def __init__(
        self, target_port: int, *, strip_upgrade: bool = False, host: str = "", swallow_live: bool = False
    ) -> None:
        self._target_port, self._host = target_port, host
        self._strip_upgrade, self._swallow_live = strip_upgrade, swallow_live
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._door.getsockname()[1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._serve, name="proxy", daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()

    def _serve(self) -> None:
        while True:
            try:
                plug, _ = self._door.accept()
            except OSError:
                return
            threading.Thread(target=self._pass_on, args=(plug,), daemon=True).start()

    def _pass_on(self, plug: socket.socket) -> None:
        with suppress(OSError), plug:
            head = b""
            while _HEAD_END not in head:
                if not (more := plug.recv(65536)):
                    return
                head += more
            if self._swallow_live and head.startswith(b"GET /live "):
                plug.recv(1)
                return
            with socket.create_connection(("127.0.0.1", self._target_port)) as far:
                far.sendall(self._changed(head))
                threading.Thread(target=_pump, args=(plug, far), daemon=True).start()
                _pump(far, plug)

    def _changed(self, head: bytes) -> bytes:
        if self._strip_upgrade:
            head = re.sub(rb"(?i)\r\n(upgrade|connection):[^\r]*", b"", head)
        if self._host:
            head = re.sub(rb"(?i)\r\nhost:[^\r]*", b"\r\nHost: " + self._host.encode(), head)
        return head


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while chunk := source.recv(65536):
            sink.sendall(chunk)
        sink.shutdown(socket.SHUT_WR)
