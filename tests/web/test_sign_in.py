"""Signing in and out, what a session is worth, and how the web starts where people sign in."""

import contextlib
import json
import stat
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from glassline.accounts import People, PersonRole
from tests.support.waiting import until
from web.app import create_app
from web.people.sessions import MAX_OF_ONE, Sessions
from web.services import Services
from web.settings import WebSettings
from workbench.doctor.web_pass import web_pass

from .certificates import Certificate
from .looks import has_seen, look_at
from .people import SECRET, client, code_of, cookies_of, enter, make_people
from .processes import ROOT, Mosquitto, Web, free_port
from .publishers import BridgeLike, NodeLike


def test_the_web_says_who_is_signed_in(guarded: Web, web: Web) -> None:
    person = client(guarded)
    assert person.get("/api/session").json() == {"sign_in": True, "name": None, "role": None}
    told = person.post("/api/session", json={"name": "ANNA", "password": SECRET}).json()
    assert told == {"sign_in": True, "name": "anna", "role": "reviewer"} == person.get("/api/session").json()
    assert person.request("DELETE", "/api/session", json={}).json()["name"] is None
    assert person.get("/api/session").json()["name"] is None
    assert person.request("DELETE", "/api/session", json={}).status_code == 200, "out is out"
    assert client(web).get("/api/session").json() == {"sign_in": False, "name": "web-1", "role": "admin"}
    answer = client(web).post("/api/session", json={"name": "anna", "password": SECRET})
    assert (answer.status_code, code_of(answer)) == (404, "web.no_sign_in")


@pytest.mark.parametrize(
    "said",
    [{}, {"name": "anna"}, {"name": "", "password": SECRET}, {"name": "anna", "password": "x" * 5000}, {"name": 1}],
)
def test_what_is_no_sign_in_is_refused_without_comparing(guarded: Web, said: dict[str, object]) -> None:
    answer = client(guarded, address="127.0.5.1").post("/api/session", json=said)
    assert (answer.status_code, code_of(answer)) == (400, "web.bad_request")


def test_wrong_names_and_wrong_passwords_look_the_same(guarded: Web) -> None:
    answers = [
        client(guarded, address="127.0.5.2").post("/api/session", json={"name": name, "password": "wrong one"})
        for name in ("anna", "nobody")
    ]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].json() == answers[1].json()


def test_the_cookie_is_for_this_web_alone(guarded: Web) -> None:
    said = {"name": "vic", "password": SECRET}
    cookie = client(guarded).post("/api/session", json=said).headers["set-cookie"]
    name, *attributes = cookie.split("; ")
    assert name.startswith("glassline=")
    assert {"HttpOnly", "SameSite=Strict", "Path=/", f"Max-Age={168 * 3600}"} <= set(attributes)
    assert "Domain" not in cookie


