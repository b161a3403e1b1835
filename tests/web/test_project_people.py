"""Signing in with the users of a Supabase project, on one of this machine."""

import contextlib
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from glassline.program import write_secret
from tests.chaos.gateway import Gateway
from tests.support.waiting import until
from web.people.attempts import OF_PROJECT
from web.people.project import JUST_S
from workbench.supabase import MISSING, LocalSupabase, installed

from .people import client, code_of, cookies_of, enter
from .processes import Mosquitto, Web, free_port
from .shots import shoot

SECRET = "correct horse"


class Project:
    """What its owner does in its dashboard."""

    def __init__(self, server: LocalSupabase) -> None:
        self.server = server
        self._http = httpx.Client(base_url=server.url, headers={"apikey": server.secret_key}, timeout=30)

    def add(self, email: str, role: str | None) -> str:
        answer = self._http.post("/auth/v1/signup", json={"email": email, "password": SECRET}).raise_for_status()
        id = str(answer.json()["user"]["id"])
        if role:
            self._http.post("/rest/v1/glassline_people", json={"user_id": id, "role": role}).raise_for_status()
        return id

    def set_role(self, id: str, role: str | None) -> None:
        where = {"user_id": f"eq.{id}"}
        if role is None:
            self._http.delete("/rest/v1/glassline_people", params=where).raise_for_status()
        else:
            self._http.patch("/rest/v1/glassline_people", params=where, json={"role": role}).raise_for_status()

    def change_password(self, email: str, old: str, new: str) -> None:
        said = {"email": email, "password": old}
        session = self._http.post("/auth/v1/token?grant_type=password", json=said).raise_for_status().json()
        headers = {"Authorization": f"Bearer {session['access_token']}"}
        self._http.put("/auth/v1/user", json={"password": new}, headers=headers).raise_for_status()

    @contextlib.contextmanager
    def away(self) -> Iterator[None]:
        self.server.kill()
        try:
            yield
        finally:
            self.server.start()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    if not installed():
        pytest.skip(MISSING)
    with LocalSupabase(tmp_path_factory.mktemp("supabase")) as server:
        made = Project(server)
        for name, role in {"boss": "admin", "anna": "reviewer", "vic": "viewer", "nobody": None}.items():
            made.add(f"{name}@example.org", role)
        yield made


@pytest.fixture(scope="module")
def web_of(project: Project, folder: Path, broker: Mosquitto) -> Iterator[Web]:
    with _web(folder, project, broker, id="web-s") as process:
        yield process


def _web(folder: Path, project: Project, broker: Mosquitto, **more: object) -> Web:
    key = folder / "supabase.key"
    write_secret(key, project.server.secret_key)
    settings = {"store": f"supabase:{project.server.url}", "store_key_file": key, "people": "supabase", **more}
    return Web(folder, broker=broker.address, cwd=folder, **settings)


def test_users_with_a_role_come_in_with_it_and_others_do_not(web_of: Web) -> None:
    for name, role in [("boss", "admin"), ("anna", "reviewer"), ("vic", "viewer")]:
        told = enter(web_of, f"{name}@example.org", SECRET).get("/api/session").json()
        assert told == {"sign_in": True, "name": f"{name}@example.org", "role": role}
    for email, password in [("nobody@example.org", SECRET), ("boss@example.org", "wrong horse"), ("x@y.z", SECRET)]:
        guesser = client(web_of, address="127.0.9.3")
        answer = guesser.post("/api/session", json={"name": email, "password": password})
        assert (answer.status_code, code_of(answer)) == (401, "web.wrong_password")


def test_who_loses_the_role_is_out_within_a_minute(web_of: Web, project: Project) -> None:
    id = project.add("temp@example.org", "reviewer")
    temp = enter(web_of, "temp@example.org", SECRET)
    token = temp.post("/api/tokens", json={"name": "x"}).json()["secret"]
    script = client(web_of, headers={"Authorization": f"Bearer {token}"})
    assert (temp.get("/api/devices").status_code, script.get("/api/devices").status_code) == (200, 200)
    project.set_role(id, None)
    until(lambda: temp.get("/api/devices").status_code == 401, timeout_s=60)
    assert script.get("/api/devices").status_code == 401


def test_the_own_password_goes_to_the_project_and_ends_other_sessions(web_of: Web, project: Project) -> None:
    email = "changer@example.org"
    project.add(email, "viewer")
    one, other = enter(web_of, email, SECRET), enter(web_of, email, SECRET)
    wrong = one.post("/api/session/password", json={"old": "wrong horse", "new": "second horse"})
    assert (wrong.status_code, code_of(wrong)) == (403, "web.wrong_password")
    weak = one.post("/api/session/password", json={"old": SECRET, "new": "x"})
    assert weak.status_code == 400
    assert "characters" in weak.json()["error"]["message"]
    assert one.post("/api/session/password", json={"old": SECRET, "new": "second horse"}).status_code == 200
    assert (one.get("/api/devices").status_code, other.get("/api/devices").status_code) == (200, 401)
    assert enter(web_of, email, "second horse")
    project.change_password(email, "second horse", "third horse")
    until(lambda: one.get("/api/devices").status_code == 401, timeout_s=60, what="changed elsewhere, it ends as well")


