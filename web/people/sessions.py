"""Who is signed in: a random id in the browser's cookie, of which only a hash is kept here.

A session ends by signing out, by time, and as soon as its person is removed or has another password or role; but the
one in which the own password is changed goes on, under another id. The file is read again whenever it changes, so a
session outlives the web, and webs that share the file share the sessions.
"""

import hashlib
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from glassline.accounts import EntriesFile, Person, PersonRole

from .directory import Directory

MAX_OF_ONE = 50
"""Sessions of one person: with one more the one that ends first goes."""
LEFT_S = 10.0
"""For what a browser has under way when its session gets another id."""


@dataclass(frozen=True)
class Session:
    """As the file has it, by the hash of its id. `stamp` and `id` are the person's; a pass of the doctor's has none."""

    name: str
    stamp: str
    until: float
    """Unix seconds."""
    id: str = ""


@dataclass(frozen=True)
class Visitor:
    """Whoever asks, and what they may do. `key` is that of the session or token; empty where nobody signs in."""

    name: str
    role: PersonRole
    key: str = ""
    token: str = ""
    """The name of the token that a script came with."""
    id: str | None = None
    """The person's; None: no person, but a pass of the doctor's, or whoever is at a web where nobody signs in."""


class Sessions:
    """The sessions beside the people's file. Every method may be called from any thread."""

    def __init__(self, people: Directory, *, hours: float, clock: Callable[[], float] = time.time) -> None:
        self.path = people.path.with_name(f"{people.path.stem}-sessions.json")
        self._people, self._seconds, self._clock = people, hours * 3600, clock
        self._kept: list[str] = []
        self._file = EntriesFile(
            self.path, what="sessions", remedy="Everybody has to sign in anew", read=_read, write=vars, may_lack=True
        )

    def load(self) -> None:
        """Read the file; AccountsError if it cannot be used."""
        self._file.load()

    def open(self, person: Person) -> str:
        """Begin a session of `person`; its id."""
        return self._open(Session(person.name, person.stamp, self._clock() + self._seconds, person.id))

    @contextmanager
    def keeping(self, id: str) -> Iterator[None]:
        """Meanwhile this session does not end by another password of its person: `renew` it before the end."""
        key = key_of(id)
        self._kept.append(key)
        try:
            yield
        finally:
            self._kept.remove(key)

    def renew(self, id: str, person: Person) -> str:
        """Let a session of a person who has another password go on under another id, which is returned."""
        key, now_s = key_of(id), self._clock()
        with self._file.changing() as entries:
            if (old := entries.get(key)) is not None:
                entries[key] = replace(old, stamp=person.stamp, until=min(old.until, now_s + LEFT_S))
            return self._put(entries, Session(person.name, person.stamp, now_s + self._seconds, person.id))

    def lend(self, name: str, seconds: float) -> str:
        """A pass to look for a while, for a tool of this machine that may write this file; its id."""
        return self._open(Session(name, "", self._clock() + seconds))

    def close(self, id: str) -> str | None:
        """End a session for good, and say whose it was; one that is unknown has ended already."""
        if self._file.get(key_of(id)) is None:
            return None
        with self._file.changing() as entries:
            ended = entries.pop(key_of(id), None)
        return None if ended is None else ended.name

    def find(self, id: str) -> Visitor | None:
        """Who has this session, or None where it has ended or never was; StoreError where nobody can know."""
        return self.visitor(key_of(id))

    def visitor(self, key: str) -> Visitor | None:
        """Who has the session of this key."""
        session = self._file.get(key)
        if session is None or session.until <= self._clock():
            return None
        if not session.stamp:
            return Visitor(session.name, PersonRole.VIEWER, key)
        person = self._people.current(session.name, session.id)
        if person is None or not (person.stamp == session.stamp or self._goes_on(key, person)):
            return None
        return Visitor(person.name, person.role, key, id=person.id)

    def _goes_on(self, key: str, person: Person) -> bool:
        """Whether this is the session in which its person has changed the own password since it was read."""
        if key in self._kept:
            return True
        session = self._file.get(key)
        return session is not None and session.stamp == person.stamp

    def _open(self, session: Session) -> str:
        with self._file.changing() as entries:
            return self._put(entries, session)

    def _put(self, entries: dict[str, Session], session: Session) -> str:
        id = secrets.token_urlsafe(32)
        for key in [key for key, old in entries.items() if old.until <= self._clock()]:
            del entries[key]
        own = sorted((old.until, key) for key, old in entries.items() if old.name == session.name)
        for _, key in own[: max(0, len(own) + 1 - MAX_OF_ONE)]:
            del entries[key]
        entries[key_of(id)] = session
        return id


def key_of(id: str) -> str:
    """Under which a session is kept."""
    return hashlib.sha256(id.encode()).hexdigest()


def _read(key: str, fields: Any) -> Session:
    return Session(str(fields["name"]), str(fields["stamp"]), float(fields["until"]), str(fields.get("id", "")))
