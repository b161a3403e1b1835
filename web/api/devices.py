"""The part of the API about programs: the web itself, and the devices."""

import logging
import time
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, jsonify

import glassline
from glassline.accounts import PersonRole

from ..people.access import open_to, public, require, visitor
from ..programs.commands import COMMANDS, CommandName, NoReplyError, NotSentError, TooLargeError
from ..services import Services
from .errors import ApiError
from .requests import CommandBody, body, device_id

log = logging.getLogger(__name__)

LOOKS = ("ping", "snapshot", "doctor")
"""Commands that change nothing: whoever may look may ask for them, as watching does too."""


def blueprint(services: Services) -> Blueprint:
    """/health and /api/devices."""
    pages = Blueprint("devices", __name__)

    @pages.get("/health")
    @public
    def health() -> Response:
        told = health_json(services)
        return jsonify(told if visitor() else {name: told[name] for name in ("ok", "program")})

    @pages.get("/api/devices")
    def devices() -> Response:
        return jsonify(devices=services.views.devices(), now_s=round(time.monotonic(), 3))

    @pages.get("/api/devices/<id>")
    def device(id: str) -> Response:
        return jsonify(known(services.views.device(device_id(id)), id))

    @pages.get("/api/devices/<id>/chain")
    def chain(id: str) -> Response:
        return jsonify(known(services.views.chain(device_id(id)), id))

    @pages.get("/api/devices/<id>/snapshot.jpg")
    def snapshot(id: str) -> Response:
        program = services.hub.get(device_id(id))
        if program is None or program.picture is None:
            raise ApiError(404, "web.no_frames", f"no picture of {id} has come here yet", "Is its node running?")
        return Response(program.picture.jpeg, mimetype="image/jpeg")

    @pages.post("/api/devices/<id>/cmd/<name>")
    @open_to(PersonRole.VIEWER)
    def command(id: str, name: str) -> Response:
        known(services.views.device(device_id(id)), id)
        return jsonify(run_command(services, id, name))

    return pages


def health_json(services: Services) -> dict[str, Any]:
    """What the web says of itself. `ok` is about the web: broker and store have their own."""
    broker, problem = services.broker(), services.catalogue.sentence
    return {
        "ok": True,
        "program": "glassline web",
        "id": services.settings.id,
        "version": glassline.__version__,
        "uptime_s": round(time.monotonic() - services.began_s, 1),
        "broker": {
            "connected": broker.connected, "address": broker.address, "code": broker.code, "sentence": broker.sentence,
        },
        "store": {"ok": problem is None, "kind": services.settings.store.partition(":")[0], "sentence": problem},
        "viewers": len(services.fanout.viewers),
        "counters": services.counters(),
    }  # fmt: skip


def run_command(services: Services, id: str, name: str) -> dict[str, Any]:
    """Send the command of this request and wait for the reply of the node."""
    command = next((one for one in COMMANDS if one == name), None)
    if command is None:
        raise ApiError(404, "web.no_command", f"no command {name[:40]!r}", f"There are {', '.join(COMMANDS)}.")
    return ask(services, id, command, lambda: body(CommandBody).args)


def ask(services: Services, id: str, command: CommandName, args: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Send a command, if whoever asks may; `args` is called after that is known."""
    asking = require(PersonRole.VIEWER if command in LOOKS else PersonRole.ADMIN)
    if command not in LOOKS:
        log.info("%s sends %s to %s", asking.name, command, id)
    timeout_s = services.settings.command_timeout_s
    try:
        reply, round_trip_s = services.commands.send(services.link, id, command, args(), timeout_s=timeout_s)
    except TooLargeError as error:
        raise ApiError(413, "web.too_large", str(error), "Send fewer arguments.") from None
    except NotSentError as error:
        raise ApiError(503, "web.not_sent", str(error), services.broker().sentence) from None
    except NoReplyError as error:
        raise ApiError(504, "node.no_reply", str(error), f"Is it online? See /diagnose?device={id}.") from None
    answer = reply.to_dict()
    return {key: answer.get(key) for key in ("id", "status", "data", "error")} | {
        "round_trip_ms": round(round_trip_s * 1000, 1)
    }


def known(shape: dict[str, Any] | None, id: str) -> dict[str, Any]:
    """What is known of a device; ApiError where that is nothing."""
    if shape is None:
        raise ApiError(404, "node.unknown", f"nobody called {id} was ever heard here", "See /api/devices.")
    return shape