def test_the_page_says_where_people_are_added_and_offers_no_password(web_of: Web, page: Page) -> None:
    page.goto(f"{web_of.url}/people")
    for label, text in (("Name", "boss@example.org"), ("Password", SECRET)):
        page.get_by_role("dialog").get_by_label(label).fill(text)
    page.get_by_role("button", name="Sign in").click()
    add = page.locator(".add-person")
    expect(add).to_contain_text("This web's people are users of the Supabase project: make one there")
    expect(add.locator("code")).to_have_text("insert into glassline_people values ('<user id>', 'viewer')")
    expect(add.get_by_role("textbox")).to_have_count(0)
    vic = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="vic@example.org"))
    expect(vic.get_by_role("button", name="Remove")).to_be_visible()
    expect(vic.get_by_role("button", name="New password")).to_be_hidden()
    shoot(page, "people-elsewhere-1280", full_page=True)


def test_an_admin_changes_roles_here_and_makes_users_there(web_of: Web, project: Project) -> None:
    boss = enter(web_of, "boss@example.org", SECRET)
    project.add("new@example.org", "viewer")

    def names() -> list[str]:
        return [person["name"] for person in boss.get("/api/people").json()["people"]]

    until(lambda: "new@example.org" in names(), what="the project is asked again")
    assert "nobody@example.org" not in names()
    assert boss.patch("/api/people/new@example.org", json={"role": "reviewer"}).json()["role"] == "reviewer"
    assert boss.request("DELETE", "/api/people/new@example.org", json={}).status_code == 204
    assert client(web_of).post("/api/session", json={"name": "new@example.org", "password": SECRET}).status_code == 401
    for answer in (
        boss.post("/api/people", json={"name": "a@b.c", "role": "viewer", "password": SECRET}),
        boss.patch("/api/people/vic@example.org", json={"password": "second horse"}),
    ):
        assert (answer.status_code, code_of(answer)) == (409, "web.people_elsewhere")
    last = boss.patch("/api/people/boss@example.org", json={"role": "viewer"})
    assert (last.status_code, code_of(last)) == (409, "web.last_admin")


def test_while_the_project_is_away_who_is_in_stays_in(web_of: Web, project: Project) -> None:
    """The page goes on without the database; nobody new comes in."""
    boss = enter(web_of, "boss@example.org", SECRET)
    with project.away():
        assert boss.get("/api/devices").status_code == 200
        answer = client(web_of).post("/api/session", json={"name": "vic@example.org", "password": SECRET})
        assert answer.status_code == 503
        assert code_of(answer) == "store.down"


class LimitedGateway(Gateway):
    """In front of a project that is `full`: it takes no more passwords. `asked`: how often, for who may sign in."""

    full = False
    ends_with_a_change = False

    def __init__(self, upstream: str) -> None:
        super().__init__(upstream)
        self.passwords_from: list[str] = []
        self.asked = 0

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, str, bytes]:
        self.asked += path.endswith("/glassline_who_may_sign_in")
        if path.startswith("/auth/v1/token"):
            self.passwords_from.append(headers["Sb-Forwarded-For"])
            if self.full:
                return 429, "application/json", b'{"code": 429, "msg": "Request rate limit reached"}'
        try:
            return super().answer(method, path, headers, body)
        finally:
            self.closed = self.closed or (self.ends_with_a_change and method == "PUT")


@pytest.fixture
def limited(tmp_path: Path, project: Project, broker: Mosquitto) -> Iterator[tuple[Web, LimitedGateway]]:
    with (
        LimitedGateway(project.server.url) as gateway,
        _web(tmp_path, project, broker, id="web-l", store=f"supabase:{gateway.url}") as web,
    ):
        yield web, gateway


def test_where_the_project_takes_no_more_passwords_that_is_said(limited: tuple[Web, LimitedGateway]) -> None:
    web, gateway = limited
    vic = enter(web, "vic@example.org", SECRET)
    gateway.full = True
    for adds in ({}, {"Retry-After": "42"}):
        gateway.adds = adds
        for answer in (
            client(web).post("/api/session", json={"name": "anna@example.org", "password": SECRET}),
            vic.post("/api/session/password", json={"old": SECRET, "new": "second horse"}),
        ):
            assert (answer.status_code, code_of(answer)) == (429, "web.sign_in_limit")
            assert "this web's Supabase project takes no more for now" in answer.json()["error"]["message"]
            assert answer.headers.get("Retry-After") == adds.get("Retry-After")
    gateway.full = False
    assert vic.get("/api/devices").status_code == 200
    assert enter(web, "anna@example.org", SECRET)


