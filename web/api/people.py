"""The part of the API about people: who may sign in, and as what. For admins, and never for scripts."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from flask import Blueprint, Response, jsonify
from pydantic import StringConstraints

from glassline.accounts import LastAdminError, NobodyError, Person, PersonRole, TakenError

from ..people.access import for_people, open_to, require
from ..people.directory import ElsewhereError
from ..people.sign_in import SignIn, writing
from ..services import Services
from .described import described
from .errors import ApiError
from .requests import Nothing, Strict, body
from .shapes import Answer

log = logging.getLogger(__name__)

Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Password = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
NO_SIGN_IN = "web.no_sign_in: nobody signs in at this web"
NOBODY = f"{NO_SIGN_IN}; web.no_person: there is nobody of that name"
DOWN = "web.people_down, web.busy: the list of people cannot be changed now"
KEPT = "web.people_elsewhere: this web's people are kept in the project of its store"
LAST = f"web.last_admin: without this admin there would be none; {KEPT}"


class PersonShape(Answer):
    """Somebody who may sign in."""

    name: str
    role: PersonRole


class PeopleAnswer(Answer):
    """By name."""

    people: list[PersonShape]
    elsewhere: str | None
    """Where people are added and get passwords, where that is not here."""


class PersonBody(Strict):
    """Whom to let in. A name is found however its letters are written, and stands under a review as it is here."""

    name: Name
    role: PersonRole
    password: Password


class PersonChange(Strict):
    """Another role, another password, or both; their sessions end."""

    role: PersonRole | None = None
    password: Password | None = None


def blueprint(services: Services) -> Blueprint:
    """/api/people."""
    pages = Blueprint("people", __name__)

    @pages.get("/api/people")
    @open_to(PersonRole.ADMIN)
    @for_people
    @described(answer=PeopleAnswer, errors={404: NO_SIGN_IN})
    def people() -> Response:
        """Everybody who may sign in."""
        there = sign_in_here(services).people
        told = PeopleAnswer(people=[_shape(one) for one in there.list()], elsewhere=there.elsewhere)
        return jsonify(told.to_dict())

    @pages.post("/api/people")
    @for_people
    @described(
        answer=PersonShape, body=PersonBody,
        errors={404: NO_SIGN_IN, 409: f"web.person_exists: somebody is called so already; {KEPT}", 503: DOWN},
    )  # fmt: skip
    def add() -> Response:
        """Let somebody in."""
        there, said = sign_in_here(services), body(PersonBody)
        with changing(), there.room():
            person = there.people.add(said.name, said.role, said.password)
        log.info("%s let %s in as %s", _by(), person.name, person.role)
        return jsonify(_shape(person).to_dict())

    @pages.patch("/api/people/<path:name>")
    @for_people
    @described(
        answer=PersonShape, path={"name": Name}, body=PersonChange, errors={404: NOBODY, 409: LAST, 503: DOWN}
    )  # fmt: skip
    def change(name: str) -> Response:
        """Give somebody another role or another password; where they are signed in, they sign in anew."""
        there, said = sign_in_here(services), body(PersonChange)
        with changing(), there.room():
            person = there.people.change(name, role=said.role, password=said.password)
        log.info("%s changed %s of %s", _by(), " and ".join(sorted(said.model_fields_set)) or "nothing", person.name)
        return jsonify(_shape(person).to_dict())

    @pages.delete("/api/people/<path:name>")
    @for_people
    @described(
        answer=None, status=204, path={"name": Name}, body=Nothing, errors={404: NOBODY, 409: LAST, 503: DOWN}
    )  # fmt: skip
    def remove(name: str) -> tuple[str, int]:
        """Let somebody in no more: pages that are open end within seconds, tokens at once."""
        there = sign_in_here(services)
        body(Nothing)
        with changing():
            there.people.remove(name)
        log.info("%s removed %s", _by(), name)
        services.pulse.wake()
        return "", 204

    return pages


def sign_in_here(services: Services) -> SignIn:
    """Where people sign in; ApiError where nobody does."""
    if services.sign_in is None:
        hint = "Name a file with `people` in [web] of glassline.toml."
        raise ApiError(404, "web.no_sign_in", "nobody signs in at this web", hint)
    return services.sign_in


@contextmanager
def changing() -> Iterator[None]:
    """Faults of a change as answers."""
    try:
        with writing("people"):
            try:
                yield
            except TakenError as error:
                raise ApiError(409, "web.person_exists", str(error)) from None
            except NobodyError as error:
                raise ApiError(404, "web.no_person", str(error)) from None
            except LastAdminError as error:
                raise ApiError(409, "web.last_admin", str(error)) from None
    except ValueError as error:
        raise ApiError(400, "web.bad_request", str(error), "Correct this and send it again.") from None
    except ElsewhereError as error:
        raise ApiError(409, "web.people_elsewhere", str(error)) from None


def _by() -> str:
    return require(PersonRole.ADMIN).name


def _shape(person: Person) -> PersonShape:
    return PersonShape(name=person.name, role=person.role)
