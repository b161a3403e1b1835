"""The part of the API about who is signed in: asking, signing in, signing out."""

from typing import Annotated, Any

from flask import Blueprint, Response, jsonify, request
from pydantic import StringConstraints

from ..people.access import public, session_id, visitor
from ..people.sessions import Visitor
from ..people.sign_in import SignIn
from ..services import Services
from .errors import ApiError
from .requests import Strict, body


class SignInBody(Strict):
    """Who wants to sign in."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    password: Annotated[str, StringConstraints(min_length=1, max_length=1000)]


def blueprint(services: Services) -> Blueprint:
    """/api/session."""
    pages = Blueprint("session", __name__)

    @pages.get("/api/session")
    @public
    def who() -> Response:
        return jsonify(_shape(services, visitor()))

    @pages.post("/api/session")
    @public
    def enter() -> Response:
        sign_in, said = _sign_in(services), body(SignInBody)
        entered, id = sign_in.enter(said.name, said.password, request.remote_addr or "")
        sign_in.leave(session_id())
        answer = jsonify(_shape(services, entered))
        seconds = round(services.settings.session_hours * 3600)
        answer.set_cookie(
            sign_in.cookie, id, max_age=seconds, secure=sign_in.encrypted, httponly=True, samesite="Strict"
        )
        return answer

    @pages.delete("/api/session")
    @public
    def leave() -> Response:
        sign_in = _sign_in(services)
        sign_in.leave(session_id())
        services.pulse.wake()
        answer = jsonify(_shape(services, None))
        answer.delete_cookie(sign_in.cookie, secure=sign_in.encrypted, httponly=True, samesite="Strict")
        return answer

    return pages


def _sign_in(services: Services) -> SignIn:
    if services.sign_in is None:
        raise ApiError(
            404,
            "web.no_sign_in",
            "nobody signs in at this web",
            "Name a file with `people` in [web] of glassline.toml.",
        )
    return services.sign_in


def _shape(services: Services, who: Visitor | None) -> dict[str, Any]:
    return {
        "sign_in": services.sign_in is not None,
        "name": who.name if who else None,
        "role": who.role.value if who else None,
    }