def test_a_project_that_is_gone_behind_a_new_password_leaves_nobody_in_doubt_which_one_holds(
    limited: tuple[Web, LimitedGateway], project: Project
) -> None:
    web, gateway = limited
    project.add("doubt@example.org", "viewer")
    person = enter(web, "doubt@example.org", SECRET)
    gateway.ends_with_a_change = True
    answer = person.post("/api/session/password", json={"old": SECRET, "new": "second horse"})
    assert (answer.status_code, code_of(answer)) == (503, "store.down")
    assert "the new password is set" in answer.json()["error"]["message"]
    gateway.closed = gateway.ends_with_a_change = False
    assert enter(web, "doubt@example.org", "second horse")


def test_who_guesses_at_one_address_leaves_the_projects_limit_to_others(limited: tuple[Web, LimitedGateway]) -> None:
    web, gateway = limited
    guesser, other = client(web, address="127.0.9.1"), client(web, address="127.0.9.2")
    for full in (False, True):
        gateway.full = full
        for number in range(10):
            guesser.post("/api/session", json={"name": f"{number}@example.org", "password": "wrong horse"})
    assert gateway.passwords_from == ["127.0.9.1"] * OF_PROJECT.address_burst
    for number in range(10):
        other.post("/api/session", json={"name": f"{number}@example.org", "password": SECRET})
    assert gateway.passwords_from.count("127.0.9.2") == OF_PROJECT.address_burst, "what is refused there was tried, too"


def test_lists_that_are_looked_at_again_and_again_do_not_ask_the_project_each_time(
    limited: tuple[Web, LimitedGateway], project: Project
) -> None:
    web, gateway = limited
    boss, id = enter(web, "boss@example.org", SECRET), project.add("often@example.org", "viewer")

    def role() -> str:
        people = boss.get("/api/people").json()["people"]
        return str(next((one["role"] for one in people if one["name"] == "often@example.org"), "none"))

    until(lambda: role() == "viewer", timeout_s=JUST_S + 3)
    before, began_s = gateway.asked, time.monotonic()
    for _ in range(20):
        assert role() == "viewer"
        assert boss.get("/api/tokens?everybody=true").status_code == 200
    assert gateway.asked - before <= 2 + (time.monotonic() - began_s) / JUST_S
    assert boss.patch("/api/people/often@example.org", json={"role": "reviewer"}).status_code == 200
    assert role() == "reviewer", "what is changed here is seen at once"
    project.set_role(id, "admin")
    until(lambda: role() == "admin", timeout_s=JUST_S + 3)


def test_a_web_that_begins_while_the_project_is_away_signs_nobody_out(
    tmp_path: Path, project: Project, broker: Mosquitto, page: Page
) -> None:
    settings = {"id": "web-a", "port": free_port()}
    with _web(tmp_path, project, broker, **settings) as web:
        boss = enter(web, "boss@example.org", SECRET)
        made = boss.post("/api/tokens", json={"name": "x"}).json()["secret"]
        other = enter(web, "boss@example.org", SECRET)
        name, _, value = cookies_of(boss).partition("=")
        page.context.add_cookies([{"name": name, "value": value, "url": web.url}])
        page.goto(web.url)
        expect(page.locator("#account")).to_contain_text("boss@example.org")
    with contextlib.ExitStack() as until_the_end:
        with project.away():
            web = until_the_end.enter_context(_web(tmp_path, project, broker, **settings))
            script = {"Authorization": f"Bearer {made}"}
            with ThreadPoolExecutor(8) as pool:
                answers = list(pool.map(boss.get, ["/api/devices", "/api/session", "/api/people", "/"] * 2))
            answers.append(client(web, headers=script).get("/api/devices"))
            for answer in answers:
                assert (answer.status_code, code_of(answer)) == (503, "store.down")
                assert answer.json()["error"]["message"].startswith("who may sign in is kept in the store, and http")
                assert answer.headers["Retry-After"] == "5"
            assert boss.get("/health").json() == {"ok": True, "program": "glassline web"}
            assert boss.get("/static/icon.svg").status_code == 200
            assert client(web).get("/api/devices").status_code == 401, "nobody has no session"
            assert other.request("DELETE", "/api/session", json={}).status_code == 200, "who wants to go may go"
            expect(page.get_by_text("who may sign in is kept in the store", exact=False).first).to_be_visible()
            expect(page.get_by_role("dialog")).to_have_count(0)
            page.reload()
            expect(page.get_by_role("heading")).to_contain_text("Who may sign in is kept in the store")
        expect(page.locator("#account")).to_contain_text("boss@example.org")
        assert (boss.get("/api/devices").status_code, other.get("/api/devices").status_code) == (200, 401)
