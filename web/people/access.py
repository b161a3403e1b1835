"""Who asks, and whether they may: whoever is signed in may look, reviewers review, admins do everything else.

What is not marked here is closed: to look at anything takes a session, to change anything an admin. Where nobody signs
in, everybody on this machine may do everything.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from flask import Flask, g, request

from glassline.accounts import PersonRole

from ..api.errors import ApiError
from ..services import Services
from .sessions import Visitor

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


def register(app: Flask, services: Services) -> None:
    """Find out who asks, and turn away who may not."""
    sign_in = services.sign_in

    @app.before_request
    def check() -> None:
        id = request.cookies.get(sign_in.cookie, "") if sign_in else ""
        g.session_id = id
        g.visitor = sign_in.sessions.find(id) if sign_in else Visitor(services.settings.id, PersonRole.ADMIN)
        view = app.view_functions.get(request.endpoint or "")
        role = None if view is None else needed_role(view, request.method)
        if role is not None:
            require(role)


def needed_role(view: Callable[..., Any], method: str) -> PersonRole | None:
    """Who may use a view; None: everybody, signed in or not."""
    if getattr(view, "is_public", False):
        return None
    needed = PersonRole.VIEWER if method in READS else PersonRole.ADMIN
    return cast(PersonRole, getattr(view, "needs", needed))


def require(role: PersonRole) -> Visitor:
    """Who asks, if they may do what `role` may; ApiError 401 or 403."""
    asking = visitor()
    if asking is None:
        code, message = "web.signed_out", "nobody is signed in here"
        if session_id():
            code, message = "web.session_ended", "this session has ended"
        raise ApiError(401, code, message, "Sign in at the page, or with POST /api/session.")
    if not asking.role.may(role):
        hint = f"An admin can change that: `glassline people role NAME {role}`."
        raise ApiError(403, "web.not_allowed", f"{asking.name} is a {asking.role}; this wants a {role}", hint)
    return asking


def visitor() -> Visitor | None:
    """Who asks; None: somebody who is not signed in."""
    return cast("Visitor | None", g.visitor)


def session_id() -> str:
    """What the browser says is its session; empty: nothing."""
    return cast(str, g.session_id)
