"""The part of the API about tokens for scripts: everybody's own, and for admins everybody's."""

import logging
import time
from typing import Annotated

from flask import Blueprint, Response, jsonify
from pydantic import Field, StringConstraints

from glassline.accounts import Person, PersonRole, PersonToken
from glassline.accounts.person_tokens import MAX_DAYS, MAX_OF_ONE
from glassline.contract import from_unix
from glassline.contract.values import Time

from ..people.access import for_people, open_to, require
from ..people.sign_in import writing
from ..services import Services
from .described import described
from .errors import ApiError
from .people import NO_SIGN_IN, sign_in_here
from .requests import Nothing, Strict, Truth, body, query
from .shapes import Answer

log = logging.getLogger(__name__)

DOWN = "web.tokens_down: the list of tokens cannot be changed now"


class TokenShape(Answer):
    """A token, without its secret. `role`: what it may do now, never more than its owner; `used_on`: its last day."""

    id: str
    name: str
    owner: str
    role: PersonRole
    made_at: Time
    expires_at: Time
    used_on: str | None


class TokensAnswer(Answer):
    """The newest first."""

    tokens: list[TokenShape]


class NewTokenAnswer(Answer):
    """The secret is shown this once: `Authorization: Bearer SECRET`."""

    token: TokenShape
    secret: str


class TokensQuery(Strict):
    """Whose: one's own, or, for admins, everybody's."""

    everybody: Truth = False


class TokenBody(Strict):
    """What to call it, what it may do (never more than its owner), and how many days."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    role: PersonRole = PersonRole.VIEWER
    days: Annotated[int, Field(ge=1, le=MAX_DAYS)] = 90


def blueprint(services: Services) -> Blueprint:
    """/api/tokens."""
    pages = Blueprint("tokens", __name__)

    @pages.get("/api/tokens")
    @for_people
    @described(answer=TokensAnswer, query=TokensQuery, errors={404: NO_SIGN_IN})
    def tokens() -> Response:
        """The tokens of who asks."""
        there, asked = sign_in_here(services), query(TokensQuery)
        owner = None if asked.everybody else there.person(require(PersonRole.VIEWER))
        if asked.everybody:
            require(PersonRole.ADMIN)
        shapes = [
            _shape(token, there.people.current(token.owner, token.owner_id)) for token in there.tokens.list(owner)
        ]
        return jsonify(TokensAnswer(tokens=shapes).to_dict())

    @pages.post("/api/tokens")
    @open_to(PersonRole.VIEWER)
    @for_people
    @described(
        answer=NewTokenAnswer, body=TokenBody,
        errors={404: NO_SIGN_IN, 409: f"web.too_many_tokens: {MAX_OF_ONE} are there already", 503: DOWN},
    )  # fmt: skip
    def make() -> Response:
        """A token for a script, which speaks for who makes it."""
        there, said = sign_in_here(services), body(TokenBody)
        owner = there.person(require(PersonRole.VIEWER))
        if len(there.tokens.list(owner)) >= MAX_OF_ONE:
            hint = "Take one away first."
            raise ApiError(409, "web.too_many_tokens", f"{owner.name} has {MAX_OF_ONE} tokens already", hint)
        try:
            with writing("tokens"):
                token, secret = there.tokens.issue(
                    owner, name=said.name, role=said.role, days=said.days, now_s=time.time()
                )
        except ValueError as error:
            raise ApiError(400, "web.bad_request", str(error), "Correct this and send it again.") from None
        log.info("%s made the token %r, a %s for %d days", owner.name, token.name, token.role, said.days)
        return jsonify(NewTokenAnswer(token=_shape(token, owner), secret=secret).to_dict())

    @pages.delete("/api/tokens/<id>")
    @open_to(PersonRole.VIEWER)
    @for_people
    @described(
        answer=None, status=204, path={"id": str}, body=Nothing,
        errors={404: f"{NO_SIGN_IN}; web.no_token: there is no such token", 503: DOWN},
    )  # fmt: skip
    def revoke(id: str) -> tuple[str, int]:
        """Take a token away, one's own or, as an admin, anybody's; it is worth nothing from now on."""
        there, asking = sign_in_here(services), require(PersonRole.VIEWER)
        body(Nothing)
        owner = None if asking.role.may(PersonRole.ADMIN) else there.person(asking)
        with writing("tokens"):
            token = there.tokens.revoke(id, owner=owner)
        if token is None:
            raise ApiError(404, "web.no_token", f"there is no token {id[:40]!r}", "See /api/tokens.")
        log.info("%s took the token %r of %s away", asking.name, token.name, token.owner)
        services.pulse.wake()
        return "", 204

    return pages


def _shape(token: PersonToken, owner: Person | None) -> TokenShape:
    return TokenShape(
        id=token.id,
        name=token.name,
        owner=token.owner,
        role=token.role if owner is None else token.role_of(owner),
        made_at=from_unix(token.made_s),
        expires_at=from_unix(token.until_s),
        used_on=token.used_on or None,
    )