def test_under_tls_the_cookie_never_travels_in_clear(
    tmp_path: Path, broker: Mosquitto, certificate: Certificate
) -> None:
    people = make_people(tmp_path / "people.json")
    with Web(tmp_path, broker=broker.address, tls=certificate, id="web-gt", people=people.path) as web:
        answer = client(web).post("/api/session", json={"name": "vic", "password": SECRET})
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-glassline=")
        assert {"Secure", "HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
        vic = enter(web, "vic")
        url = f"{web.url.replace('https', 'wss')}/live"
        with connect(url, ssl=web.trusted, additional_headers={"Cookie": cookies_of(vic)}) as ws:
            assert "hello" in str(ws.recv(timeout=5))
        value = cookie.partition("=")[2].partition(";")[0]
        assert client(web).get("/api/devices", headers={"Cookie": f"glassline={value}"}).status_code == 401


def test_a_session_outlives_the_web_and_its_end_does_too(tmp_path: Path, broker: Mosquitto) -> None:
    people = make_people(tmp_path / "people.json")
    settings = {"broker": broker.address, "id": "web-s", "people": people.path, "port": free_port()}
    with Web(tmp_path, **settings) as web:
        stays, leaves = enter(web, "vic"), enter(web, "anna")
        kept = cookies_of(leaves)
        leaves.request("DELETE", "/api/session", json={})
    with Web(tmp_path, **settings) as web:
        assert client(web, headers={"Cookie": cookies_of(stays)}).get("/api/devices").status_code == 200
        answer = client(web, headers={"Cookie": kept}).get("/api/devices")
        assert (answer.status_code, code_of(answer)) == (401, "web.session_ended")


def test_the_server_keeps_no_id_and_no_password(guarded: Web, folder: Path) -> None:
    person = enter(guarded, "vic")
    id = cookies_of(person).partition("=")[2]
    assert len(id) >= 40
    kept = folder / "people-sessions.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    said = "".join(path.read_text(errors="replace") for path in folder.iterdir() if path.is_file())
    assert SECRET not in said
    assert id not in said


def test_an_open_page_is_told_that_its_session_has_ended(guarded: Web) -> None:
    person = enter(guarded, "vic")
    url = f"{guarded.url.replace('http', 'ws')}/live"
    with connect(url, additional_headers={"Cookie": cookies_of(person)}) as ws:
        ws.recv(timeout=5)
        began_s = time.monotonic()
        person.request("DELETE", "/api/session", json={})
        with contextlib.suppress(ConnectionClosed):
            while ws.recv(timeout=5):
                pass
        assert (ws.close_code, time.monotonic() - began_s < 2) == (4001, True)


def test_a_session_ends_by_time(tmp_path: Path) -> None:
    people, now = make_people(tmp_path / "people.json"), [1_000_000.0]
    sessions = Sessions(people, hours=2, clock=lambda: now[0])
    id = sessions.open(people.get("vic"))
    now[0] += 7199
    assert sessions.find(id) is not None
    now[0] += 1
    assert sessions.find(id) is None
    sessions.open(people.get("anna"))
    assert len(json.loads(sessions.path.read_text())) == 1, "what has ended is forgotten"


def test_one_person_has_so_many_sessions_and_the_oldest_goes(tmp_path: Path) -> None:
    people, now = make_people(tmp_path / "people.json"), [1_000_000.0]
    sessions = Sessions(people, hours=2, clock=lambda: now[0])
    others = sessions.open(people.get("anna"))
    ids = []
    for _ in range(MAX_OF_ONE + 2):
        now[0] += 1
        ids.append(sessions.open(people.get("vic")))
    assert [sessions.find(id) is None for id in ids] == [True, True, *[False] * MAX_OF_ONE]
    assert sessions.find(others) is not None


def test_a_review_stands_under_the_persons_name(
    guarded: Web, node: NodeLike, bridge: BridgeLike, people: People
) -> None:
    people.add("Jörg Ünal", PersonRole.REVIEWER, SECRET)
    detection = node.detection()
    bridge.commit(node.id, detection)
    person = enter(guarded, "jörg ünal")
    said = {"status": "reviewed", "note": "edge", "version": 0}
    answer = person.post(f"/api/defects/{detection.event_id}/review", json=said)
    assert answer.json()["reviewed_by"] == "Jörg Ünal"
    assert [step.by for step in bridge.store.reviews(detection.event_id)] == ["Jörg Ünal"]


def test_the_first_start_lets_an_admin_in_and_says_how_but_not_with_what(tmp_path: Path, broker: Mosquitto) -> None:
    people = tmp_path / "people.json"
    with Web(tmp_path, broker=broker.address, id="web-f", people=people) as web:
        file = tmp_path / "people-first-password"
        password = file.read_text().strip()
        assert f"sign in as admin, with the password in the file {file}" in web.text()
        assert password not in web.text()
        admin = enter(web, "admin", password)
        assert admin.get("/api/session").json()["role"] == "admin"
        People(people).change("admin", password="chosen by a person")
        assert not file.exists()
        assert admin.get("/api/devices").status_code == 401, "whoever knew the old one is out"
        assert enter(web, "admin", "chosen by a person")
    with Web(tmp_path, broker=broker.address, id="web-f", people=people) as web:
        assert "sign in as admin" not in web.text()


def _run(*flags: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "web", f"--http-port={free_port()}", *flags],
        cwd=ROOT, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip


def test_a_people_file_that_cannot_be_used_is_said_in_one_line(tmp_path: Path) -> None:
    broken, wide = tmp_path / "broken.json", tmp_path / "wide.json"
    broken.touch(0o600)
    broken.write_text("[]")
    make_people(wide).path.chmod(0o644)
    for path, said in [(broken, "is not a people file"), (wide, "chmod 600")]:
        ended = _run(f"--people={path}")
        assert ended.returncode == 1
        [line] = ended.stderr.strip().splitlines()
        assert said in line


def test_beyond_this_machine_people_sign_in_and_nothing_crosses_in_clear(certificate: Certificate) -> None:
    for host in ("0.0.0.0", "::", "192.168.1.7", "example.org"):
        ended = _run("--http-host", host)
        assert ended.returncode == 2
        for way in ("tls_cert", "behind_proxy", "ssh -L"):
            assert way in ended.stderr
    tls = {"tls_cert": str(certificate.cert), "tls_key": str(certificate.key)}
    assert WebSettings(http_host="0.0.0.0", **tls).people_file == "var/people.json"
    assert WebSettings(behind_proxy=True).people_file == "var/people.json", "who comes through a proxy is a stranger"
    assert WebSettings().people_file == ""
    assert WebSettings(**tls).people_file == ""
    assert WebSettings(people="those.json").people_file == "those.json"


def test_behind_a_proxy_nobody_comes_past_it(certificate: Certificate) -> None:
    tls = ["--tls-cert", str(certificate.cert), "--tls-key", str(certificate.key)]
    for host in ("0.0.0.0", "::", "192.168.1.7", "example.org"):
        for more in ([], tls):
            ended = _run("--behind-proxy", "true", "--http-host", host, *more)
            assert ended.returncode == 2
            assert "come past the proxy" in ended.stderr
            assert "http_host = 127.0.0.1" in ended.stderr
    for host in ("127.0.0.1", "::1", "localhost"):
        assert WebSettings(http_host=host, behind_proxy=True).is_encrypted


def _app(tmp_path: Path, **settings: object):  # type: ignore[no-untyped-def]
    people = make_people(tmp_path / "people.json")
    return create_app(services=Services(settings=WebSettings(people=str(people.path), **settings))).test_client()  # type: ignore[arg-type]


def test_a_web_that_others_reach_goes_by_any_name_and_asks_for_https(tmp_path: Path, certificate: Certificate) -> None:
    tls = {"tls_cert": str(certificate.cert), "tls_key": str(certificate.key)}
    public = _app(tmp_path, http_host="0.0.0.0", **tls)
    said, base = {"name": "vic", "password": SECRET}, "https://glass.example"
    page = public.get("/", base_url=base)
    assert page.headers["Strict-Transport-Security"].startswith("max-age=")
    assert public.post("/api/session", base_url=base, json=said, headers={"Origin": base}).status_code == 200
    assert public.get("/api/devices", base_url=base).status_code == 200
    assert public.get("/api/devices", base_url="https://rebound.example").status_code == 401, "no cookie goes there"
    local = _app(tmp_path / "local", **tls)
    assert "Strict-Transport-Security" not in local.get("/", base_url="https://localhost").headers
    assert local.get("/", base_url="https://glass.example").status_code == 421


def test_behind_a_proxy_guessers_are_told_apart_by_what_it_appends(tmp_path: Path) -> None:
    proxied = _app(tmp_path, behind_proxy=True)
    base = "http://glass.example"

    def guess(forwarded: str) -> int:
        return proxied.post(
            "/api/session", base_url=base, json={"name": "nobody", "password": "wrong one"},
            headers={"Origin": "https://glass.example", "X-Forwarded-For": forwarded},
        ).status_code  # fmt: skip

    assert {guess(f"10.0.0.{number}, 192.0.2.1") for number in range(10)} == {401}
    assert guess("10.0.0.99, 192.0.2.1") == 429
    assert guess("192.0.2.1, 192.0.2.2") == 401
    plain = {"Origin": "http://glass.example"}
    answer = proxied.post("/api/session", base_url=base, json={"name": "vic", "password": SECRET}, headers=plain)
    assert answer.status_code == 403
    answer = proxied.post("/api/session", base_url=base, json={"name": "vic", "password": SECRET})
    assert answer.headers["Set-Cookie"].startswith("__Host-glassline=")


def test_a_page_may_stay_open_over_a_restart_where_people_sign_in(tmp_path: Path, broker: Mosquitto) -> None:
    people = make_people(tmp_path / "people.json")
    settings = {"broker": broker.address, "id": "web-o", "people": people.path, "port": free_port()}
    with Web(tmp_path, **settings) as web:
        vic = enter(web, "vic")
    with Web(tmp_path, **settings) as web:
        url = f"{web.url.replace('http', 'ws')}/live"
        with connect(url, additional_headers={"Cookie": cookies_of(vic)}) as ws:
            assert "hello" in str(ws.recv(timeout=5))


def test_the_sessions_file_may_go_and_then_nobody_is_in(tmp_path: Path, broker: Mosquitto) -> None:
    people = make_people(tmp_path / "people.json")
    with Web(tmp_path, broker=broker.address, id="web-d", people=people.path) as web:
        vic = enter(web, "vic")
        (tmp_path / "people-sessions.json").unlink()
        assert vic.get("/api/devices").status_code == 401
        assert until(lambda: enter(web, "vic")).get("/api/devices").status_code == 200


def test_a_client_that_is_no_browser_signs_in_as_well(guarded: Web) -> None:
    with httpx.Client(base_url=guarded.url) as program:
        program.post("/api/session", json={"name": "vic", "password": SECRET})
        assert program.get("/api/defects").status_code == 200


def test_the_doctors_pass_is_to_look_and_for_a_while(guarded: Web, people: People, node: NodeLike) -> None:
    node.stream(10)
    with (
        web_pass(WebSettings(people=str(people.path))) as cookie,
        look_at(guarded.port, node.id, cookie=cookie) as look,
    ):
        until(lambda: has_seen(look, node.id))
        assert not look.seen.error
        answer = client(guarded, headers={"Cookie": cookie}).post(f"/api/devices/{node.id}/cmd/restart", json={})
        assert answer.status_code == 403
    assert client(guarded, headers={"Cookie": cookie}).get("/api/devices").status_code == 401
    with look_at(guarded.port, node.id) as look:
        until(lambda: look.seen.done)
        assert (look.seen.locked, look.seen.code) == (True, None)


def test_where_sessions_cannot_be_kept_that_is_said_and_those_that_stand_go_on(
    tmp_path: Path, broker: Mosquitto
) -> None:
    people, kept = make_people(tmp_path / "people.json"), tmp_path / "people-sessions.json"
    with Web(tmp_path, broker=broker.address, id="web-k", people=people.path) as web:
        vic = enter(web, "vic")
        kept.rename(tmp_path / "away")
        kept.mkdir()
        for answer in (
            client(web).post("/api/session", json={"name": "anna", "password": SECRET}),
            vic.request("DELETE", "/api/session", json={}),
        ):
            assert (answer.status_code, code_of(answer)) == (503, "web.sessions_down")
        assert vic.get("/api/devices").status_code == 200
        kept.rmdir()
        (tmp_path / "away").rename(kept)
        assert vic.request("DELETE", "/api/session", json={}).status_code == 200
        assert vic.get("/api/devices").status_code == 401
