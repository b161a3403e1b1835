"""Signing in with the project's own users (Supabase Auth): who they are, in which role, and their passwords.

The project limits how often one address may sign in. All come from ours, so it is told theirs (`Sb-Forwarded-For`),
which it heeds from a secret key if its settings say so.
"""

from dataclasses import dataclass
from typing import Any

import httpx

from ..values import SignInLimitError, StoreError
from .faults import explain
from .project import Project

TIMEOUT = httpx.Timeout(5, connect=3)
REFUSED = (400, 401, 403, 422)


class WeakPasswordError(ValueError):
    """The project does not take this password; the text says why."""


@dataclass(frozen=True, kw_only=True)
class ProjectUser:
    """Somebody who has a role in `glassline_people`. `stamp` changes with the password."""

    id: str
    email: str
    role: str
    stamp: str


class ProjectSignIn:
    """May be used from any thread; what the project cannot do now is a StoreError."""

    def __init__(self, url: str, key: str) -> None:
        self._project = Project(url, key, timeout=TIMEOUT)
        self._url, self._key = url, key

    def users(self) -> list[ProjectUser]:
        """Everybody who may sign in now."""
        found = self._project.call("glassline_who_may_sign_in", {}, list)
        return [ProjectUser(id=one["id"], email=one["email"], role=one["role"], stamp=one["stamp"]) for one in found]

    def verify(self, email: str, password: str, *, address: str) -> str | None:
        """The id of the user, if the password is right. SignInLimitError."""
        session = self._session(email, password, address)
        return None if session is None else str(session["user"]["id"])

    def change_password(self, email: str, old: str, new: str, *, address: str) -> bool:
        """Change it as that user; False: the old one is wrong. WeakPasswordError, SignInLimitError."""
        session = self._session(email, old, address)
        if session is None:
            return False
        answer = self._ask("PUT", "/auth/v1/user", {"password": new}, address, token=str(session["access_token"]))
        if answer.status_code in REFUSED:
            raise WeakPasswordError(_sentence(answer))
        _json(self._url, answer)
        return True

    def set_role(self, id: str, role: str | None) -> str:
        """Another role, or none any more: `done`, `unknown`, or `last_admin`, and then nothing has changed."""
        told = self._project.call("glassline_set_role", {"person": id, "new_role": role}, dict)
        return str(told["outcome"])

    def _session(self, email: str, password: str, address: str) -> dict[str, Any] | None:
        said = {"email": email, "password": password}
        answer = self._ask("POST", "/auth/v1/token?grant_type=password", said, address)
        if answer.status_code in REFUSED and "API key" not in answer.text:
            return None
        return _json(self._url, answer)

    def _ask(self, method: str, path: str, said: dict[str, str], address: str, *, token: str = "") -> httpx.Response:
        headers = {"apikey": self._key, "Sb-Forwarded-For": address}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        try:
            answer = httpx.request(method, self._url + path, json=said, headers=headers, timeout=TIMEOUT)
        except httpx.TransportError as error:
            raise explain(error, self._url) from error
        if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
            wait = answer.headers.get("Retry-After", "")
            sentence = "too many have signed in within minutes, and this web's Supabase project takes no more for now"
            raise SignInLimitError(sentence, float(wait) if wait.isdecimal() else None)
        return answer


def _json(url: str, answer: httpx.Response) -> dict[str, Any]:
    try:
        found = answer.json() if answer.is_success else None
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise StoreError(f"the sign-in of {url} answered {answer.status_code} ({_sentence(answer)}): try again")
    return found


def _sentence(answer: httpx.Response) -> str:
    try:
        found = answer.json()
    except ValueError:
        found = None
    told = found.get("msg") or found.get("message") if isinstance(found, dict) else None
    return str(told or answer.reason_phrase or "no reason")[:200]
