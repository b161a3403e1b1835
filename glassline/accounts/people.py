"""The people file: who may sign in at the page, in which role, and the hashes of their passwords.

JSON, 0600: {"Anna": {"id": "4f…", "role": "reviewer", "hash": "$argon2id$…"}}. A name is found however its letters are
written, large or small, and stands under a review as it was added.

Errors: NobodyError, TakenError and LastAdminError are AccountsErrors.
"""

import hashlib
import secrets
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


class NobodyError(AccountsError):
    """There is nobody of that name."""


class TakenError(AccountsError):
    """Somebody is called so already."""


class LastAdminError(AccountsError):
    """Without this admin there would be none."""


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
    id: str = ""
    """Whoever is added later under the same name has another. Empty: added before there were ids."""

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
        self.elsewhere: str | None = None
        """They are kept nowhere else."""
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

    def current(self, name: str, id: str) -> Person | None:
        """Who is called so and has this id; None: they were removed, and whoever has the name now is another."""
        person = self.find(name)
        return person if person is not None and person.id == id else None

    def verify(self, name: str, password: str, *, address: str = "") -> Person | None:
        """Who is called so, if the password is right. A name that nobody has costs the same time."""
        person = self.find(name)
        compared = person or next(iter(self._file.entries().values()), None)
        if compared is None or not argon2_verify(unicodedata.normalize("NFC", password), compared.hash):
            return None
        return person

    def add(self, name: str, role: PersonRole, password: str) -> Person:
        """Let somebody in. TakenError if somebody is called so already; ValueError for a name or password."""
        name, person_hash = _check_new(name), _hash(password)
        with self._file.changing() as entries:
            if known := _find(entries, name):
                raise TakenError(
                    f"there is a {known.role} {known.name} already. For a new password: `glassline people password`; "
                    "for another role: `glassline people role`"
                )
            entries[name] = person = Person(name, PersonRole(role), person_hash, secrets.token_hex(8))
        return person

    def remove(self, name: str) -> None:
        """Let somebody in no more. NobodyError if there is nobody of that name, LastAdminError."""
        self._change(name, lambda person: None)

    def change(self, name: str, *, role: PersonRole | None = None, password: str | None = None) -> Person:
        """Give somebody another role, another password, or both. As for `remove`; ValueError for a password."""
        new_hash = None if password is None else _hash(password)
        changed = self._change(
            name, lambda person: replace(person, role=role or person.role, hash=new_hash or person.hash)
        )
        assert changed is not None
        return changed

    def change_own_password(self, person: Person, old: str, new: str, *, address: str = "") -> Person:
        """Another password for somebody whose old one was just found right. NobodyError, ValueError."""
        return self.change(person.name, password=new)

    def first_admin(self) -> Path | None:
        """Where there is nobody yet, make an admin with a generated password, and return the file (0600) with it."""
        if self.path.exists():
            self.load()
            if self._file.entries():
                return None
        password = new_password()
        person = Person(FIRST_ADMIN, PersonRole.ADMIN, argon2_hash(password), secrets.token_hex(8))
        with self._file.changing() as entries:
            if entries:
                return None
            write_secret(self.first_password, password)
            entries[FIRST_ADMIN] = person
        return self.first_password

    def _change(self, name: str, change: Callable[[Person], Person | None]) -> Person | None:
        with self._file.changing() as entries:
            person = _get(entries, name)
            changed = change(person)
            del entries[person.name]
            if changed:
                entries[person.name] = changed
            if person.role is PersonRole.ADMIN and not any(one.role is PersonRole.ADMIN for one in entries.values()):
                raise LastAdminError(f"{person.name} is the last admin: make somebody else an admin first")
        if person.name == FIRST_ADMIN and (changed is None or changed.hash != person.hash):
            self.first_password.unlink(missing_ok=True)
        return changed


def check_name(name: str) -> str:
    """`name` in the form that is kept; ValueError says what is wrong with it."""
    name = unicodedata.normalize("NFC", name)
    if not 1 <= len(name) <= MAX_NAME_CHARACTERS or not name.isprintable() or name != name.strip():
        raise ValueError(
            f"expected a name of 1 to {MAX_NAME_CHARACTERS} printable characters, without spaces around it"
        )
    return name


def _check_new(name: str) -> str:
    """The same for somebody new: addresses of the API name people."""
    name = check_name(name)
    if any(part in ("", ".", "..") for part in name.split("/")):
        raise ValueError("expected a name with something other than '.' or '..' before and behind every '/'")
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
        raise NobodyError(f"there is nobody called {name}. There is: {', '.join(sorted(entries)) or 'nobody'}")
    return person


def _read(name: str, fields: Any) -> Person:
    return Person(check_name(name), PersonRole(fields["role"]), str(fields["hash"]), str(fields.get("id", "")))


def _write(person: Person) -> dict[str, str]:
    return {"role": person.role.value, "hash": person.hash} | ({"id": person.id} if person.id else {})
