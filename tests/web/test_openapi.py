"""The OpenAPI document: made of the code, valid, whole, and kept."""

import os
import re
from pathlib import Path

import pytest
from flask import Blueprint
from openapi_spec_validator import validate

from glassline.accounts import People
from tests.support.waiting import until
from web.api.openapi import document, routes
from web.app import create_app
from web.services import Services
from web.settings import WebSettings

from .fuzzing import fuzz
from .people import client, cookies_of, enter, make_people
from .processes import Web
from .publishers import BridgeLike, NodeLike

SECONDS = int(os.environ.get("FUZZ_SECONDS", "40"))
"""Of both runs together; `make fuzz-api` gives it more."""


def test_the_document_is_valid_and_names_every_route() -> None:
    app = create_app(services=Services(settings=WebSettings(people="people.json")))
    made = document(app, cookie="glassline")
    validate(made)
    told = {(path, method.upper()) for path, methods in made["paths"].items() for method in methods}
    assert told == {(re.sub(r"<(?:path:)?(\w+)>", r"{\1}", path), method) for path, method, _ in routes(app)}
    assert ("/health", "GET") in told


def test_a_route_that_is_not_described_is_found() -> None:
    app = create_app(services=Services(settings=WebSettings()))
    forgotten = Blueprint("forgotten", __name__)
    forgotten.get("/api/forgotten")(lambda: "")
    app.register_blueprint(forgotten)
    with pytest.raises(LookupError, match="is not described"):
        document(app)


def test_who_may_ask_stands_in_the_document(guarded: Web) -> None:
    assert client(guarded).get("/api/openapi.json").status_code == 401
    paths = enter(guarded, "vic").get("/api/openapi.json").json()["paths"]
    assert "admin" in paths["/api/devices/{id}/model"]["post"]["description"]
    assert "reviewer" in paths["/api/defects/{id}/review"]["post"]["description"]
    assert paths["/health"]["get"]["security"] == []


@pytest.mark.parametrize("name", ["boss", "vic"])
def test_whatever_is_sent_the_answer_is_as_the_document_says(
    guarded: Web, people: People, node: NodeLike, bridge: BridgeLike, tmp_path: Path, name: str
) -> None:
    make_people(people.path)  # whom an admin of another run has changed
    person = enter(guarded, name, address={"boss": "127.0.7.1", "vic": "127.0.8.1"}[name])
    detection = node.detection()
    bridge.commit(node.id, detection, node.evidence_of(detection.event_id))
    node.publish_frame()
    until(lambda: person.get(f"/api/devices/{node.id}").json().get("online"))
    known = {"/api/devices/": node.id, "/api/defects/": detection.event_id} if name == "boss" else {}
    headers = {"Cookie": cookies_of(person)}
    found = fuzz(
        guarded.url, tmp_path / "run", headers=headers, known=known, examples=SECONDS // 4, seconds=SECONDS // 2
    )
    assert not found, found
