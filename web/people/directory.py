"""Where the people of a web are kept: in a file of its own, or in the project of its store."""

from pathlib import Path
from typing import Protocol

from glassline.accounts import Person, PersonRole


class ElsewhereError(Exception):
    """People are kept elsewhere, and this cannot be done from here; the text says where it can."""


class Directory(Protocol):
    """Who may sign in. Every method may be called from any thread."""

    path: Path
    """Beside this file sessions and tokens are kept."""
    elsewhere: str | None
    """Where people are added and get passwords, if that is not here, with `what to type` marked; None: it is."""

    def load(self) -> None:
        """Make ready to answer; AccountsError if it never can."""

    def list(self) -> list[Person]:
        """Everybody, by name."""

    def current(self, name: str, id: str) -> Person | None:
        """The person of this name and id, as they are now; None: they may sign in no more.

        StoreError where that cannot be known.
        """

    def verify(self, name: str, password: str, *, address: str) -> Person | None:
        """Who it is, if the password is right. `address` is that of who asks. SignInLimitError, StoreError."""

    def add(self, name: str, role: PersonRole, password: str) -> Person:
        """Let somebody in. TakenError, ValueError for a name or password, ElsewhereError."""

    def change(self, name: str, *, role: PersonRole | None = None, password: str | None = None) -> Person:
        """Another role, another password, or both. NobodyError, LastAdminError, ValueError, ElsewhereError."""

    def change_own_password(self, person: Person, old: str, new: str, *, address: str) -> Person:
        """Another password for somebody whose old one was just found right. ValueError; else as `verify`."""

    def remove(self, name: str) -> None:
        """Let somebody in no more. NobodyError, LastAdminError."""
