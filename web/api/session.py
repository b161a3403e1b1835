"""The part of the API about who is signed in: asking, signing in, signing out."""

from typing import Annotated, Any

from flask import Blueprint, Response, jsonify, request
from pydantic import StringConstraints

from glassline.accounts import PersonRole

from ..people.access import for_people, open_to, public, require, session_id, visitor
from ..people.sessions import Visitor
from ..people.sign_in import SignIn
from ..services import Services
from .described import described
from .people import NO_SIGN_IN, Password, changing, sign_in_here
from .requests import Nothing, Strict, body
from .shapes import Answer

LIMITS = (
    "web.too_many_attempts: too many wrong passwords; `Retry-After` says how long to wait. web.sign_in_limit: the "
    "project of the store takes no more for now"
)


class SignInBody(Strict):
    """Who wants to sign in."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    password: Annotated[str, StringConstraints(min_length=1, max_length=1000)]


class PasswordBody(Strict):
    """The password that is there, and the one to be."""

    old: Password
    new: Password


class SessionAnswer(Answer):
    """Who is signed in; name and role are null for nobody. `sign_in`: whether people sign in here at all."""

    sign_in: bool
    name: str | None
    role: PersonRole | None


def blueprint(services: Services) -> Blueprint:
    """/api/session."""
    pages = Blueprint("session", __name__)

    @pages.get("/api/session")
    @public
    @described(answer=SessionAnswer)
    def who() -> Response:
        """Who is signed in."""
        return jsonify(session_json(services, visitor()))

    @pages.post("/api/session")
    @public
    @described(
        answer=SessionAnswer,
        body=SignInBody,
        errors={
            401: "web.wrong_password: name or password is wrong",
            404: NO_SIGN_IN,
            429: LIMITS,
            503: "web.busy, web.sessions_down: too many sign in now, or the disk is full",
        },
    )
    def enter() -> Response:
        """Sign in: the session comes as a cookie."""
        sign_in, said = sign_in_here(services), body(SignInBody)
        entered, id = sign_in.enter(said.name, said.password, request.remote_addr or "")
        sign_in.leave(session_id())
        return _with_cookie(services, sign_in, entered, id)

    @pages.post("/api/session/password")
    @open_to(PersonRole.VIEWER)
    @for_people
    @described(
        answer=SessionAnswer,
        body=PasswordBody,
        errors={
            403: "web.wrong_password: the old one is wrong; web.foreign_origin, web.token_may_not",
            404: NO_SIGN_IN,
            429: LIMITS,
            503: "web.busy, web.sessions_down, web.people_down: too many sign in now, or the disk is full",
        },
    )
    def password() -> Response:
        """Change the own password: all other sessions of this person end, and this one goes on."""
        sign_in, said, before = sign_in_here(services), body(PasswordBody), require(PersonRole.VIEWER)
        with changing():
            after, id = sign_in.change_own_password(
                before.name, said.old, said.new, request.remote_addr or "", id=session_id()
            )
        for viewer in services.fanout.viewers:
            if viewer.session == before.key:
                viewer.session = after.key
        return _with_cookie(services, sign_in, after, id)

    @pages.delete("/api/session")
    @public
    @described(
        answer=SessionAnswer,
        body=Nothing,
        errors={404: NO_SIGN_IN, 503: "web.sessions_down: the list of sessions cannot be changed"},
    )
    def leave() -> Response:
        """Sign out."""
        sign_in = sign_in_here(services)
        body(Nothing)
        sign_in.leave(session_id())
        services.pulse.wake()
        answer = jsonify(session_json(services, None))
        answer.delete_cookie(sign_in.cookie, secure=sign_in.encrypted, httponly=True, samesite="Strict")
        return answer

    return pages


def _with_cookie(services: Services, sign_in: SignIn, who: Visitor, id: str) -> Response:
    answer = jsonify(session_json(services, who))
    seconds = round(services.settings.session_hours * 3600)
    answer.set_cookie(sign_in.cookie, id, max_age=seconds, secure=sign_in.encrypted, httponly=True, samesite="Strict")
    return answer


def session_json(services: Services, who: Visitor | None) -> dict[str, Any]:
    """Who is signed in, and whether anybody has to be."""
    return SessionAnswer(
        sign_in=services.sign_in is not None, name=who.name if who else None, role=who.role if who else None
    ).to_dict()
