"""People and their tokens at the page: who may change what, and what ends when."""

import itertools
import json
import stat
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from glassline.accounts import People, PersonRole, PersonTokens
from glassline.accounts.person_tokens import MAX_OF_ONE
from tests.support.waiting import until
from web.people.sessions import LEFT_S

from .people import SECRET, client, code_of, cookies_of, enter, make_people
from .processes import Mosquitto, Web
from .publishers import NodeLike


@pytest.fixture
def people(tmp_path: Path) -> People:
    """Those of one test alone: it changes them."""
    return make_people(tmp_path / "people.json")


@pytest.fixture
def guarded(tmp_path: Path, broker: Mosquitto, store_url: str, people: People) -> Iterator[Web]:
    with Web(tmp_path, broker=broker.address, store=store_url, id="web-p", people=people.path) as process:
        yield process


def scripted(web: Web, secret: str, **more: Any) -> httpx.Client:
    return client(web, headers={"Authorization": f"Bearer {secret}"}, **more)


def make(person: httpx.Client, **said: Any) -> str:
    answer = person.post("/api/tokens", json={"name": "report", **said})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["secret"])


def status(person: httpx.Client, path: str = "/api/devices") -> int:
    return person.get(path).status_code


# -- people ----------------------------------------------------------------------------------------------------------


def test_an_admin_lets_somebody_in_changes_and_removes_them(guarded: Web, people: People) -> None:
    boss = enter(guarded, "boss")
    added = boss.post("/api/people", json={"name": "Zoë / Hall 7", "role": "viewer", "password": "first password"})
    assert (added.status_code, added.json()) == (200, {"name": "Zoë / Hall 7", "role": "viewer"})
    assert {"name": "Zoë / Hall 7", "role": "viewer"} in boss.get("/api/people").json()["people"]
    again = boss.post("/api/people", json={"name": "zoë / hall 7", "role": "viewer", "password": "first password"})
    assert (again.status_code, code_of(again)) == (409, "web.person_exists")
    changed = boss.patch("/api/people/Zo%C3%AB%20%2F%20Hall%207", json={"role": "admin", "password": "second password"})
    assert changed.json() == {"name": "Zoë / Hall 7", "role": "admin"}
    zoe = enter(guarded, "Zoë / Hall 7", "second password")
    assert boss.request("DELETE", "/api/people/Zo%C3%AB%20%2F%20Hall%207", json={}).status_code == 204
    assert status(zoe) == 401
    assert people.find("Zoë / Hall 7") is None
    assert stat.S_IMODE(people.path.stat().st_mode) == 0o600
    for path in ("/api/people/nobody", "/api/people/.."):
        assert boss.patch(path, json={"role": "viewer"}).status_code in (404, 405)


def test_nobody_is_removed_at_an_address_that_looks_like_theirs(guarded: Web) -> None:
    boss = enter(guarded, "boss")
    made = {"name": "lead", "role": "admin", "password": SECRET}
    assert boss.post("/api/people", json=made).status_code == 200
    for path in ("/api/people/%2Flead", "/api/people//lead", "/api//people/lead"):
        assert boss.request("DELETE", path, json={}).status_code == 404
    assert "lead" in {person["name"] for person in boss.get("/api/people").json()["people"]}
    assert boss.request("DELETE", "/api/people/lead", json={}).status_code == 204


def test_the_last_admin_stays_one(guarded: Web) -> None:
    boss = enter(guarded, "boss")
    for answer in (
        boss.patch("/api/people/boss", json={"role": "reviewer"}),
        boss.request("DELETE", "/api/people/BOSS", json={}),
    ):
        assert (answer.status_code, code_of(answer)) == (409, "web.last_admin")
        assert "somebody else" in answer.json()["error"]["message"]
    assert status(boss) == 200


def test_names_and_passwords_that_cannot_be_are_refused_in_words(guarded: Web) -> None:
    boss = enter(guarded, "boss")
    for said in (
        {"name": " a", "password": SECRET},
        {"name": "a", "password": "short"},
        {"name": "a\nb", "password": SECRET},
        {"name": "/lead", "password": SECRET},
        {"name": "..", "password": SECRET},
    ):
        answer = boss.post("/api/people", json={"role": "viewer", **said})
        assert answer.status_code == 400, said
        assert "expected" in answer.json()["error"]["message"]
        assert SECRET not in answer.text


