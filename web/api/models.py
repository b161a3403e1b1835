"""The part of the API about models: which there are, sending one to a device, and the archives that nodes fetch.

An archive is given to whoever names its digest: a node has no session, and whoever knows a digest has it from somebody
who may look. What a node gets it checks against the digest that came to it as a command.
"""

import threading
from typing import Any

from flask import Blueprint, Response, g, jsonify, request, send_file

from glassline.contract.archives import is_sha256, path_of
from glassline.contract.values import Count, Id, Time
from glassline.program import network_of

from ..archives import Archive, Archives
from ..people.access import public
from ..people.attempts import Meter
from ..reading import SEND_S
from ..services import Services
from .described import described
from .devices import COMMAND_ERRORS, CommandAnswer, ask, known
from .errors import ApiError
from .requests import ModelBody, body, device_id
from .shapes import Answer

AT_ONCE = 8
"""Each takes a thread for as long as the link of its node needs."""
LEAST_BYTES_S = 20_000
BURST, EVERY_S = 20, 5.0
"""Digests of no model that one address may ask for at once, and after that."""


class ModelShape(Answer):
    """A model that can be sent to devices; `sha256` is the digest of its archive."""

    name: str
    sha256: str
    size_bytes: Count
    published_at: Time


class ModelsAnswer(Answer):
    """All of them, the newest first."""

    models: list[ModelShape]


def blueprint(services: Services) -> Blueprint:
    """/api/models, /api/devices/<id>/model and /models/<sha256>."""
    pages, settings = Blueprint("models", __name__), services.settings
    archives, wrong = Archives(settings.models), Meter(burst=BURST, every_s=EVERY_S)
    room = threading.BoundedSemaphore(AT_ONCE)

    @pages.get("/api/models")
    @described(answer=ModelsAnswer)
    def models() -> Response:
        """The models that can be sent to devices."""
        return jsonify(ModelsAnswer(models=[_shape(archive) for archive in archives.all()]).to_dict())

    @pages.post("/api/devices/<id>/model")
    @described(
        answer=CommandAnswer, path={"id": Id}, body=ModelBody,
        errors={**COMMAND_ERRORS, 404: "node.unknown, web.no_model: there is no such device, or no such model"},
    )  # fmt: skip
    def send(id: str) -> Response:
        """Have a device fetch a model and put it in force, on probation."""
        known(services.views.device(device_id(id)), id)
        return jsonify(ask(services, id, "model", lambda: _args(body(ModelBody))))

    def _args(wanted: ModelBody) -> dict[str, Any]:
        archive = archives.find(wanted.model)
        if archive is None:
            names = ", ".join(dict.fromkeys(one.name for one in archives.all())) or "none"
            hint = f"There is {names[:500]}. `glassline model publish best.json` on the server adds one."
            raise ApiError(404, "web.no_model", f"there is no model {wanted.model[:100]!r} here", hint)
        scheme = "https" if settings.is_encrypted else "http"
        base = wanted.url.rstrip("/") or settings.public_url or f"{scheme}://{request.host}"
        url = base + path_of(archive.sha256)
        return {"url": url, "sha256": archive.sha256, "size": archive.size_bytes, "name": archive.name}

    @pages.get("/models/<sha256>")
    @public
    def fetch(sha256: str) -> Response:
        who = network_of(request.remote_addr or "")
        if (wait_s := wrong.wait_s(who)) > 0:
            raise ApiError(429, "web.too_many", "too many that there are not", "Wait.", retry_after_s=round(wait_s) + 1)
        archive = archives.find(sha256) if is_sha256(sha256) else None
        if archive is None:
            wrong.take(who)
            raise ApiError(404, "web.no_model", "there is no model with that digest here")
        if not room.acquire(blocking=False):
            hint = "Ask again in a while."
            raise ApiError(503, "web.busy", f"{AT_ONCE} models are being fetched already", hint, retry_after_s=10)
        return _sent(archive)

    def _sent(archive: Archive) -> Response:
        """As it lies on the disk, or the part of it that is asked for; the room is given back at its end."""
        try:
            answer = send_file(
                archive.path, mimetype="application/zip", conditional=True, etag=archive.sha256, max_age=0
            )
        except BaseException:
            room.release()
            raise
        answer.direct_passthrough = False  # else nobody would be told of the end
        answer.call_on_close(room.release)
        g.answer_s = SEND_S + (answer.content_length or 0) / LEAST_BYTES_S
        return answer

    return pages


def _shape(archive: Archive) -> ModelShape:
    return ModelShape(
        name=archive.name, sha256=archive.sha256, size_bytes=archive.size_bytes, published_at=archive.published_at
    )
