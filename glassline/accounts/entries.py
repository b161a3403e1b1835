"""A 0600 JSON file of entries by name: read again whenever it changes, changed by one writer at a time."""

import fcntl
import json
import logging
import os
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Generic, TypeVar

from glassline.program import write_secret

_log = logging.getLogger(__name__)


class AccountsError(Exception):
    """A file of accounts or people cannot be used or changed; the text says why and what to do."""


E = TypeVar("E")


class EntriesFile(Generic[E]):
    """Entries by name in `path`; every method may be called from any thread.

    `what` it holds ("accounts") and the `remedy` stand in errors. A file that becomes unreadable while a program runs
    changes nobody: what was read last stays in force and the fault is logged. `may_lack`: a file that is not there is
    an empty one.
    """

    def __init__(
        self, path: Path | str, *, what: str, remedy: str, read: Callable[[str, Any], E], write: Callable[[E], Any],
        may_lack: bool = False,
    ) -> None:  # fmt: skip
        self.path = Path(path)
        self._what, self._remedy, self._read, self._write, self._may_lack = what, remedy, read, write, may_lack
        self._lock = threading.RLock()
        self._entries: dict[str, E] = {}
        self._signature: tuple[int, int, int] | None = None
        self._fault = ""

    def load(self) -> None:
        """Read the file; AccountsError if it is missing, open to others or not what it should be."""
        with self._lock:
            try:
                found = self._stat()
                self._entries, self._signature = self._parse(self.path.read_text(encoding="utf-8")), found
            except (OSError, UnicodeDecodeError) as error:
                if self._may_lack and isinstance(error, FileNotFoundError):
                    self._entries, self._signature = {}, None
                    return
                reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
                raise AccountsError(
                    f"cannot read the {self._what} file {self.path}: {reason}. {self._remedy}"
                ) from None

    def get(self, name: str) -> E | None:
        """One entry, as the file has it now."""
        with self._lock:
            self._refresh()
            return self._entries.get(name)

    def entries(self) -> dict[str, E]:
        """All entries, as the file has them now."""
        with self._lock:
            self._refresh()
            return dict(self._entries)

    def current(self) -> dict[str, E]:
        """All entries, as the file has them now; AccountsError rather than what was read before."""
        with self._lock:
            if not self._is_current():
                self.load()
            return dict(self._entries)

    @contextmanager
    def changing(self) -> Iterator[dict[str, E]]:
        """Read, change what is given, write, with every other writer on this machine kept out.

        What root writes belongs to whoever owns the file or its folder: the program that reads it is seldom root.
        """
        with self._locked() as owner:
            entries = self._read_now()
            yield entries
            content = {name: self._write(entry) for name, entry in sorted(entries.items())}
            write_secret(self.path, json.dumps(content, indent=1, ensure_ascii=False), owner=owner)
            self.load()

    @contextmanager
    def holding(self) -> Iterator[dict[str, E]]:
        """All entries, which no writer on this machine changes meanwhile."""
        with self._locked():
            yield self._read_now()

    @contextmanager
    def _locked(self) -> Iterator[tuple[int, int]]:
        """Every other writer is kept out; whose the file is to be."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        lock = self.path.with_name(f".{self.path.name}.lock")
        guard = os.open(lock, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(guard, fcntl.LOCK_EX)
            owner = (self.path if self.path.exists() else self.path.parent).stat()
            if os.geteuid() == 0:
                os.fchown(guard, owner.st_uid, owner.st_gid)
            yield owner.st_uid, owner.st_gid
        finally:
            os.close(guard)

    def _read_now(self) -> dict[str, E]:
        if not self.path.exists():
            return {}
        self.load()
        return self.entries()

    def _refresh(self) -> None:
        try:
            if not self._is_current():
                self.load()
            self._fault = ""
        except AccountsError as error:
            if str(error) != self._fault:
                _log.error("the %s as last read stay in force: %s", self._what, error)
                self._fault = str(error)

    def _is_current(self) -> bool:
        try:
            return self._signature is not None and self._stat() == self._signature
        except OSError:
            return False

    def _stat(self) -> tuple[int, int, int]:
        found = self.path.stat()
        if stat.S_IMODE(found.st_mode) & 0o077:
            raise AccountsError(f"others can read the {self._what} file {self.path}. Close it: chmod 600 {self.path}")
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _parse(self, text: str) -> dict[str, E]:
        try:
            content: Any = json.loads(text)
            return {name: self._read(name, fields) for name, fields in content.items()}
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            article = "an" if self._what[0] in "aeiou" else "a"
            raise AccountsError(
                f"{self.path} is not {article} {self._what} file ({type(error).__name__}: {error}). "
                f"Restore it from a backup, or remove it. {self._remedy}"
            ) from None
