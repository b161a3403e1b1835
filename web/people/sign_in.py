"""Signing in, where people do: who there is, who is signed in, and how often somebody may try."""

import logging
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from glassline.accounts import AccountsError, People, Person, PersonTokens
from glassline.accounts.people import FIRST_ADMIN
from glassline.accounts.person_tokens import key_of as token_key_of
from glassline.program import network_of
from glassline.store import SignInLimitError, open_sign_in

from ..api.errors import ApiError
from ..settings import WebSettings
from .attempts import OF_PROJECT, OURS, Attempts, BusyError, Meter, Pace, TooManyError
from .directory import Directory
from .project import ProjectPeople
from .sessions import Sessions, Visitor, key_of

log = logging.getLogger(__name__)

BY_SCRIPT = "token:"
"""Before the key of a token, where else is that of a session."""
TOKENS_BURST, TOKENS_EVERY_S = 10, 20.0
"""Wrong tokens that one address may bring at once, and after that."""


class SignIn:
    """The people of one web. Constructing it reads nothing."""

    def __init__(self, *, people: Directory, hours: float, encrypted: bool, pace: Pace = OURS) -> None:
        self.people = people
        self.encrypted = encrypted
        self.cookie = "__Host-glassline" if encrypted else "glassline"
        """Its name: browsers take one with this prefix from this host alone, and only through TLS."""
        self.sessions = Sessions(self.people, hours=hours)
        self.tokens = PersonTokens(people.path)
        self._attempts = Attempts(self.people, pace=pace)
        self._wrong_tokens = Meter(burst=TOKENS_BURST, every_s=TOKENS_EVERY_S)

    def prepare(self) -> None:
        """Before the first start: let an admin in, and say how. AccountsError if a file cannot be used."""
        if isinstance(self.people, People):
            _let_an_admin_in(self.people)
        self.people.load()
        self.sessions.load()
        self.tokens.load()

    def enter(self, name: str, password: str, address: str) -> tuple[Visitor, str]:
        """Begin a session: who it is, and the session's id."""
        person = self._verified(name, password, address)
        if person is None:
            hint = "Large and small letters of the password differ. An admin can set another one."
            raise ApiError(401, "web.wrong_password", "name or password is wrong", hint)
        log.info("%s signed in as %s, from %s", person.name, person.role, address)
        with writing("sessions"):
            return _entered(person, self.sessions.open(person))

    def change_own_password(self, name: str, old: str, new: str, address: str, *, id: str) -> tuple[Visitor, str]:
        """Give whoever knows the old password another: of all their sessions that of `id` goes on, under another id."""
        person = self._verified(name, old, address)
        if person is None:
            raise ApiError(403, "web.wrong_password", "the old password is wrong", "Large and small letters differ.")
        with self.sessions.keeping(id):
            with _limited(), self.room():
                changed = self.people.change_own_password(person, old, new, address=address)
            log.info("%s changed the own password, from %s", person.name, address)
            try:
                with writing("sessions"):
                    return _entered(changed, self.sessions.renew(id, changed))
            except ApiError:
                sentence = "the new password is set, and all sessions have ended, but no new one can begin"
                hint = "Is the disk full? The web's log says more."
                raise ApiError(503, "web.sessions_down", sentence, hint) from None

    def visitor(self, key: str) -> Visitor | None:
        """Who has the session or token of this key, as they are now."""
        return self._of_token(key) if key.startswith(BY_SCRIPT) else self.sessions.visitor(key)

    def bearer(self, secret: str, address: str) -> Visitor | None:
        """Whom a script speaks for; None: the token is not, or no longer, good. Guessing is slow, and
        a good token is let in wherever others of its address try old ones.
        """
        if (found := self._of_token(BY_SCRIPT + token_key_of(secret))) is not None:
            self.tokens.note_use(secret, now_s=time.time())
            return found
        who = network_of(address)
        if (wait_s := self._wrong_tokens.wait_s(who)) > 0:
            sentence = "too many wrong tokens came from this address"
            raise ApiError(429, "web.too_many_attempts", sentence, "Wait.", retry_after_s=math.ceil(wait_s))
        if self.tokens.find(secret) is None:
            self._wrong_tokens.take(who)
        return None

    def person(self, visitor: Visitor) -> Person:
        """The person that a session is of; ApiError 401 where they were removed in this moment."""
        person = None if visitor.id is None else self.people.current(visitor.name, visitor.id)
        if person is None:
            raise ApiError(401, "web.session_ended", "this session has ended", "Sign in at the page.")
        return person

    @contextmanager
    def room(self) -> Iterator[None]:
        """For hashing a password: so many at once, and no more."""
        try:
            with self._attempts.room():
                yield
        except BusyError:
            raise _busy() from None

    def _of_token(self, key: str) -> Visitor | None:
        token = self.tokens.known(key.removeprefix(BY_SCRIPT))
        if token is None or token.until_s <= time.time():
            return None
        owner = self.people.current(token.owner, token.owner_id)
        return None if owner is None else Visitor(owner.name, token.role_of(owner), key, token.name, owner.id)

    def _verified(self, name: str, password: str, address: str) -> Person | None:
        try:
            with _limited():
                return self._attempts.verify(name, password, address)
        except BusyError:
            raise _busy() from None

    def leave(self, id: str) -> None:
        """End a session for good."""
        with writing("sessions"):
            name = self.sessions.close(id)
        if name is not None:
            log.info("%s signed out", name)


