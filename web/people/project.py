"""People who are users of the store's Supabase project: it knows passwords, its table `glassline_people` the roles.

What was read last stays in force while the project cannot be reached; else nobody is let in who has no role for longer
than `FRESH_S` and one answer. As long as nothing was read yet, nobody is known, and nobody turned away: StoreError.
"""

import logging
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from glassline.accounts import LastAdminError, NobodyError, Person, PersonRole
from glassline.accounts.people import name_key
from glassline.contract import Reason
from glassline.store import StoreError

from .directory import ElsewhereError

if TYPE_CHECKING:
    from glassline.store.supabase.sign_in import ProjectSignIn

log = logging.getLogger(__name__)

FRESH_S = 20.0
AGAIN_S = 5.0
JUST_S = 2.0
"""Whoever lists people shortly after somebody else sees the same."""
_ADD = (
    "this web's people are users of the Supabase project: make one there (Authentication, Users), then give a role "
    "(SQL Editor): `insert into glassline_people values ('<user id>', 'viewer')`"
)
_ELSEWHERE = (
    "passwords of this web's people are kept by the Supabase project: everybody changes the own one at the page"
)


class ProjectPeople:
    """`path`: beside it sessions and tokens are kept. Constructing it asks nobody."""

    def __init__(self, project: "ProjectSignIn", path: Path) -> None:
        self.path = path
        self.elsewhere: str | None = _ADD
        self._project = project
        self._people: dict[str, Person] | None = None
        self._due_s, self._asked_s = 0.0, -JUST_S
        self._lock = threading.Lock()
        self._reading = threading.RLock()
        self._fault: StoreError | None = None

    def load(self) -> None:
        """Read who there is; a project that cannot be reached now is asked again when somebody comes."""
        self._read()

    def list(self) -> list[Person]:
        with self._reading:
            if time.monotonic() > self._asked_s + JUST_S:
                self._read()
        return sorted(self._known().values(), key=lambda person: name_key(person.name))

    def current(self, name: str, id: str) -> Person | None:
        return self._known().get(id)

    def verify(self, name: str, password: str, *, address: str) -> Person | None:
        id = self._project.verify(name, password, address=address)
        return None if id is None else self._anew().get(id)

    def add(self, name: str, role: PersonRole, password: str) -> Person:
        raise ElsewhereError(_ADD)

    def change(self, name: str, *, role: PersonRole | None = None, password: str | None = None) -> Person:
        if password is not None:
            raise ElsewhereError(_ELSEWHERE)
        person = self._named(name)
        if role is not None:
            self._set_role(person, role)
        return self._anew().get(person.id, person)

    def change_own_password(self, person: Person, old: str, new: str, *, address: str) -> Person:
        if not self._project.change_password(person.name, old, new, address=address):
            raise NobodyError(f"{person.name} may sign in no more")
        try:
            return self._anew().get(person.id, person)
        except StoreError as error:
            raise StoreError(f"the new password is set: sign in with it once the store answers ({error})") from None

    def remove(self, name: str) -> None:
        """Take the role away: the user stays one of the project, and may do nothing here."""
        self._set_role(self._named(name), None)
        self._anew()

    def _named(self, name: str) -> Person:
        found = next((one for one in self._anew().values() if name_key(one.name) == name_key(name)), None)
        if found is None:
            raise NobodyError(f"nobody called {name} has a role in the project")
        return found

    def _set_role(self, person: Person, role: PersonRole | None) -> None:
        outcome = self._project.set_role(person.id, role)
        if outcome == "last_admin":
            raise LastAdminError(f"{person.name} is the last admin: make somebody else an admin first")
        if outcome != "done":
            raise NobodyError(f"{person.name} has no role in the project any more")

    def _known(self) -> dict[str, Person]:
        """As read last, and read anew in the background where it is time: who asks waits for the first answer only."""
        if self._people is None:
            with self._reading:  # those who come meanwhile wait for the same answer
                if self._people is None and self._is_due():
                    self._read()
        elif self._is_due():
            threading.Thread(target=self._read, name="people", daemon=True).start()
        if self._people is None:
            raise StoreError(str(self._fault), Reason.STORE_DOWN if self._fault is None else self._fault.code)
        return self._people

    def _is_due(self) -> bool:
        """Whether they are to be read anew; whoever hears so is to do it."""
        with self._lock:
            if time.monotonic() < self._due_s:
                return False
            self._due_s = time.monotonic() + FRESH_S
            return True

    def _read(self) -> None:
        try:
            self._anew()
            self._fault = None
        except StoreError as error:
            self._due_s = time.monotonic() + AGAIN_S
            if str(error) != str(self._fault):
                log.error("who may sign in stays as it was read last: %s", error)
            self._fault = error
        self._asked_s = time.monotonic()

    def _anew(self) -> dict[str, Person]:
        """As the project has them now; StoreError."""
        with self._reading:
            people = {
                one.id: Person(one.email, PersonRole(one.role), one.stamp, one.id) for one in self._project.users()
            }
            self._people, self._due_s = people, time.monotonic() + FRESH_S
            return people
