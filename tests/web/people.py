"""People of a web under test: each signs in as a browser does."""

import functools
import tempfile
from pathlib import Path
from typing import Any

import httpx

from glassline.accounts import People, PersonRole
from glassline.program import write_secret

from .processes import Web

SECRET = "correct horse"
ROLES = {"vic": PersonRole.VIEWER, "anna": PersonRole.REVIEWER, "boss": PersonRole.ADMIN}


def make_people(path: Path) -> People:
    """One of each role, all with the same password."""
    write_secret(path, _people_text())
    return People(path)


@functools.cache
def _people_text() -> str:
    """What a people file says of them. Hashing takes a quarter of a second each, so it is done once."""
    with tempfile.TemporaryDirectory() as folder:
        people = People(Path(folder) / "people.json")
        for name, role in ROLES.items():
            people.add(name, role, SECRET)
        return people.path.read_text()


def client(web: Web | str, *, address: str = "127.0.0.1", **more: Any) -> httpx.Client:
    """Somebody at a machine of that address."""
    url, trusted = (web, None) if isinstance(web, str) else (web.url, web.trusted)
    transport = httpx.HTTPTransport(local_address=address, verify=trusted or False)
    return httpx.Client(base_url=url, timeout=20, transport=transport, **more)


def enter(web: Web | str, name: str, password: str = SECRET, *, address: str = "127.0.0.1") -> httpx.Client:
    """Somebody who has signed in."""
    person = client(web, address=address)
    answer = person.post("/api/session", json={"name": name, "password": password})
    assert answer.status_code == 200, answer.text
    return person


def cookies_of(person: httpx.Client) -> str:
    """What that browser sends along."""
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in person.cookies.jar)


def code_of(answer: httpx.Response) -> str:
    return str(answer.json()["error"]["code"])
