"""Tokens for scripts: each speaks for a person, in a role that is never above that person's.

    tokens = PersonTokens(Path("people.json"))
    token, secret = tokens.issue(anna, name="report", role=PersonRole.VIEWER, days=90, now_s=time.time())
    tokens.find(secret)                        # the token; whom it speaks for, the people file says

JSON, 0600, by the hash of the secret, which is shown once and kept nowhere.
"""

import hashlib
import logging
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .entries import AccountsError, EntriesFile
from .people import Person, PersonRole, name_key

MAX_OF_ONE = 50
MAX_DAYS = 366
MAX_NAME_CHARACTERS = 60
DAY_S = 86_400.0
PREFIX = "glt_"
"""So that a secret is known for one where it should not lie."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class PersonToken:
    """As the file has it. `owner_id` is the person's: who gets the same name later is another."""

    id: str
    """Names it where it is listed and taken away; no secret."""
    name: str
    owner: str
    owner_id: str
    role: PersonRole
    made_s: float
    until_s: float
    used_on: str = ""
    """The day of its last use, in UTC; empty: never."""

    def role_of(self, owner: Person) -> PersonRole:
        """What it may do now: never more than its owner."""
        return self.role if owner.role.may(self.role) else owner.role


class PersonTokens:
    """The tokens beside the file `people` (0600), which need not exist. Every method is for any thread and process."""

    def __init__(self, people: Path) -> None:
        self.path = people.with_name(f"{people.stem}-tokens.json")
        self._file = EntriesFile(
            self.path,
            what="tokens of people",
            remedy="Scripts need new tokens",
            read=_read,
            write=_write,
            may_lack=True,
        )

    def load(self) -> None:
        """Read the file; AccountsError if it cannot be used."""
        self._file.load()

    def list(self, owner: Person | None = None) -> list[PersonToken]:
        """Those of `owner`, or all, the newest first; expired ones are kept for a while, to be seen."""
        tokens = self._file.entries().values()
        return sorted((one for one in tokens if _is_of(one, owner)), key=lambda one: -one.made_s)

    def find(self, secret: str) -> PersonToken | None:
        """The token of this secret, expired or not."""
        return self.known(key_of(secret))

    def known(self, key: str) -> PersonToken | None:
        """The token that is kept under `key_of` its secret."""
        return self._file.get(key)

    def issue(self, owner: Person, *, name: str, role: PersonRole, days: int, now_s: float) -> tuple[PersonToken, str]:
        """A new token and its secret. ValueError for a value; AccountsError where the owner has too many."""
        name = check_token_name(name)
        if not 1 <= days <= MAX_DAYS:
            raise ValueError(f"expected 1 to {MAX_DAYS} days, got {days}")
        if not owner.role.may(role):
            raise ValueError(f"{owner.name} is a {owner.role}, and no token of theirs may be a {role}")
        secret = PREFIX + secrets.token_urlsafe(32)
        token = PersonToken(
            id=secrets.token_hex(8), name=name, owner=owner.name, owner_id=owner.id, role=role, made_s=now_s,
            until_s=now_s + days * DAY_S,
        )  # fmt: skip
        with self._file.changing() as entries:
            for key in [key for key, one in entries.items() if one.until_s < now_s - 30 * DAY_S]:
                del entries[key]
            if sum(_is_of(one, owner) for one in entries.values()) >= MAX_OF_ONE:
                raise AccountsError(f"{owner.name} has {MAX_OF_ONE} tokens already: take one away first")
            entries[key_of(secret)] = token
        return token, secret

    def revoke(self, id: str, *, owner: Person | None = None) -> PersonToken | None:
        """Take a token away, of `owner` or whoever's; None if there is none of that id."""
        if not any(one.id == id for one in self.list(owner)):
            return None
        with self._file.changing() as entries:
            key = next((key for key, one in entries.items() if one.id == id and _is_of(one, owner)), None)
            return None if key is None else entries.pop(key)

    def note_use(self, secret: str, *, now_s: float) -> None:
        """Remember the day, where that is another than was noted; a disk that is full keeps nobody out."""
        key, day = key_of(secret), datetime.fromtimestamp(now_s, UTC).date().isoformat()
        token = self._file.get(key)
        if token is None or token.used_on == day:
            return
        try:
            with self._file.changing() as entries:
                if key in entries:
                    entries[key] = replace(entries[key], used_on=day)
        except (AccountsError, OSError) as error:
            _log.error("the last use of the token %s cannot be noted: %s", token.name, error)


def check_token_name(name: str) -> str:
    """`name` if it can be shown; ValueError says what is wrong with it."""
    if not 1 <= len(name) <= MAX_NAME_CHARACTERS or not name.isprintable() or name != name.strip():
        raise ValueError(f"expected a name of 1 to {MAX_NAME_CHARACTERS} printable characters, no spaces around it")
    return name


def key_of(secret: str) -> str:
    """Under what a token is kept. Guessing 256 bits needs no slow hash."""
    return hashlib.sha256(b"person token" + secret.encode("utf-8", "surrogatepass")).hexdigest()


def _is_of(token: PersonToken, owner: Person | None) -> bool:
    return owner is None or (name_key(token.owner), token.owner_id) == (name_key(owner.name), owner.id)


def _read(key: str, fields: Any) -> PersonToken:
    return PersonToken(
        id=str(fields["id"]), name=str(fields["name"]), owner=str(fields["owner"]), owner_id=str(fields["owner_id"]),
        role=PersonRole(fields["role"]), made_s=float(fields["made_s"]), until_s=float(fields["until_s"]),
        used_on=str(fields["used_on"]),
    )  # fmt: skip


def _write(token: PersonToken) -> dict[str, Any]:
    return vars(token) | {"role": token.role.value}
