"""The WebSocket /live: pictures and events out, wishes in."""

import logging
import socket
import time
from collections.abc import Callable
from typing import Any

from flask import Flask, request
from flask_sock import Sock
from pydantic import ValidationError
from simple_websocket import ConnectionClosed

import glassline

from .errors import ApiError
from .requests import WatchMessage
from .services import Services
from .viewer import Viewer

log = logging.getLogger(__name__)

PATH = "/live"
PING_S = 20
MAX_MESSAGE_BYTES = 8192
MAX_MISTAKES = 10
SPARE_THREADS = 12


class ViewerSocket:
    """What the WebSocket library gets for a socket: it reads, but the fan-out writes, and the web server closes.

    So its pongs and its close stand in line behind a picture that is half written.
    """

    def __init__(self, sock: socket.socket, services: Services) -> None:
        self._sock, self._fanout = sock, services.fanout
        self._wake: Callable[[], None] | None = None
        self._closed = False
        self.viewer = self._fanout.attach(sock)

    def recv(self, size: int) -> bytes:
        return self._sock.recv(size)

    def send(self, data: bytes) -> int:
        if data:
            self._fanout.control(self.viewer, bytes(data))
        return len(data)

    def fileno(self) -> int:
        return self._sock.fileno()

    def close(self) -> None:
        """Left to the web server, once the fan-out has let go: a closed number could be another viewer's next."""
        self._closed = True
        if self._wake is not None:
            self._wake()

    def when_closed(self, wake: Callable[[], None]) -> None:
        """Call `wake` when the library is done: it may have told its reader before it knew so itself."""
        self._wake = wake
        if self._closed:
            wake()


def register(app: Flask, services: Services) -> None:
    """Serve /live."""
    app.config["SOCK_SERVER_OPTIONS"] = {"ping_interval": PING_S, "max_message_size": MAX_MESSAGE_BYTES}

    @app.before_request
    def take_over_socket() -> None:
        if request.path == PATH and "websocket" in request.headers.get("Upgrade", "").lower():
            _check_handshake(services)
            # Compressing JPEGs costs memory and time, and saves nothing.
            request.environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
            request.environ["gunicorn.socket"] = ViewerSocket(request.environ["gunicorn.socket"], services)

    @app.teardown_request
    def give_back_socket(error: BaseException | None) -> None:
        sock = request.environ.get("gunicorn.socket")
        if isinstance(sock, ViewerSocket):
            services.fanout.detach(sock.viewer)
            services.pulse.wake()

    @Sock(app).route(PATH)  # type: ignore[untyped-decorator]
    def live(ws: Any) -> None:
        ws.sock.when_closed(ws.event.set)
        _converse(ws, ws.sock.viewer, services)


def _check_handshake(services: Services) -> None:
    if request.method != "GET" or request.headers.get("Sec-WebSocket-Version") != "13":
        raise ApiError(400, "web.bad_websocket", "expected a WebSocket handshake, version 13")
    if len(services.fanout.viewers) >= services.settings.threads - SPARE_THREADS:
        raise ApiError(
            503, "web.full", f"{len(services.fanout.viewers)} pages are open already",
            "Raise `threads` in [web] of glassline.toml (GLASS_THREADS, --threads), or close some.",
        )  # fmt: skip


def _converse(ws: Any, viewer: Viewer, services: Services) -> None:
    """Greet, then do what the page asks for until it goes."""
    services.fanout.admit(viewer)
    services.fanout.tell(viewer, _hello(services))
    mistakes = 0
    while mistakes < MAX_MISTAKES:
        try:
            said = WatchMessage.model_validate_json(ws.receive())
        except ConnectionClosed:
            return
        except (ValidationError, ValueError) as error:
            mistakes += 1
            log.debug("a page said: %s", error)
            problem = 'expected JSON like {"watch": ["pi-1"], "max_fps": 15} or {"ping": 1}'
            services.fanout.tell(viewer, {"type": "error", "code": "web.bad_request", "message": problem})
            continue
        if said.ping is not None:
            services.fanout.tell(viewer, {"type": "pong", "ping": said.ping, "now_s": time.monotonic()})
        if said.watch is not None:
            _watch(viewer, said, services)


def _watch(viewer: Viewer, said: WatchMessage, services: Services) -> None:
    fps = min(said.max_fps, services.settings.max_fps)
    services.live.watch(viewer, dict.fromkeys(said.watch or [], fps))
    services.pulse.wake()
    for id in viewer.wanted:
        chain = services.views.chain(id)
        if chain is not None:
            services.fanout.tell(viewer, {"type": "chain", "chain": chain})


def _hello(services: Services) -> dict[str, Any]:
    return {
        "type": "hello",
        "web": services.settings.id,
        "boot": services.boot,
        "version": glassline.__version__,
        "now_s": time.monotonic(),
        "chain": services.views.own_chain(),
    }
