"""The part of the API that asks this machine's doctor."""

from typing import Any

from flask import Blueprint, Response, jsonify

from glassline.accounts import PersonRole

from ..doctor import DoctorBusyError, DoctorError
from ..people.access import open_to, require
from ..services import Services
from .errors import ApiError
from .requests import Nothing, body

FOR_ALL = ("ok", "device", "hops", "first_cause", "also", "others", "next", "took_s")
"""What everybody may know who may look. Settings and their sources are for those who may change them."""


def blueprint(services: Services) -> Blueprint:
    """/api/doctor."""
    pages = Blueprint("doctor", __name__)

    @pages.post("/api/doctor")
    @open_to(PersonRole.VIEWER)
    def doctor() -> Response:
        body(Nothing)
        asking = require(PersonRole.VIEWER)
        try:
            found = services.doctor.ask()
        except DoctorBusyError as error:
            hint = f"Ask again in {error.wait_s} s."
            raise ApiError(429, "web.doctor_busy", str(error), hint, retry_after_s=error.wait_s) from None
        except DoctorError as error:
            raise ApiError(503, error.code, str(error), error.hint) from None
        return jsonify(found if asking.role.may(PersonRole.ADMIN) else _for_all(found))

    return pages


def _for_all(found: dict[str, Any]) -> dict[str, Any]:
    return {name: found[name] for name in FOR_ALL if name in found}
