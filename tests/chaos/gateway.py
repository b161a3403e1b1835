"""What stands before a hosted project: passes requests on, answers by itself where nobody is there or when told to."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

import httpx

_PAGE = b"<html><head><title>%d</title></head><body><h1>%d</h1></body></html>"
_OURS = {"host", "connection", "content-length", "transfer-encoding", "accept-encoding"}


class Gateway:
    """Listens on loopback, once entered. `closed`: 503 to everybody. `adds`: headers of every answer."""

    def __init__(self, upstream: str) -> None:
        self.closed = False
        self.adds: dict[str, str] = {}
        self._upstream = httpx.Client(base_url=upstream, timeout=30)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._upstream.close()

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, str, bytes]:
        """(status, content type, body)."""
        if self.closed:
            return 503, "text/html", _PAGE % (503, 503)
        try:
            said = self._upstream.request(method, path, headers=headers, content=body)
        except httpx.TransportError:
            return 502, "text/html", _PAGE % (502, 502)
        return said.status_code, said.headers.get("content-type", "application/json"), said.content

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {name: value for name, value in self.headers.items() if name.lower() not in _OURS}
                status, kind, content = gateway.answer(self.command, self.path, headers, body)
                self.send_response(status)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(content)))
                for name, value in gateway.adds.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_PUT = do_PATCH = do_DELETE = do_POST  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        return Handler
