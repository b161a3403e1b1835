"""Who asks, and whether they may: whoever is signed in may look, reviewers review, admins do everything else.

What is not marked here is closed: to look at anything takes a session, to change anything an admin. Where nobody signs
in, everybody on this machine may do everything. Who asks is looked up where it matters: what is there for all is there
too while the store that knows people is away.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from flask import Flask, g, request

from glassline.accounts import PersonRole
from glassline.store import StoreError

from ..api.errors import ApiError
from ..services import Services
from .sessions import Visitor

AGAIN_S = 5
READS = ("GET", "HEAD", "OPTIONS")
View = TypeVar("View", bound=Callable[..., Any])


def public(view: View) -> View:
    """Mark a view that needs no session."""
    view.is_public = True  # type: ignore[attr-defined]
    return view


def open_to(role: PersonRole) -> Callable[[View], View]:
    """Mark a view that this role and those above it may use; more may be asked for inside."""

    def mark(view: View) -> View:
        view.needs = role  # type: ignore[attr-defined]
        return view

    return mark


def for_people(view: View) -> View:
    """Mark a view that no script may use with a token: who takes a token may not make himself at home with it."""
    view.is_for_people = True  # type: ignore[attr-defined]
    return view


def is_for_people(view: Callable[..., Any]) -> bool:
    """Whether a view was marked so."""
    return bool(getattr(view, "is_for_people", False))


def register(app: Flask, services: Services) -> None:
    """Find out who asks, and turn away who may not."""
    sign_in = services.sign_in

    def find() -> Visitor | None:
        if sign_in is None:
            return Visitor(services.settings.id, PersonRole.ADMIN)
        return sign_in.bearer(g.bearer, request.remote_addr or "") if g.bearer else sign_in.sessions.find(g.session_id)

    @app.before_request
    def check() -> None:
        g.bearer = _bearer(request.headers.get("Authorization", "")) if sign_in else ""
        g.session_id = request.cookies.get(sign_in.cookie, "") if sign_in and not g.bearer else ""
        g.find_visitor = find
        view = app.view_functions.get(request.endpoint or "")
        role = None if view is None else needed_role(view, request.method)
        if view is not None and role is not None:
            asking = require(role)
            if asking.token and is_for_people(view):
                sentence = f"a token may not do this, nor may {asking.token}"
                raise ApiError(403, "web.token_may_not", sentence, "Sign in at the page.")


def needed_role(view: Callable[..., Any], method: str) -> PersonRole | None:
    """Who may use a view; None: everybody, signed in or not."""
    if getattr(view, "is_public", False):
        return None
    needed = PersonRole.VIEWER if method in READS else PersonRole.ADMIN
    return cast(PersonRole, getattr(view, "needs", needed))


def _bearer(authorization: str) -> str:
    """The secret of `Bearer SECRET`; empty: it is something else."""
    scheme, _, secret = authorization.strip().partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""


def require(role: PersonRole) -> Visitor:
    """Who asks, if they may do what `role` may; ApiError 401 or 403."""
    asking = visitor()
    if asking is None:
        code, message = "web.signed_out", "nobody is signed in here"
        if session_id():
            code, message = "web.session_ended", "this session has ended"
        if g.bearer:
            sentence = "this token is not known here, has expired, or its owner may sign in no more"
            raise ApiError(401, "web.bad_token", sentence, "Make another at the page, under your name.")
        raise ApiError(401, code, message, "Sign in at the page, or with POST /api/session.")
    if not asking.role.may(role):
        hint = f"An admin can change that: `glassline people role NAME {role}`."
        raise ApiError(403, "web.not_allowed", f"{asking.name} is a {asking.role}; this wants a {role}", hint)
    return asking


def visitor() -> Visitor | None:
    """Who asks; None: somebody who is not signed in. ApiError 503 where nobody can know."""
    try:
        return _found()
    except StoreError as error:
        hint = "Nobody is signed out by this: it goes on by itself once the store answers."
        sentence = f"who may sign in is kept in the store, and {error}"
        raise ApiError(503, error.code, sentence, hint, retry_after_s=AGAIN_S) from None


def is_signed_in() -> bool:
    """Whether who asks is known to be signed in."""
    try:
        return _found() is not None
    except StoreError:
        return False


def _found() -> Visitor | None:
    if "visitor" not in g:
        g.visitor = g.find_visitor()
    return cast("Visitor | None", g.visitor)


def session_id() -> str:
    """What the browser says is its session; empty: nothing."""
    return cast(str, g.session_id)
