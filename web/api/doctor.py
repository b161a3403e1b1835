"""The part of the API that asks this machine's doctor."""

from typing import Any

from flask import Blueprint, Response, jsonify
from pydantic import BaseModel, ConfigDict, JsonValue

from glassline.accounts import PersonRole

from ..doctor import CANNOT, DoctorBusyError, DoctorError
from ..people.access import open_to, require
from ..services import Services
from .described import described
from .errors import ApiError
from .requests import Nothing, body
from .shapes import HopShape

FOR_ALL = ("ok", "device", "hops", "first_cause", "also", "others", "next", "took_s")
"""What everybody may know who may look. Settings and their sources are for those who may change them."""


class DoctorAnswer(BaseModel):
    """What it found, as `glassline doctor --json` prints it; settings and their sources are for admins alone."""

    model_config = ConfigDict(extra="allow")

    ok: bool
    device: str | None = None
    hops: list[HopShape] = []
    first_cause: HopShape | None = None
    also: list[HopShape] = []
    others: dict[str, JsonValue] = {}
    took_s: float | None = None


def blueprint(services: Services) -> Blueprint:
    """/api/doctor."""
    pages = Blueprint("doctor", __name__)

    @pages.post("/api/doctor")
    @open_to(PersonRole.VIEWER)
    @described(
        answer=DoctorAnswer,
        body=Nothing,
        errors={
            429: "web.doctor_busy: it looks already, or has just looked; `Retry-After` says how long to wait",
            409: f"{CANNOT}: nothing is set up here that it could examine",
            503: "web.doctor_failed: it gave no answer",
        },
    )
    def doctor() -> Response:
        """Have the doctor of the server's machine look at the whole chain."""
        body(Nothing)
        asking = require(PersonRole.VIEWER)
        try:
            found = services.doctor.ask()
        except DoctorBusyError as error:
            hint = f"Ask again in {error.wait_s} s."
            raise ApiError(429, "web.doctor_busy", str(error), hint, retry_after_s=error.wait_s) from None
        except DoctorError as error:
            raise ApiError(409 if error.code == CANNOT else 503, error.code, str(error), error.hint) from None
        return jsonify(found if asking.role.may(PersonRole.ADMIN) else _for_all(found))

    return pages


def _for_all(found: dict[str, Any]) -> dict[str, Any]:
    return {name: found[name] for name in FOR_ALL if name in found}
