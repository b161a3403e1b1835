"""The accounts file: who there is, in which role, and the hashes of their passwords.

JSON, 0600: {"pi-1": {"role": "node", "hash": "$argon2id$…", "mosquitto": "$7$…"}}. The mosquitto entry stands beside
the argon2 hash because it, too, can only be made while the password is known.
"""

import fcntl
import hashlib
import hmac
import json
import logging
import os
import secrets
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glassline.contract import Role, check_id, is_id
from glassline.program import write_secret

from .passwords import argon2_hash, argon2_verify, check_password, mosquitto_hash, new_password

_log = logging.getLogger(__name__)


class AccountsError(Exception):
    """The accounts file cannot be used or changed; the text says why and what to do."""


@dataclass(frozen=True)
class Entry:
    """One account as it stands in the file."""

    role: Role
    hash: str
    mosquitto: str


class Accounts:
    """The accounts in `path`. Reads the file again whenever it changes; every method may be called from any thread.

    A file that becomes unreadable while a program runs changes nobody: what was read last stays in force and the
    fault is logged. `load` says at the start whether there is a usable file.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._lock = threading.RLock()
        self._entries: dict[str, Entry] = {}
        self._signature: tuple[int, int, int] | None = None
        self._cache_key = secrets.token_bytes(32)
        self._verified: dict[str, tuple[str, bytes]] = {}
        self._fault = ""

    def load(self) -> None:
        """Read the file; AccountsError if it is missing, open to others or not an accounts file."""
        with self._lock:
            try:
                found = self._stat()
                self._entries, self._signature = _parse(self.path, self.path.read_text(encoding="utf-8")), found
            except (OSError, UnicodeDecodeError) as error:
                reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
                raise AccountsError(
                    f"cannot read the accounts file {self.path}: {reason}. Make one with `glassline enroll`"
                ) from None

    def list(self) -> dict[str, Role]:
        """Every account's role, by id."""
        return {id: entry.role for id, entry in sorted(self.entries().items())}

    def entries(self) -> dict[str, Entry]:
        """Every account with its hashes, by id."""
        with self._lock:
            self._refresh()
            return dict(self._entries)

    def stamp(self, id: str) -> str | None:
        """A text that changes whenever the account's role or password does; None without such an account."""
        with self._lock:
            self._refresh()
            entry = self._entries.get(id)
            return f"{entry.role}:{entry.hash}" if entry else None

    def recall(self, id: str, password: str) -> Role | None:
        """The role if this very password was verified before; costs microseconds. None: ask `verify`."""
        with self._lock:
            self._refresh()
            entry, known = self._entries.get(id), self._verified.get(id)
        if entry is None or known is None or known[0] != entry.hash:
            return None
        return entry.role if hmac.compare_digest(known[1], self._digest(id, password)) else None

    def verify(self, id: str, password: str) -> Role | None:
        """The role of the account if the password is right, else None. An unknown id costs the same time."""
        if role := self.recall(id, password):
            return role
        with self._lock:
            entry = self._entries.get(id)
            compared = entry or next(iter(self._entries.values()), None)
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
        with self._changing() as entries:
            if id in entries:
                raise AccountsError(
                    f"there is an account {id} already ({entries[id].role}). For a new password remove it first"
                )
            entries[id] = entry
        return password

    def remove(self, id: str) -> None:
        """Delete an account. AccountsError if there is none."""
        with self._changing() as entries:
            if entries.pop(id, None) is None:
                raise AccountsError(f"there is no account {id}. There are: {', '.join(sorted(entries)) or 'none'}")

    @contextmanager
    def _changing(self) -> Iterator[dict[str, Entry]]:
        """Read, change, write, with every other writer on this machine kept out."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        guard = os.open(self.path.with_name(f".{self.path.name}.lock"), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(guard, fcntl.LOCK_EX)
            with self._lock:
                if self.path.exists():
                    self.load()
                    entries = dict(self._entries)
                else:
                    entries = {}
                yield entries
                write_secret(self.path, _format(entries))
                self.load()
        finally:
            os.close(guard)

    def _refresh(self) -> None:
        try:
            if self._signature is not None and self._stat() == self._signature:
                return
            self.load()
            self._fault = ""
        except (OSError, AccountsError) as error:
            if str(error) != self._fault:
                _log.error("the accounts as last read stay in force: %s", error)
                self._fault = str(error)

    def _stat(self) -> tuple[int, int, int]:
        found = self.path.stat()
        if stat.S_IMODE(found.st_mode) & 0o077:
            raise AccountsError(f"others can read the accounts file {self.path}. Close it: chmod 600 {self.path}")
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _digest(self, id: str, password: str) -> bytes:
        return hmac.new(self._cache_key, f"{id}\0{password}".encode("utf-8", "surrogatepass"), hashlib.sha256).digest()


def _parse(path: Path, text: str) -> dict[str, Entry]:
    try:
        content: Any = json.loads(text)
        entries = {
            id: Entry(Role(fields["role"]), str(fields["hash"]), str(fields["mosquitto"]))
            for id, fields in content.items()
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise AccountsError(
            f"{path} is not an accounts file ({type(error).__name__}: {error}). Restore it from a backup, "
            "or remove it and enroll everybody anew"
        ) from None
    wrong = [id for id in entries if not is_id(id)]
    if wrong:
        raise AccountsError(f"{path} names an account {wrong[0]!r}, which is no id. Remove it from the file")
    return entries


def _format(entries: dict[str, Entry]) -> str:
    content = {
        id: {"role": entry.role.value, "hash": entry.hash, "mosquitto": entry.mosquitto}
        for id, entry in sorted(entries.items())
    }
    return json.dumps(content, indent=1) + "\n"