def test_who_is_demoted_or_removed_is_out_at_once_also_of_an_open_page(guarded: Web) -> None:
    boss = enter(guarded, "boss")
    for end in (
        lambda: boss.patch("/api/people/anna", json={"role": "viewer"}),
        lambda: boss.patch("/api/people/anna", json={"password": "second password"}),
        lambda: boss.request("DELETE", "/api/people/anna", json={}),
    ):
        anna = enter(guarded, "anna")
        with connect(f"ws://127.0.0.1:{guarded.port}/live", additional_headers={"Cookie": cookies_of(anna)}) as ws:
            ws.recv(timeout=5)
            assert end().is_success
            assert status(anna) == 401
            with pytest.raises(ConnectionClosed):
                until(lambda: ws.recv(timeout=3) is None)
        boss.patch("/api/people/anna", json={"password": SECRET})


def test_two_admins_at_once_lose_nothing(guarded: Web, people: People) -> None:
    bosses = [enter(guarded, "boss") for _ in range(2)]

    def add(number: int) -> None:
        said = {"name": f"new-{number}", "role": "viewer", "password": SECRET}
        answer = bosses[number % 2].post("/api/people", json=said)
        while answer.status_code == 503 and code_of(answer) == "web.busy":
            time.sleep(0.2)
            answer = bosses[number % 2].post("/api/people", json=said)
        assert answer.status_code == 200, answer.text

    threads = [threading.Thread(target=add, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    people.add("by-command", PersonRole.VIEWER, SECRET)
    for thread in threads:
        thread.join()
    names = {person["name"] for person in bosses[0].get("/api/people").json()["people"]}
    assert names >= {"by-command", *(f"new-{number}" for number in range(6))}


def test_where_nobody_signs_in_there_are_no_people_to_change(web: Web) -> None:
    for method, path in [("GET", "/api/people"), ("GET", "/api/tokens"), ("POST", "/api/session/password")]:
        answer = web.http.request(method, path, json={} if method == "POST" else None)
        assert (answer.status_code, code_of(answer)) == (404, "web.no_sign_in")


# -- the own password ------------------------------------------------------------------------------------------------


def test_the_own_password_wants_the_old_one_and_ends_the_other_sessions(guarded: Web) -> None:
    vic, other = enter(guarded, "vic"), enter(guarded, "vic")
    before = cookies_of(vic)
    wrong = vic.post("/api/session/password", json={"old": "not this one", "new": "second password"})
    assert (wrong.status_code, code_of(wrong)) == (403, "web.wrong_password")
    assert status(other) == 200
    with connect(f"ws://127.0.0.1:{guarded.port}/live", additional_headers={"Cookie": before}) as ws:
        ws.recv(timeout=5)
        changed = vic.post("/api/session/password", json={"old": SECRET, "new": "second password"})
        assert (changed.status_code, changed.json()["name"]) == (200, "vic")
        assert (status(vic), status(other)) == (200, 401)
        end_s = time.monotonic() + 2.5
        while time.monotonic() < end_s:
            ws.recv(timeout=5)
        assert ws.close_code is None, "the page in which it was changed goes on"
    assert enter(guarded, "vic", "second password")
    replay = client(guarded, headers={"Cookie": before})
    until(lambda: status(replay) == 401, timeout_s=LEFT_S + 5, what="the former id is worth nothing any more")


def test_what_a_browser_asks_while_it_changes_the_own_password_is_answered(guarded: Web) -> None:
    vic, other = enter(guarded, "vic"), enter(guarded, "vic")
    heard, ended = [], threading.Event()

    def ask() -> None:
        while not ended.is_set():
            heard.append(status(vic))

    with ThreadPoolExecutor(3) as pool:
        for _ in range(3):
            pool.submit(ask)
        for old, new in itertools.pairwise([SECRET, "second password", "third password", SECRET]):
            assert vic.post("/api/session/password", json={"old": old, "new": new}).status_code == 200
        ended.set()
    assert set(heard) == {200}
    assert (status(vic), status(other)) == (200, 401)


def test_the_old_password_is_guessed_no_faster_than_at_the_door(guarded: Web) -> None:
    vic = enter(guarded, "vic")
    answers = [
        vic.post("/api/session/password", json={"old": f"guess number {number}", "new": "mine from now on"})
        for number in range(15)
    ]
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["Retry-After"]) > 0
    last = vic.post("/api/session/password", json={"old": SECRET, "new": "mine from now on"})
    assert last.status_code == 429


# -- tokens ----------------------------------------------------------------------------------------------------------


def test_a_script_with_a_token_may_what_it_says_and_no_more(guarded: Web, people: People, node: NodeLike) -> None:
    anna = enter(guarded, "anna")
    secret = make(anna, role="viewer", days=7)
    script = scripted(guarded, secret)
    assert script.get("/api/session").json() == {"sign_in": True, "name": "anna", "role": "viewer"}
    assert status(script) == 200
    assert "set-cookie" not in script.get("/api/devices").headers
    refused = script.post("/api/defects/reviews", json={"reviews": []})
    assert (refused.status_code, code_of(refused)) == (403, "web.not_allowed")
    with connect(f"ws://127.0.0.1:{guarded.port}/live", additional_headers={"Authorization": f"Bearer {secret}"}) as ws:
        assert "hello" in str(ws.recv(timeout=5))
    [token] = anna.get("/api/tokens").json()["tokens"]
    assert (token["name"], token["role"], token["owner"]) == ("report", "viewer", "anna")
    assert token["used_on"] == time.strftime("%Y-%m-%d", time.gmtime())
    kept = people.path.with_name("people-tokens.json")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert secret not in kept.read_text()
    assert secret not in guarded.text()


def test_a_token_is_never_more_than_its_owner_now(guarded: Web) -> None:
    boss, anna = enter(guarded, "boss"), enter(guarded, "anna")
    too_much = anna.post("/api/tokens", json={"name": "x", "role": "admin"})
    assert too_much.status_code == 400
    assert "no token of theirs may be a admin" in too_much.json()["error"]["message"]
    script = scripted(guarded, make(anna, role="reviewer"))
    assert script.get("/api/session").json()["role"] == "reviewer"
    boss.patch("/api/people/anna", json={"role": "viewer"})
    assert script.get("/api/session").json()["role"] == "viewer"
    boss.request("DELETE", "/api/people/anna", json={})
    answer = script.get("/api/devices")
    assert (answer.status_code, code_of(answer)) == (401, "web.bad_token")
    boss.post("/api/people", json={"name": "anna", "role": "admin", "password": SECRET})
    assert status(script) == 401, "who gets the name later is another"


def test_a_token_that_was_taken_away_or_has_expired_is_worth_nothing(guarded: Web, people: People) -> None:
    vic = enter(guarded, "vic")
    secret = make(vic)
    script = scripted(guarded, secret)
    [token] = vic.get("/api/tokens").json()["tokens"]
    url = f"ws://127.0.0.1:{guarded.port}/live"
    with connect(url, additional_headers={"Authorization": f"Bearer {secret}"}) as ws:
        ws.recv(timeout=5)
        assert vic.request("DELETE", f"/api/tokens/{token['id']}", json={}).status_code == 204
        assert status(script) == 401
        with pytest.raises(ConnectionClosed):
            until(lambda: ws.recv(timeout=3) is None)
    tokens = PersonTokens(people.path)
    _, old = tokens.issue(people.get("vic"), name="old", role=PersonRole.VIEWER, days=1, now_s=time.time() - 90_000)
    assert status(scripted(guarded, old)) == 401
    assert vic.request("DELETE", "/api/tokens/0", json={}).status_code == 404


def test_nobody_takes_anothers_token_away_but_an_admin(guarded: Web) -> None:
    boss, anna, vic = (enter(guarded, name) for name in ("boss", "anna", "vic"))
    script = scripted(guarded, make(anna))
    [token] = anna.get("/api/tokens").json()["tokens"]
    assert vic.get("/api/tokens").json()["tokens"] == []
    assert vic.get("/api/tokens", params={"everybody": "true"}).status_code == 403
    assert vic.request("DELETE", f"/api/tokens/{token['id']}", json={}).status_code == 404
    assert status(script) == 200
    assert [one["owner"] for one in boss.get("/api/tokens?everybody=true").json()["tokens"]] == ["anna"]
    assert boss.request("DELETE", f"/api/tokens/{token['id']}", json={}).status_code == 204
    assert status(script) == 401


def test_a_stolen_token_makes_nobody_at_home(guarded: Web) -> None:
    """What makes people, tokens and passwords wants a person, whatever the token's role."""
    script = scripted(guarded, make(enter(guarded, "boss"), role="admin"))
    tried = [
        script.get("/api/people"),
        script.post("/api/people", json={"name": "x", "role": "admin", "password": SECRET}),
        script.patch("/api/people/vic", json={"role": "admin"}),
        script.request("DELETE", "/api/people/vic", json={}),
        script.get("/api/tokens"),
        script.post("/api/tokens", json={"name": "x"}),
        script.request("DELETE", "/api/tokens/x", json={}),
        script.post("/api/session/password", json={"old": SECRET, "new": "second password"}),
    ]
    assert {(answer.status_code, code_of(answer)) for answer in tried} == {(403, "web.token_may_not")}


def test_a_token_opens_no_door_that_a_foreign_page_could_use(guarded: Web, node: NodeLike) -> None:
    """The same checks hold: another origin is refused, and of a token and a cookie the token counts."""
    boss = enter(guarded, "boss")
    secret, path = make(boss, role="admin"), f"/api/devices/{node.id}/cmd/ping"
    until(lambda: status(boss, f"/api/devices/{node.id}") == 200)
    script = scripted(guarded, secret)
    assert script.post(path, json={}).status_code == 200
    assert script.post(path, json={}, headers={"Origin": "https://evil.example"}).status_code == 403
    assert script.post(path, content="{}", headers={"Content-Type": "text/plain"}).status_code == 415
    wrong = client(guarded, headers={"Authorization": "Bearer glt_made_up", "Cookie": cookies_of(boss)})
    assert status(wrong) == 401, "no falling back to the cookie"


def test_tokens_are_guessed_slowly_and_lock_nobody_else_out(guarded: Web) -> None:
    secret = make(enter(guarded, "vic"))
    statuses = [status(scripted(guarded, f"glt_{number}", address="127.0.5.1")) for number in range(15)]
    assert (statuses[0], statuses[-1]) == (401, 429)
    assert status(scripted(guarded, secret, address="127.0.5.1")) == 200, "whatever others of that address try"
    assert status(scripted(guarded, "glt_again", address="127.0.5.1")) == 429


def test_there_is_an_end_to_tokens(guarded: Web, people: People) -> None:
    tokens, vic = PersonTokens(people.path), people.get("vic")
    for number in range(MAX_OF_ONE):
        tokens.issue(vic, name=f"t{number}", role=PersonRole.VIEWER, days=1, now_s=time.time())
    answer = enter(guarded, "vic").post("/api/tokens", json={"name": "one more"})
    assert (answer.status_code, code_of(answer)) == (409, "web.too_many_tokens")


@pytest.mark.parametrize("name", ["vic", "anna"])
def test_what_is_for_admins_is_for_nobody_else(guarded: Web, node: NodeLike, name: str) -> None:
    """Every route whose description says admin, by the document itself: a new one is tried here by itself."""
    boss, person, stranger = enter(guarded, "boss"), enter(guarded, name), client(guarded)
    document = boss.get("/api/openapi.json").json()
    tried = 0
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if "For the role admin." not in operation["description"]:
                continue
            where = path.replace("{id}", node.id).replace("{name}", "vic")
            for who, wanted in ((person, 403), (stranger, 401)):
                answer = who.request(method, where, json=None if method == "get" else {})
                assert answer.status_code == wanted, (method, where, answer.text)
            tried += 1
    assert tried >= 5
    assert json.loads(boss.get("/api/people").text)["people"]
