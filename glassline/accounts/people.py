"""The people file: who may sign in at the page, in which role, and the hashes of their passwords.

JSON, 0600: {"Anna": {"role": "reviewer", "hash": "$argon2id$…"}}. A name is found however its letters are written,
large or small, and stands under a review as it was added.
"""

import hashlib
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from glassline.program import write_secret

from .entries import AccountsError, EntriesFile
from .passwords import argon2_hash, argon2_verify, check_password, new_password

FIRST_ADMIN = "admin"
MAX_NAME_CHARACTERS = 60


class PersonRole(StrEnum):
    """What a person may do at the page; each may do what those before it may."""

    VIEWER = "viewer"
    REVIEWER = "reviewer"
    ADMIN = "admin"

    def may(self, needed: "PersonRole") -> bool:
        """Whether this role is enough for what `needed` may do."""
        roles = list(PersonRole)
        return roles.index(self) >= roles.index(needed)


@dataclass(frozen=True)
class Person:
    """One person as the file has them."""

    name: str
    role: PersonRole
    hash: str

    @property
    def stamp(self) -> str:
        """Changes whenever the role or the password does."""
        return hashlib.sha256(f"{self.name}\0{self.role}\0{self.hash}".encode()).hexdigest()


class People:
    """The people in `path`. Reads the file again whenever it changes; every method may be called from any thread."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self.first_password = self.path.with_name(f"{self.path.stem}-first-password")
        """Where `first_admin` leaves the password, until it is changed."""
        self._file = EntriesFile(
            path, what="people", remedy="Add somebody with `glassline people add`", read=_read, write=_write
        )

    def load(self) -> None:
        """Read the file; AccountsError if it is missing, open to others or not a people file."""
        self._file.load()

    def list(self) -> list[Person]:
        """Everybody, by name."""
        return sorted(self._file.entries().values(), key=lambda person: name_key(person.name))

    def find(self, name: str) -> Person | None:
        """Who is called so, or None."""
        return _find(self._file.entries(), name)

    def get(self, name: str) -> Person:
        """Who is called so; AccountsError if nobody is."""
        return _get(self._file.entries(), name)

    def verify(self, name: str, password: str) -> Person | None:
        """Who is called so, if the password is right. A name that nobody has costs the same time."""
        person = self.find(name)
        compared = person or next(iter(self._file.entries().values()), None)
        if compared is None or not argon2_verify(unicodedata.normalize("NFC", password), compared.hash):
            return None
        return person

    def add(self, name: str, role: PersonRole, password: str) -> None:
        """Let somebody in. AccountsError if somebody is called so already; ValueError for a name or password."""
        name, person_hash = check_name(name), _hash(password)
        with self._file.changing() as entries:
            if known := _find(entries, name):
                raise AccountsError(
                    f"there is a {known.role} {known.name} already. For a new password: `glassline people password`; "
                    "for another role: `glassline people role`"
                )
            entries[name] = Person(name, PersonRole(role), person_hash)

    def remove(self, name: str) -> None:
        """Let somebody in no more. AccountsError if there is nobody of that name, or no admin would be left."""
        self._change(name, lambda person: None)

    def set_role(self, name: str, role: PersonRole) -> None:
        """Give somebody another role; AccountsError as for `remove`."""
        self._change(name, lambda person: replace(person, role=PersonRole(role)))

    def set_password(self, name: str, password: str) -> None:
        """Give somebody another password; AccountsError if there is nobody of that name, ValueError for a password."""
        new_hash = _hash(password)
        self._change(name, lambda person: replace(person, hash=new_hash))

    def first_admin(self) -> Path | None:
        """Where there is nobody yet, make an admin with a generated password, and return the file (0600) with it."""
        if self.path.exists():
            self.load()
            if self._file.entries():
                return None
        password = new_password()
        person = Person(FIRST_ADMIN, PersonRole.ADMIN, argon2_hash(password))
        with self._file.changing() as entries:
            if entries:
                return None
            write_secret(self.first_password, password)
            entries[FIRST_ADMIN] = person
        return self.first_password

    def _change(self, name: str, change: Callable[[Person], Person | None]) -> None:
        with self._file.changing() as entries:
            person = _get(entries, name)
            changed = change(person)
            del entries[person.name]
            if changed:
                entries[person.name] = changed
            if person.role is PersonRole.ADMIN and not any(one.role is PersonRole.ADMIN for one in entries.values()):
                raise AccountsError(f"{person.name} is the last admin: make somebody else an admin first")
        if person.name == FIRST_ADMIN and (changed is None or changed.hash != person.hash):
            self.first_password.unlink(missing_ok=True)


def check_name(name: str) -> str:
    """`name` in the form that is kept; ValueError says what is wrong with it."""
    name = unicodedata.normalize("NFC", name)
    if not 1 <= len(name) <= MAX_NAME_CHARACTERS or not name.isprintable() or name != name.strip():
        raise ValueError(
            f"expected a name of 1 to {MAX_NAME_CHARACTERS} printable characters, without spaces around it"
        )
    return name


def _hash(password: str) -> str:
    return argon2_hash(check_password(unicodedata.normalize("NFC", password)))


def name_key(name: str) -> str:
    """The same for all ways to write a name."""
    return unicodedata.normalize("NFC", name).casefold()


def _find(entries: dict[str, Person], name: str) -> Person | None:
    key = name_key(name)
    return next((person for person in entries.values() if name_key(person.name) == key), None)


def _get(entries: dict[str, Person], name: str) -> Person:
    person = _find(entries, name)
    if person is None:
        raise AccountsError(f"there is nobody called {name}. There is: {', '.join(sorted(entries)) or 'nobody'}")
    return person


def _read(name: str, fields: Any) -> Person:
    return Person(check_name(name), PersonRole(fields["role"]), str(fields["hash"]))


def _write(person: Person) -> dict[str, str]:
    return {"role": person.role.value, "hash": person.hash}
