"""A reverse proxy in front of a web on loopback, that does what badly set up ones do.

with Proxy(web.port) as proxy:
    ...open http://127.0.0.1:proxy.port...
    proxy.websocket = False     # no Upgrade comes through: the web sees a plain GET /live
    proxy.host = "backend:80"   # the web is asked under this name instead of the one that the browser typed
    proxy.swallows = True       # nothing more passes on WebSockets in either direction, nor the answer to a new one
"""

import contextlib
import select
import socket
import socketserver
import threading
from typing import Self

HEAD_BYTES = 65536
HOP_BY_HOP = ("connection", "upgrade", "keep-alive")


class Proxy:
    """Listens on 127.0.0.1:`port`; changes hold for connections that begin after them, `swallows` for all."""

    def __init__(self, target_port: int, *, websocket: bool = True, host: str = "", swallows: bool = False) -> None:
        self.websocket, self.host, self.swallows = websocket, host, swallows
        self._target = ("127.0.0.1", target_port)
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), self._handler(), bind_and_activate=True)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="proxy", daemon=True)
        self._open: set[socket.socket] = set()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        for plug in list(self._open):
            with contextlib.suppress(OSError):
                plug.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)

    def _handler(self) -> type[socketserver.BaseRequestHandler]:
        proxy = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with contextlib.suppress(OSError):
                    proxy._relay(self.request)

        return Handler

    def _relay(self, browser: socket.socket) -> None:
        """One request: every connection ends with its answer, unless it became a WebSocket."""
        head, rest = _read_head(browser)
        if not head:
            return
        with socket.create_connection(self._target, 5) as web:
            web.settimeout(None)
            self._open |= {browser, web}
            try:
                web.sendall(self._changed(head) + rest)
                self._pass_on(browser, web, is_live=b" /live " in head.partition(b"\r\n")[0])
            finally:
                self._open -= {browser, web}

    def _changed(self, head: bytes) -> bytes:
        first, *lines = head.decode("latin-1").split("\r\n")
        is_upgrade = any(line.lower().startswith("upgrade:") for line in lines)
        dropped = HOP_BY_HOP if not (is_upgrade and self.websocket) else ()
        kept = [line for line in lines if line.partition(":")[0].lower() not in dropped]
        if self.host:
            kept = [f"Host: {self.host}" if line.lower().startswith("host:") else line for line in kept]
        if dropped:
            kept.append("Connection: close")
        return "\r\n".join([first, *kept, "", ""]).encode("latin-1")

    def _pass_on(self, browser: socket.socket, web: socket.socket, *, is_live: bool) -> None:
        other = {browser: web, web: browser}
        while True:
            for source in select.select([browser, web], [], [], 1)[0]:
                data = source.recv(65536)
                if not data:
                    return
                if not (self.swallows and is_live):
                    other[source].sendall(data)


def _read_head(browser: socket.socket) -> tuple[bytes, bytes]:
    """The request's first line and headers, and what came behind them."""
    got = b""
    while b"\r\n\r\n" not in got:
        data = browser.recv(4096)
        if not data or len(got) > HEAD_BYTES:
            return b"", b""
        got += data
    head, _, rest = got.partition(b"\r\n\r\n")
    return head, rest
