"""The accounts file: who there is, in which role, and the hashes of their passwords.

JSON, 0600: {"pi-1": {"role": "node", "hash": "$argon2id$…", "mosquitto": "$7$…"}}. The mosquitto entry stands beside
the argon2 hash because it, too, can only be made while the password is known. While a password changes over, the new
one's hashes stand beside under "next".
"""

import hashlib
import hmac
import secrets
import threading
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from glassline.contract import Role, check_id, is_id
from glassline.contract.ids import BROKER_ID

from .entries import AccountsError, EntriesFile
from .passwords import argon2_hash, argon2_verify, check_password, mosquitto_hash, new_password


@dataclass(frozen=True)
class Hashes:
    """What is kept of a password: for the embedded broker, and for mosquitto."""

    hash: str
    mosquitto: str

    @classmethod
    def of(cls, password: str) -> "Hashes":
        return cls(argon2_hash(password), mosquitto_hash(password))


@dataclass(frozen=True)
class Entry:
    """One account as it stands in the file. `next` is the password that takes over when its rotation ends."""

    role: Role
    now: Hashes
    next: Hashes | None = None

    @property
    def hash(self) -> str:
        return self.now.hash

    @property
    def mosquitto(self) -> str:
        return self.now.mosquitto

    @property
    def accepted(self) -> tuple[str, ...]:
        """The hashes whose passwords the embedded broker takes."""
        return (self.now.hash, self.next.hash) if self.next else (self.now.hash,)


class Accounts:
    """The accounts in `path`. Reads the file again whenever it changes; every method may be called from any thread.

    `load` says at the start whether there is a usable file; one that breaks later changes nobody.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._file = EntriesFile(
            path, what="accounts", remedy="Make one with `glassline enroll`", read=_read, write=_write
        )
        self._lock = threading.Lock()
        self._cache_key = secrets.token_bytes(32)
        self._verified: dict[str, tuple[str, bytes]] = {}

    def load(self) -> None:
        """Read the file; AccountsError if it is missing, open to others or not an accounts file."""
        self._file.load()

    def list(self) -> dict[str, Role]:
        """Every account's role, by id."""
        return {id: entry.role for id, entry in sorted(self.entries().items())}

    def entries(self) -> dict[str, Entry]:
        """Every account with its hashes, by id."""
        return self._file.entries()

    def holding(self) -> AbstractContextManager[dict[str, Entry]]:
        """As `entries`, for a block during which nobody on this machine changes them."""
        return self._file.holding()

    def stamp(self, id: str) -> str | None:
        """A text that changes whenever the account's role or password does; None without such an account."""
        entry = self._file.get(id)
        return f"{entry.role}:{entry.hash}" if entry else None

    def role_of(self, id: str) -> Role | None:
        """The role of the account; None without such an account."""
        entry = self._file.get(id)
        return entry.role if entry else None

    def recall(self, id: str, password: str) -> Role | None:
        """The role if this very password was verified before; costs microseconds. None: ask `verify`."""
        entry = self._file.get(id)
        with self._lock:
            known = self._verified.get(id)
        if entry is None or known is None or known[0] not in entry.accepted:
            return None
        return entry.role if hmac.compare_digest(known[1], self._digest(id, password)) else None

    def verify(self, id: str, password: str) -> Role | None:
        """The role of the account if the password is right, else None. An unknown id costs the same time."""
        if role := self.recall(id, password):
            return role
        entries = self.entries()
        entry = entries.get(id)
        compared = entry or next(iter(entries.values()), None)
        right = next((hash for hash in compared.accepted if argon2_verify(password, hash)), None) if compared else None
        if right is None or entry is None:
            return None
        with self._lock:
            self._verified[id] = (right, self._digest(id, password))
        return entry.role

    def is_in_force(self, id: str, password: str) -> bool:
        """Whether this is the password that every broker takes, be there a new one already or not."""
        entry = self.entries().get(id)
        return entry is not None and argon2_verify(password, entry.now.hash)

    def add(self, id: str, role: Role, password: str | None = None) -> str:
        """Make an account and return its password, a generated one unless given. AccountsError if `id` exists."""
        if check_id(id) == BROKER_ID:
            raise AccountsError(f"{BROKER_ID} is what the broker itself is called: choose another name")
        password = new_password() if password is None else check_password(password)
        entry = Entry(Role(role), Hashes.of(password))
        with self._file.changing() as entries:
            if id in entries:
                raise AccountsError(
                    f"there is an account {id} already ({entries[id].role}). "
                    f"`glassline rotate {id}` gives it a new password"
                )
            entries[id] = entry
        return password

    def remove(self, id: str) -> None:
        """Delete an account. AccountsError if there is none."""
        with self._file.changing() as entries:
            _known(entries, id)
            del entries[id]

    def begin_rotation(self, id: str) -> str:
        """Make and return a new password. The one before works on until `end_rotation`; AccountsError without `id`.

        The embedded broker takes either meanwhile, mosquitto only the one before.
        """
        password = new_password()
        made = Hashes.of(password)
        with self._file.changing() as entries:
            entries[id] = replace(_known(entries, id), next=made)
        return password

    def end_rotation(self, id: str) -> None:
        """From now on only the new password works. AccountsError if none was made."""
        with self._file.changing() as entries:
            entry = _known(entries, id)
            if entry.next is None:
                raise AccountsError(f"{id} has no new password that could take over: `glassline rotate {id}` makes one")
            entries[id] = Entry(entry.role, entry.next)

    def _digest(self, id: str, password: str) -> bytes:
        return hmac.new(self._cache_key, f"{id}\0{password}".encode("utf-8", "surrogatepass"), hashlib.sha256).digest()


def _read(id: str, fields: Any) -> Entry:
    if not is_id(id):
        raise ValueError(f"it names an account {id!r}, which is no id")
    after = fields.get("next")
    return Entry(Role(fields["role"]), _read_hashes(fields), _read_hashes(after) if after else None)


def _read_hashes(fields: Any) -> Hashes:
    return Hashes(str(fields["hash"]), str(fields["mosquitto"]))


def _write(entry: Entry) -> dict[str, Any]:
    return {"role": entry.role.value} | vars(entry.now) | ({"next": vars(entry.next)} if entry.next else {})


def _known(entries: dict[str, Entry], id: str) -> Entry:
    if id not in entries:
        raise AccountsError(f"there is no account {id}. There are: {', '.join(sorted(entries)) or 'none'}")
    return entries[id]
