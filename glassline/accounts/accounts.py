"""The accounts file: who there is, in which role, and the hashes of their passwords.

JSON, 0600: {"pi-1": {"role": "node", "hash": "$argon2id$…", "mosquitto": "$7$…"}}. The mosquitto entry stands beside
the argon2 hash because it, too, can only be made while the password is known.
"""

import hashlib
import hmac
import secrets
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glassline.contract import Role, check_id, is_id

from .entries import AccountsError, EntriesFile
from .passwords import argon2_hash, argon2_verify, check_password, mosquitto_hash, new_password


@dataclass(frozen=True)
class Entry:
    """One account as it stands in the file."""

    role: Role
    hash: str
    mosquitto: str


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

    def stamp(self, id: str) -> str | None:
        """A text that changes whenever the account's role or password does; None without such an account."""
        entry = self.entries().get(id)
        return f"{entry.role}:{entry.hash}" if entry else None

    def recall(self, id: str, password: str) -> Role | None:
        """The role if this very password was verified before; costs microseconds. None: ask `verify`."""
        entry = self.entries().get(id)
        with self._lock:
            known = self._verified.get(id)
        if entry is None or known is None or known[0] != entry.hash:
            return None
        return entry.role if hmac.compare_digest(known[1], self._digest(id, password)) else None

    def verify(self, id: str, password: str) -> Role | None:
        """The role of the account if the password is right, else None. An unknown id costs the same time."""
        if role := self.recall(id, password):
            return role
        entries = self.entries()
        entry = entries.get(id)
        compared = entry or next(iter(entries.values()), None)
        if compared is None or not argon2_verify(password, compared.hash) or entry is None:
            return None
        with self._lock:
            self._verified[id] = (entry.hash, self._digest(id, password))
        return entry.role

    def add(self, id: str, role: Role, password: str | None = None) -> str:
        """Make an account and return its password, a generated one unless given. AccountsError if `id` exists."""
        check_id(id)
        password = new_password() if password is None else check_password(password)
        entry = Entry(Role(role), argon2_hash(password), mosquitto_hash(password))
        with self._file.changing() as entries:
            if id in entries:
                raise AccountsError(
                    f"there is an account {id} already ({entries[id].role}). For a new password remove it first"
                )
            entries[id] = entry
        return password

    def remove(self, id: str) -> None:
        """Delete an account. AccountsError if there is none."""
        with self._file.changing() as entries:
            if entries.pop(id, None) is None:
                raise AccountsError(f"there is no account {id}. There are: {', '.join(sorted(entries)) or 'none'}")

    def _digest(self, id: str, password: str) -> bytes:
        return hmac.new(self._cache_key, f"{id}\0{password}".encode("utf-8", "surrogatepass"), hashlib.sha256).digest()


def _read(id: str, fields: Any) -> Entry:
    if not is_id(id):
        raise ValueError(f"it names an account {id!r}, which is no id")
    return Entry(Role(fields["role"]), str(fields["hash"]), str(fields["mosquitto"]))


def _write(entry: Entry) -> dict[str, str]:
    return {"role": entry.role.value, "hash": entry.hash, "mosquitto": entry.mosquitto}
