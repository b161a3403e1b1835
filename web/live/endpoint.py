"""The WebSocket /live: pictures and events out, wishes in."""

import time
from typing import Any

from flask import Flask, request
from flask_sock import Sock
from pydantic import ValidationError
from wsproto.frame_protocol import CloseReason

import glassline
from glassline.accounts import PersonRole
from glassline.program import shown

from ..api.errors import ApiError
from ..api.requests import WatchMessage
from ..people.access import require
from ..reading import connection_is_taken
from ..services import Services
from .conversation import ViewerSocket
from .viewer import Viewer

PATH = "/live"
MAX_MESSAGE_BYTES = 8192
MAX_MISTAKES = 10
SPARE_THREADS = 12
HANDSHAKE = {
    "HTTP_HOST", "HTTP_UPGRADE", "HTTP_CONNECTION", "HTTP_SEC_WEBSOCKET_KEY", "HTTP_SEC_WEBSOCKET_VERSION",
}  # fmt: skip


def register(app: Flask, services: Services) -> None:
    """Serve /live."""
    app.config["SOCK_SERVER_OPTIONS"] = {"max_message_size": MAX_MESSAGE_BYTES}

    @app.before_request
    def take_over_socket() -> None:
        if request.path == PATH and request.headers.get("Upgrade", "").lower() == "websocket":
            _check_handshake()
            check_room(services)
            _leave_out_extensions(request.environ)
            session = require(PersonRole.VIEWER).key
            connection_is_taken()
            sock = ViewerSocket(request.environ["gunicorn.socket"], services.fanout)
            sock.viewer.session = session
            request.environ["gunicorn.socket"] = sock

    @app.teardown_request
    def give_back_socket(error: BaseException | None) -> None:
        sock = request.environ.get("gunicorn.socket")
        if isinstance(sock, ViewerSocket):
            services.fanout.detach(sock.viewer)
            services.pulse.wake()

    @Sock(app).route(PATH)  # type: ignore[untyped-decorator]
    def live(ws: Any) -> None:
        ws.sock.attend(ws)
        services.fanout.admit(ws.sock.viewer, _hello(services))
        _converse(ws, ws.sock.viewer, services)


def _check_handshake() -> None:
    asked = request.headers
    if (
        request.method != "GET"
        or asked.get("Sec-WebSocket-Version") != "13"
        or "Sec-WebSocket-Key" not in asked
        or "upgrade" not in asked.get("Connection", "").lower()
    ):
        raise ApiError(400, "web.bad_websocket", "expected a WebSocket handshake, version 13")


def _leave_out_extensions(environ: dict[str, Any]) -> None:
    """Compressing JPEGs costs memory and time, and saves nothing; and no header that nobody needs can be too long."""
    for name in [name for name in environ if name.startswith("HTTP_") and name not in HANDSHAKE]:
        del environ[name]


def check_room(services: Services) -> None:
    """ApiError if so many pages are open that no other has room."""
    if len(services.fanout.viewers) >= services.settings.threads - SPARE_THREADS:
        raise ApiError(
            503, "web.full", f"{len(services.fanout.viewers)} pages are open already",
            "Raise `threads` in [web] of glassline.toml (GLASS_THREADS, --threads), or close some.",
        )  # fmt: skip


def _converse(ws: Any, viewer: Viewer, services: Services) -> None:
    """Do what the page asks for until it goes, or is sent away for talking nonsense."""
    mistakes = 0
    while mistakes < MAX_MISTAKES:
        mistakes += not _take(ws.receive(), viewer, services)
    ws.close(CloseReason.POLICY_VIOLATION, "too much of what was said made no sense")


def _take(said: str | bytes, viewer: Viewer, services: Services) -> bool:
    """Do what a page asks for; False if that makes no sense."""
    try:
        wish = WatchMessage.model_validate_json(said)
    except (ValidationError, ValueError):
        problem = 'expected JSON like {"watch": {"pi-1": 15, "pi-2": 2}} or {"ping": 1}'
        services.tally.note("refused_live_message", f"a page said what makes no sense: {shown(said)}")
        services.fanout.tell(viewer, {"type": "error", "code": "web.bad_request", "message": problem})
        return False
    if wish.ping is not None:
        services.fanout.tell(viewer, {"type": "pong", "ping": wish.ping, "now_s": time.monotonic()})
    if wish.watch is not None:
        _watch(viewer, wish.wanted_fps(services.settings.max_fps), services)
    return True


def _watch(viewer: Viewer, wanted_fps: dict[str, float], services: Services) -> None:
    new = services.live.watch(viewer, wanted_fps)
    services.pulse.wake()
    for id in new:
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
        "names": {id: device.name for id, device in services.catalogue.devices.items() if device.name},
    }
