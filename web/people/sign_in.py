"""Signing in, where people do: who there is, who is signed in, and how often somebody may try."""

import logging
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from glassline.accounts import AccountsError, People
from glassline.accounts.people import FIRST_ADMIN

from ..api.errors import ApiError
from ..settings import WebSettings
from .attempts import Attempts, BusyError, TooManyError
from .sessions import Sessions, Visitor, key_of

log = logging.getLogger(__name__)


class SignIn:
    """The people of one web. Constructing it reads nothing."""

    def __init__(self, *, people: Path | str, hours: float, encrypted: bool) -> None:
        self.people = People(people)
        self.encrypted = encrypted
        self.cookie = "__Host-glassline" if encrypted else "glassline"
        """Its name: browsers take one with this prefix from this host alone, and only through TLS."""
        self.sessions = Sessions(self.people, hours=hours)
        self._attempts = Attempts(self.people)

    def prepare(self) -> None:
        """Before the first start: let an admin in, and say how. AccountsError if a file cannot be used."""
        made = self.people.first_admin()
        if made is not None:
            log.warning("nobody could sign in yet: sign in as %s, with the password in the file %s", FIRST_ADMIN, made)
        elif self.people.first_password.exists():
            log.warning(
                "the password in %s still opens this web: `glassline people password %s` sets another one",
                self.people.first_password, FIRST_ADMIN,
            )  # fmt: skip
        self.people.load()
        self.sessions.load()

    def enter(self, name: str, password: str, address: str) -> tuple[Visitor, str]:
        """Begin a session: who it is, and the session's id."""
        try:
            person = self._attempts.verify(name, password, address)
        except TooManyError as error:
            wait_s = math.ceil(error.wait_s)
            raise ApiError(429, "web.too_many_attempts", str(error), "Then try again.", retry_after_s=wait_s) from None
        except BusyError:
            raise ApiError(
                503, "web.busy", "too many sign in at this moment", "Try again in a few seconds.", retry_after_s=5
            ) from None
        if person is None:
            hint = "Large and small letters of the password differ. An admin can set another one."
            raise ApiError(401, "web.wrong_password", "name or password is wrong", hint)
        with _writing():
            id = self.sessions.open(person)
        log.info("%s signed in as %s, from %s", person.name, person.role, address)
        return Visitor(person.name, person.role, key_of(id)), id

    def leave(self, id: str) -> None:
        """End a session for good."""
        visitor = self.sessions.find(id)
        with _writing():
            self.sessions.close(id)
        if visitor is not None:
            log.info("%s signed out", visitor.name)


@contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except (AccountsError, OSError) as error:
        log.error("the sessions file cannot be changed: %s", error)
        hint = "Is the disk full? The web's log says more; nothing has changed."
        raise ApiError(503, "web.sessions_down", "the list of sessions cannot be changed", hint) from None


def sign_in_of(settings: WebSettings) -> SignIn | None:
    """As the settings want it; None: nobody signs in."""
    if not settings.people_file:
        return None
    return SignIn(people=settings.people_file, hours=settings.session_hours, encrypted=settings.is_encrypted)
