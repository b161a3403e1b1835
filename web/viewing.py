"""The WebSocket /live: pictures and events out, wishes in."""

import time
from collections.abc import Iterable
from typing import Any

from flask import Flask, Response, request
from pydantic import ValidationError

import glassline
from glassline.program import shown

from .channel import open_channel
from .conversation import Conversation, HandshakeError
from .errors import ApiError
from .requests import WatchMessage
from .services import Services
from .viewer import Viewer

PATH = "/live"
SPARE_THREADS = 12


class _Over(Response):
    """The connection was the WebSocket's and is over: nothing more is to be written, and gunicorn closes it."""

    def __call__(self, *args: Any, **kwargs: Any) -> Iterable[bytes]:
        raise StopIteration


def register(app: Flask, services: Services) -> None:
    """Serve /live."""

    @app.route(PATH, websocket=True)
    def live() -> Response:
        _check_room(services)
        try:
            conversation = Conversation(request.headers)
        except HandshakeError as error:
            raise ApiError(400, "web.bad_websocket", f"expected a WebSocket handshake, version 13: {error}") from None
        channel = open_channel(request.environ["gunicorn.socket"])
        viewer = services.fanout.attach(channel)
        try:
            conversation.accept(channel=channel, viewer=viewer, fanout=services.fanout)
            services.fanout.admit(viewer, _hello(services))
            conversation.run(lambda text: _take(text, viewer, services))
        finally:
            services.fanout.detach(viewer)
            services.pulse.wake()
        return _Over()


def _check_room(services: Services) -> None:
    if len(services.fanout.viewers) >= services.settings.threads - SPARE_THREADS:
        raise ApiError(
            503, "web.full", f"{len(services.fanout.viewers)} pages are open already",
            "Raise `threads` in [web] of glassline.toml (GLASS_THREADS, --threads), or close some.",
        )  # fmt: skip


def _take(text: str | None, viewer: Viewer, services: Services) -> bool:
    """Do what a page asks for; False if that makes no sense. None: it sent something else than text."""
    try:
        said = WatchMessage.model_validate_json(text or "")
    except (ValidationError, ValueError):
        problem = 'expected JSON like {"watch": {"pi-1": 15, "pi-2": 2}} or {"ping": 1}'
        services.tally.note("refused_live_message", f"a page said what makes no sense: {shown(text or 'no text')}")
        services.fanout.tell(viewer, {"type": "error", "code": "web.bad_request", "message": problem})
        return False
    if said.ping is not None:
        services.fanout.tell(viewer, {"type": "pong", "ping": said.ping, "now_s": time.monotonic()})
    if said.watch is not None:
        _watch(viewer, said.wanted_fps(services.settings.max_fps), services)
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
    }