def _entered(person: Person, id: str) -> tuple[Visitor, str]:
    return Visitor(person.name, person.role, key_of(id), id=person.id), id


def _let_an_admin_in(people: People) -> None:
    made = people.first_admin()
    if made is not None:
        log.warning("nobody could sign in yet: sign in as %s, with the password in the file %s", FIRST_ADMIN, made)
    elif people.first_password.exists():
        log.warning(
            "the password in %s still opens this web: `glassline people password %s` sets another one",
            people.first_password, FIRST_ADMIN,
        )  # fmt: skip


@contextmanager
def _limited() -> Iterator[None]:
    """ApiError where too many passwords came, to this web or to the project of its store."""
    try:
        yield
    except TooManyError as error:
        wait_s = math.ceil(error.wait_s)
        raise ApiError(429, "web.too_many_attempts", str(error), "Then try again.", retry_after_s=wait_s) from None
    except SignInLimitError as error:
        hint = "Try again in a minute. The project's owner can let more in, and count everybody by the own address."
        more = {} if error.wait_s is None else {"retry_after_s": math.ceil(error.wait_s)}
        raise ApiError(429, "web.sign_in_limit", str(error), hint, **more) from None


def _busy() -> ApiError:
    hint = "Try again in a few seconds."
    return ApiError(503, "web.busy", "too many sign in at this moment", hint, retry_after_s=5)


@contextmanager
def writing(what: str) -> Iterator[None]:
    """ApiError where the file of `what` cannot be changed."""
    try:
        yield
    except (AccountsError, OSError) as error:
        log.error("the file of %s cannot be changed: %s", what, error)
        hint = "Is the disk full? The web's log says more; nothing has changed."
        raise ApiError(503, f"web.{what}_down", f"the list of {what} cannot be changed", hint) from None


def sign_in_of(settings: WebSettings) -> SignIn | None:
    """As the settings want it; None: nobody signs in."""
    if not settings.people_file:
        return None
    people: Directory = People(settings.people_file)
    pace = OURS
    if settings.people_in_project:
        project = open_sign_in(settings.store, key_file=settings.store_key_file)
        people, pace = ProjectPeople(project, Path(settings.people_file)), OF_PROJECT
    return SignIn(people=people, hours=settings.session_hours, encrypted=settings.is_encrypted, pace=pace)
