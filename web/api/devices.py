"""The part of the API about programs: the web itself, and the devices."""

import logging
import time
from collections.abc import Callable
from typing import Any, Literal

from flask import Blueprint, Response, jsonify

import glassline
from glassline.accounts import PersonRole
from glassline.contract.messages import ReplyError
from glassline.contract.values import Id, Json, Number

from ..people.access import is_signed_in, open_to, public, require
from ..programs.commands import COMMANDS, CommandName, NoReplyError, NotSentError, TooLargeError
from ..services import Services
from .described import described
from .errors import ApiError
from .requests import CommandBody, body, device_id
from .shapes import Answer, ChainShape, DeviceShape

log = logging.getLogger(__name__)

LOOKS = ("ping", "snapshot", "doctor")
"""Commands that change nothing: whoever may look may ask for them, as watching does too."""


UNKNOWN = "node.unknown: nobody of that name was ever heard"
COMMAND_ERRORS = {
    404: "node.unknown, web.no_command: there is no such device, or no such command",
    409: "node.is_none: it is no node, and takes no commands",
    503: "web.not_sent: there is no connection to the broker",
    504: "node.no_reply: no answer came in time",
}


class HealthPublic(Answer):
    """What everybody may know: that this is Glassline, and that it runs."""

    ok: bool
    program: str


class BrokerShape(Answer):
    """The way to the broker; code and sentence say what is wrong with it."""

    connected: bool
    address: str
    code: str | None
    sentence: str


class StoreShape(Answer):
    """The store; `sentence` says what is wrong with it."""

    ok: bool
    kind: str
    sentence: str | None


class HealthAnswer(HealthPublic):
    """What the web says of itself. `ok` is about the web: broker and store have their own."""

    id: str
    version: str
    uptime_s: Number
    broker: BrokerShape
    store: StoreShape
    viewers: int
    counters: dict[str, int]


class DevicesAnswer(Answer):
    """All programs, by id; `now_s` is the web's own clock, to which ages belong."""

    devices: list[DeviceShape]
    now_s: Number


class CommandAnswer(Answer):
    """The node's reply; `error` is what it refused, and why."""

    id: str
    status: Literal["ok", "error"]
    data: dict[str, Json]
    error: ReplyError | None
    round_trip_ms: Number


def blueprint(services: Services) -> Blueprint:
    """/health and /api/devices."""
    pages = Blueprint("devices", __name__)

    @pages.get("/health")
    @public
    @described(answer=HealthAnswer | HealthPublic)
    def health() -> Response:
        """What the web says of itself; to who is not signed in, that it runs and nothing else."""
        told = _health(services)
        return jsonify((told if is_signed_in() else HealthPublic(ok=told.ok, program=told.program)).to_dict())

    @pages.get("/api/devices")
    @described(answer=DevicesAnswer)
    def devices() -> Response:
        """All programs that were ever heard: nodes, bridges, webs and the broker."""
        return jsonify(devices=services.views.devices(), now_s=round(time.monotonic(), 3))

    @pages.get("/api/devices/<id>")
    @described(answer=DeviceShape, path={"id": Id}, errors={404: UNKNOWN})
    def device(id: str) -> Response:
        """One program."""
        return jsonify(known(services.views.device(device_id(id)), id))

    @pages.get("/api/devices/<id>/chain")
    @described(answer=ChainShape, path={"id": Id}, errors={404: UNKNOWN})
    def chain(id: str) -> Response:
        """The chain of a device from lens to eye: each hop, and the first cause of what is wrong."""
        return jsonify(known(services.views.chain(device_id(id)), id))

    @pages.get("/api/devices/<id>/snapshot.jpg")
    @described(answer={"image/jpeg": None}, path={"id": Id}, errors={404: "web.no_frames: no picture has come yet"})
    def snapshot(id: str) -> Response:
        """The newest picture, as it left the node."""
        program = services.hub.get(device_id(id))
        if program is None or program.picture is None:
            raise ApiError(404, "web.no_frames", f"no picture of {id} has come here yet", "Is its node running?")
        return Response(program.picture.jpeg, mimetype="image/jpeg")

    @pages.post("/api/devices/<id>/cmd/<name>")
    @open_to(PersonRole.VIEWER)
    @described(answer=CommandAnswer, path={"id": Id, "name": CommandName}, body=CommandBody, errors=COMMAND_ERRORS)
    def command(id: str, name: str) -> Response:
        """Send a command to a node and wait for its reply.

        ping, snapshot and doctor change nothing and are open to viewers; the others want an admin.
        """
        known(services.views.device(device_id(id)), id)
        return jsonify(run_command(services, id, name))

    return pages


def _health(services: Services) -> HealthAnswer:
    broker, problem = services.broker(), services.catalogue.sentence
    return HealthAnswer(
        ok=True,
        program="glassline web",
        id=services.settings.id,
        version=glassline.__version__,
        uptime_s=round(time.monotonic() - services.began_s, 1),
        broker=BrokerShape(
            connected=broker.connected, address=broker.address, code=broker.code, sentence=broker.sentence
        ),
        store=StoreShape(ok=problem is None, kind=services.settings.store.partition(":")[0], sentence=problem),
        viewers=len(services.fanout.viewers),
        counters=services.counters(),
    )


def run_command(services: Services, id: str, name: str) -> dict[str, Any]:
    """Send the command of this request and wait for the reply of the node."""
    command = next((one for one in COMMANDS if one == name), None)
    if command is None:
        raise ApiError(404, "web.no_command", f"no command {name[:40]!r}", f"There are {', '.join(COMMANDS)}.")
    return ask(services, id, command, lambda: body(CommandBody).args)


def ask(services: Services, id: str, command: CommandName, args: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Send a command, if whoever asks may; `args` is called after that is known."""
    asking = require(PersonRole.VIEWER if command in LOOKS else PersonRole.ADMIN)
    program = services.hub.get(id)
    if program is not None and program.role not in (None, "node"):
        raise ApiError(409, "node.is_none", f"{id} is a {program.role}: it takes no commands", "Ask a node.")
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
    return CommandAnswer(
        id=reply.id,
        status=reply.status,
        data=reply.data,
        error=reply.error,
        round_trip_ms=round(round_trip_s * 1000, 1),
    ).to_dict()


def known(shape: dict[str, Any] | None, id: str) -> dict[str, Any]:
    """What is known of a device; ApiError where that is nothing."""
    if shape is None:
        raise ApiError(404, "node.unknown", f"nobody called {id} was ever heard here", "See /api/devices.")
    return shape
