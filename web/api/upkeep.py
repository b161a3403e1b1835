"""The part of the API by which people look after devices: a name, the end of its use, what may be set."""

import logging
import time
from typing import Annotated, Any

from flask import Blueprint, Response, jsonify
from pydantic import StringConstraints
from pydantic.fields import FieldInfo

from glassline.accounts import PersonRole
from glassline.contract.messages import SILENT_S
from glassline.contract.topics import RETAINED
from glassline.contract.tunable import Kind, Tunable, bounds_of, facts_of
from glassline.contract.values import Id, Json, Number
from glassline.store import Device

from ..people.access import require
from ..services import Services
from .described import described
from .devices import UNKNOWN, known
from .errors import STORE_DOWN, ApiError
from .requests import Nothing, Strict, body, device_id
from .shapes import Answer, DeviceShape

log = logging.getLogger(__name__)


_NOT_YET = "node.not_stored: the store does not know it yet"


class NameBody(Strict):
    """What people call it; null, or empty, takes the name away."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=60, pattern=r"^[^\x00-\x1f\x7f]*$")] | None


class RetiredAnswer(Answer):
    """The device as it is remembered. `account`: what still opens the broker, and how to end that."""

    device: DeviceShape
    account: str


class SettingShape(Answer):
    """One setting for a form. `labels`, `scores` and `region` come as JSON, or as text as in the settings file."""

    name: str
    type: Kind
    minimum: Number | None
    maximum: Number | None
    choices: list[str]
    unit: str
    sentence: str
    value: Json
    """In force; null: the device has not said."""


class SettingsAnswer(Answer):
    """What the command `config` may change."""

    settings: list[SettingShape]


def blueprint(services: Services) -> Blueprint:
    """What /api/devices/<id> is changed by, its settings, and /api/devices/<id>/retire."""
    pages = Blueprint("upkeep", __name__)

    @pages.patch("/api/devices/<id>")
    @described(
        answer=DeviceShape, path={"id": Id}, body=NameBody, errors={404: UNKNOWN, 409: _NOT_YET, 503: STORE_DOWN}
    )  # fmt: skip
    def rename(id: str) -> Response:
        """Give a device the name that people call it by."""
        shape = known(services.views.device(device_id(id)), id)
        name = body(NameBody).name or None
        log.info("%s names %s %r, so far %r", require(PersonRole.ADMIN).name, id, name, shape["name"])
        try:
            _note(services, services.catalogue.use().name_device(id, name))
        except KeyError:
            raise _not_yet(id) from None
        return jsonify(services.views.device(id))

    @pages.get("/api/devices/<id>/settings")
    @described(answer=SettingsAnswer, path={"id": Id}, errors={404: UNKNOWN, 409: "node.is_none: it is no node"})
    def settings(id: str) -> Response:
        """What of a node may be set while it runs, by `POST /api/devices/<id>/cmd/config`."""
        shape = known(services.views.device(device_id(id)), id)
        if shape["role"] not in (None, "node"):
            raise ApiError(409, "node.is_none", f"{id} is a {shape['role']}: it has no such settings", "Ask a node.")
        in_force = (shape["info"] or {}).get("settings", {})
        rows = [_setting(name, field, in_force.get(name)) for name, field in Tunable.model_fields.items()]
        return jsonify(SettingsAnswer(settings=rows).to_dict())

    @pages.post("/api/devices/<id>/retire")
    @described(
        answer=RetiredAnswer,
        path={"id": Id},
        body=Nothing,
        errors={404: UNKNOWN, 409: f"node.online: it runs; {_NOT_YET}", 503: f"{STORE_DOWN}; web.not_sent: no broker"},
    )
    def retire(id: str) -> Response:
        """Take a device out of use: what the broker keeps of it is cleared, and it is listed no more until it speaks.

        Its defects stay. Its account stays too, and opens the broker until somebody revokes it.
        """
        shape = known(services.views.device(device_id(id)), id)
        body(Nothing)
        if shape["online"]:
            raise ApiError(409, "node.online", f"{id} runs, and would be back at once", "End it first, on its machine.")
        if shape["status"] != "offline" and services.broker().listened_s(time.monotonic()) < SILENT_S:
            sentence = f"whether {id} runs is not known yet"
            raise ApiError(409, "node.online", sentence, f"This web listens for less than {SILENT_S:.0f} s: try again.")
        if services.link is None or not all(services.link.publish(kind, b"", id=id) for kind in RETAINED):
            sentence = "what the broker keeps of it cannot be cleared"
            raise ApiError(503, "web.not_sent", sentence, services.broker().sentence)
        log.info("%s retires %s", require(PersonRole.ADMIN).name, id)
        try:
            device = services.catalogue.use().retire(id)
        except KeyError:
            raise _not_yet(id) from None
        services.hub.forget(id)
        _note(services, device)
        account = f"The account {id} still opens the broker: `glassline revoke {id}` on the server ends that."
        return jsonify(device=services.views.device(id), account=account)

    return pages


def _setting(name: str, field: FieldInfo, value: Any) -> SettingShape:
    facts, (least, most) = facts_of(field), bounds_of(field)
    return SettingShape(
        name=name, type=facts["kind"], minimum=least, maximum=most, choices=facts["choices"], unit=facts["unit"],
        sentence=field.description or "", value=value,
    )  # fmt: skip


def _not_yet(id: str) -> ApiError:
    hint = "The bridge notes who is there each minute: is it running? Then try again."
    return ApiError(409, "node.not_stored", f"the store does not know {id} yet", hint)


def _note(services: Services, device: Device) -> None:
    """Every page of this web sees it now."""
    services.catalogue.note(device)
    services.pulse.touch(device.device_id)
