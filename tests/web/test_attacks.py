"""Attacks on the page and its API: each does its harm at a naive web, and none at ours."""

import contextlib
import http.server
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from paho.mqtt import publish
from playwright.sync_api import Browser, expect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from glassline.accounts import People, PersonRole
from tests.support.waiting import until

from .naive import Naive
from .people import SECRET, client, code_of, cookies_of, enter
from .processes import Mosquitto, Web
from .publishers import BridgeLike, NodeLike

EVENT = "01a2040b-6070-71de-a289-74ecb882c122"
EVIL = "<img src=x onerror=window.bad=1>"
Target = Web | str


@pytest.fixture(scope="module")
def naive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Naive]:
    folder = tmp_path_factory.mktemp("naive") / "static"
    folder.mkdir()
    (folder.parent / "secret.txt").write_text("a secret")
    with Naive(folder) as web:
        yield web


@pytest.fixture
def defect(guarded: Web, node: NodeLike, bridge: BridgeLike) -> str:
    vic = enter(guarded, "vic")
    until(lambda: vic.get(f"/api/devices/{node.id}").json().get("online"))
    detection = node.detection()
    bridge.commit(node.id, detection, node.evidence_of(detection.event_id))
    return detection.event_id


def _address(target: Target) -> str:
    return target if isinstance(target, str) else target.url


def _watches(target: Target, cookies: str, **headers: str) -> bool:
    """Whether a WebSocket that sends this is let in and told anything."""
    try:
        with connect(
            f"{_address(target).replace('http', 'ws', 1)}/live", additional_headers={"Cookie": cookies, **headers}
        ) as ws:
            return "hello" in str(ws.recv(timeout=5))
    except InvalidStatus:
        return False


# -- without a session -----------------------------------------------------------------------------------------------


READS = [
    "/api/devices", "/api/devices/{node}", "/api/devices/{node}/chain", "/api/devices/{node}/snapshot.jpg",
    "/api/defects", "/api/defects/unconfirmed", "/api/defects/{event}", "/api/defects/{event}/image",
]  # fmt: skip


@pytest.mark.parametrize("path", READS)
def test_nothing_is_read_without_a_session(
    web: Web, guarded: Web, node: NodeLike, defect: str, bridge: BridgeLike, path: str
) -> None:
    node.publish_frame()
    path = path.format(node=node.id, event=defect)
    until(lambda: client(web).get(path).status_code == 200, what="where nobody signs in it is read")
    vic = enter(guarded, "vic")
    until(lambda: vic.get(path).status_code == 200)
    for method in ("GET", "HEAD", "OPTIONS"):
        for cookies in ({}, {"Cookie": "glassline=made-up"}, {"Authorization": "Basic dmljOmNvcnJlY3QgaG9yc2U="}):
            answer = client(guarded).request(method, path, headers=cookies)
            assert answer.status_code == 401, (method, cookies)
            assert node.id not in answer.text


def test_the_live_picture_is_not_seen_without_a_session(web: Web, guarded: Web) -> None:
    assert _watches(web, "")
    assert not _watches(guarded, "")
    assert not _watches(guarded, "glassline=made-up")
    assert _watches(guarded, cookies_of(enter(guarded, "vic")))


def test_of_its_health_a_stranger_learns_that_it_runs_and_nothing_else(web: Web, guarded: Web) -> None:
    assert "broker" in client(web).get("/health").json()
    assert client(guarded).get("/health").json() == {"ok": True, "program": "glassline web"}
    assert "broker" in enter(guarded, "vic").get("/health").json()


def test_what_no_view_opens_is_closed() -> None:
    from web.app import create_app
    from web.services import Services
    from web.settings import WebSettings

    for people, status in [("", 200), ("nobody.json", 401)]:
        app = create_app(services=Services(settings=WebSettings(people=people)))
        app.add_url_rule("/new", view_func=lambda: "forgotten")
        assert app.test_client().get("/new", headers={"Host": "localhost"}).status_code == status


# -- with somebody else's browser ------------------------------------------------------------------------------------

EVIL_PAGE = """<!doctype html><script>
const target = "%s", tried = [];
const body = '{"name": "anna", "status": "resolved", "note": "forged", "version": 0, "args": {}}';
const send = (path, headers) =>
  fetch(target + path, {method: "POST", mode: "no-cors", credentials: "include", headers, body});
const socket = new Promise((done) => {
  const ws = new WebSocket(target.replace("http", "ws") + "/live");
  ws.onmessage = () => done("seen"); ws.onerror = () => done("refused"); setTimeout(() => done("nothing"), 4000);
});
(async () => {
  for (const path of ["/api/defects/%s/review", "/api/devices/%s/cmd/restart"])
    for (const headers of [{"Content-Type": "text/plain"}, {}, {"Content-Type": "application/json"}])
      tried.push(await send(path, headers).then((a) => a.type, () => "blocked"));
  document.title = "done " + await socket;
})();
</script>"""


@contextlib.contextmanager
def _evil_site(text: str) -> Iterator[str]:
    """A page of another origin, on the same host: cookies travel from there as from the web's own page."""

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *arguments: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def _visit(browser: Browser, target: Target, name: str, event: str, device: str) -> str:
    """Sign in, then open the evil page in the same browser; what its WebSocket saw."""
    url = _address(target)
    with browser.new_context() as context:
        entered = context.request.post(f"{url}/api/session", data={"name": name, "password": SECRET})
        assert entered.ok
        assert context.cookies()
        with _evil_site(EVIL_PAGE % (url, event, device)) as evil:
            page = context.new_page()
            page.goto(evil)
            page.wait_for_function("document.title.startsWith('done')")
            return page.title().removeprefix("done ")


def test_a_foreign_page_cannot_review_command_or_watch_with_an_admins_cookie(
    browser: Browser, naive: Naive, guarded: Web, node: NodeLike, defect: str
) -> None:
    naive.written.clear()
    assert _visit(browser, naive.url, "boss", EVENT, "pi-1") == "seen"
    assert "forged" in naive.written
    assert "restart" in naive.commanded
    assert _visit(browser, guarded, "boss", defect, node.id) == "refused"
    assert enter(guarded, "vic").get(f"/api/defects/{defect}").json()["status"] == "pending"
    assert not node.commands


def _is_framed(browser: Browser, target: Target) -> bool:
    with _evil_site(f"<!doctype html><iframe src='{_address(target)}/'></iframe>") as evil:
        page = browser.new_page()
        page.goto(evil)
        page.wait_for_timeout(500)
        [frame] = page.main_frame.child_frames
        framed = frame.url.startswith(_address(target))
        page.close()
        return framed


def test_a_foreign_page_cannot_lay_ours_under_its_own(browser: Browser, naive: Naive, guarded: Web) -> None:
    assert _is_framed(browser, naive.url)
    assert not _is_framed(browser, guarded)


def _steals(browser: Browser, target: Target) -> bool:
    """Whether a script in the page reads the session of who is signed in."""
    with browser.new_context() as context:
        context.request.post(f"{_address(target)}/api/session", data={"name": "vic", "password": SECRET})
        page = context.new_page()
        page.goto(_address(target))
        return context.cookies()[0]["value"] in page.evaluate("document.cookie")


def test_no_script_reads_the_session(browser: Browser, naive: Naive, guarded: Web) -> None:
    assert _steals(browser, naive.url)
    assert not _steals(browser, guarded)


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "same-site"}]
)
def test_a_websocket_of_another_origin_is_refused_whatever_cookie_it_has(
    naive: Naive, guarded: Web, headers: dict[str, str]
) -> None:
    assert _watches(naive.url, cookies_of(enter(naive.url, "vic")), **headers)
    assert not _watches(guarded, cookies_of(enter(guarded, "vic")), **headers)


@pytest.mark.parametrize(
    "more", [{"headers": {"Origin": "https://evil.example"}}, {"headers": {"Content-Type": "text/plain"}}]
)
def test_a_foreign_page_cannot_sign_a_visitor_in_as_somebody_of_its_choice(
    naive: Naive, guarded: Web, more: dict[str, Any]
) -> None:
    said = b'{"name": "vic", "password": "correct horse"}'
    more = {"headers": {"Content-Type": "application/json"} | more["headers"]}
    assert "set-cookie" in client(naive.url).post("/api/session", content=said, **more).headers
    answer = client(guarded).post("/api/session", content=said, **more)
    assert answer.status_code in (403, 415)
    assert "set-cookie" not in answer.headers


# -- with a session that should be worth nothing ---------------------------------------------------------------------


def _reads(target: Target, cookies: str) -> bool:
    return client(target).get("/api/devices", headers={"Cookie": cookies}).status_code == 200


def _replays(target: Target) -> bool:
    person = enter(target, "vic")
    cookies = cookies_of(person)
    assert _reads(target, cookies)
    left = person.request("DELETE", "/api/session", json={})
    assert left.status_code == 200
    assert not person.cookies
    return _reads(target, cookies)


def test_a_cookie_that_was_kept_is_worth_nothing_after_signing_out(naive: Naive, guarded: Web) -> None:
    assert _replays(naive.url)
    assert not _replays(guarded)


def _fixes(target: Target) -> bool:
    """Plant an id in a victim's browser and come with it once the victim has signed in."""
    victim = client(target, headers={"Cookie": "glassline=planted"})
    assert victim.post("/api/session", json={"name": "vic", "password": SECRET}).status_code == 200
    return _reads(target, "glassline=planted")


def test_a_planted_session_id_is_never_taken(naive: Naive, guarded: Web) -> None:
    assert _fixes(naive.url)
    assert not _fixes(guarded)


def test_signing_in_ends_the_session_that_was_there(naive: Naive, guarded: Web) -> None:
    for target, stays in [(naive.url, True), (guarded, False)]:
        person = enter(target, "vic")
        before = cookies_of(person)
        person.post("/api/session", json={"name": "anna", "password": SECRET})
        assert _reads(target, before) is stays


def _outstays(target: Target, remove: Callable[[], object]) -> bool:
    """Whether an open page of somebody who is removed goes on to be told things, 3 s later."""
    person = enter(target, "temp")
    url = f"{_address(target).replace('http', 'ws', 1)}/live"
    with connect(url, additional_headers={"Cookie": cookies_of(person)}) as ws:
        ws.recv(timeout=5)
        remove()
        end_s = time.monotonic() + 3
        with contextlib.suppress(ConnectionClosed, TimeoutError):
            while time.monotonic() < end_s:
                ws.recv(timeout=1)
        watches = ws.close_code is None
    return watches or _reads(target, cookies_of(person))


def test_who_is_removed_is_out_within_seconds_also_of_an_open_page(naive: Naive, guarded: Web, people: People) -> None:
    naive.people["temp"] = SECRET
    assert _outstays(naive.url, lambda: naive.people.pop("temp"))
    for end in (
        lambda: people.remove("temp"),
        lambda: people.change("temp", password="another password"),
        lambda: people.change("temp", role=PersonRole.REVIEWER),
    ):
        with contextlib.suppress(Exception):
            people.remove("temp")
        people.add("temp", PersonRole.VIEWER, SECRET)
        assert not _outstays(guarded, end)


# -- beyond one's role -----------------------------------------------------------------------------------------------


def test_a_viewer_does_not_review_and_a_reviewer_does_not_command(
    naive: Naive, guarded: Web, node: NodeLike, defect: str
) -> None:
    review, restart = f"/api/defects/{defect}/review", f"/api/devices/{node.id}/cmd/restart"
    said = {"status": "reviewed", "note": "seen", "version": 0}
    assert enter(naive.url, "vic").post(review, json=said).status_code == 200
    assert enter(naive.url, "anna").post(restart, json={}).status_code == 200
    vic, anna, boss = (enter(guarded, name) for name in ("vic", "anna", "boss"))
    for person, path, body in [(vic, review, said), (vic, restart, {}), (anna, restart, {})]:
        answer = person.post(path, json=body)
        assert (answer.status_code, code_of(answer)) == (403, "web.not_allowed")
        assert answer.json()["error"]["hint"]
    assert client(guarded).post(review, json=said).status_code == 401
    assert not node.commands
    reviewed = anna.post(review, json=said)
    assert (reviewed.status_code, reviewed.json()["reviewed_by"]) == (200, "anna")
    assert boss.post(restart, json={}).status_code == 200
    assert [name for name, _ in node.commands] == ["restart"]
    assert vic.post(f"/api/devices/{node.id}/cmd/ping", json={}).status_code == 200


# -- into the file system --------------------------------------------------------------------------------------------


OUTSIDE = [
    "/static/../secret.txt", "/static/%2e%2e/secret.txt", "/static/..%2fsecret.txt", "/static/%252e%252e/secret.txt",
    "/api/defects/..%2f..%2f..%2fsecret.txt/image",
]  # fmt: skip


@pytest.mark.parametrize("path", OUTSIDE)
def test_no_path_leads_out_of_the_folder(naive: Naive, guarded: Web, folder: Path, path: str) -> None:
    (folder / "secret.txt").write_text("a secret")
    beside = Path(__file__).parents[2] / "web" / "secret.txt"
    assert not beside.exists()
    leaks = [_raw(naive.url, naive_path) for naive_path in ("/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt")]
    assert all("a secret" in text for text in leaks)
    for aim in (path, path.replace("secret.txt", "settings.py"), path.replace("secret.txt", "../../etc/passwd")):
        text = _raw(guarded.url, aim, cookies_of(enter(guarded, "boss")))
        assert text.split()[1] in ("400", "404"), text[:200]
        assert "a secret" not in text
        assert "WebSettings" not in text
        assert "root:" not in text


def _raw(url: str, path: str, cookies: str = "") -> str:
    """An answer to a path as it is, which clients would clean."""
    import socket

    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), 5) as sock:
        sock.sendall(
            f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nCookie: {cookies}\r\nConnection: close\r\n\r\n".encode()
        )
        return b"".join(iter(lambda: sock.recv(65536), b"")).decode("utf-8", "replace")


# -- into other people's pages ---------------------------------------------------------------------------------------


def test_markup_in_names_notes_labels_and_ids_stays_text(
    browser: Browser, naive: Naive, guarded: Web, broker: Mosquitto, people: People, node: NodeLike, bridge: BridgeLike
) -> None:
    naive.written[:] = [EVIL]
    page = browser.new_page()
    page.goto(naive.url)
    page.wait_for_function("window.bad === 1")
    page.close()

    people.add(EVIL, PersonRole.REVIEWER, SECRET)
    publish.single(f"glass/v1/{EVIL}/status", "online", retain=True, hostname="127.0.0.1", port=broker.port)
    publish.single(f"glass/v1/{EVIL}/frame", node.frame(), hostname="127.0.0.1", port=broker.port)
    detection = node.detection(label=EVIL, model=f"{EVIL}m")
    bridge.commit(node.id, detection, node.evidence_of(detection.event_id))
    said = {"status": "reviewed", "note": f"{EVIL} a note", "version": 0}
    assert enter(guarded, EVIL).post(f"/api/defects/{detection.event_id}/review", json=said).status_code == 200
    for name in (EVIL, "vic"):
        context = browser.new_context()
        page = context.new_page()
        page.goto(guarded.url)
        page.get_by_label("Name").fill(name)
        page.get_by_label("Password").fill(SECRET)
        page.keyboard.press("Enter")
        expect(page.locator("#account .who")).to_have_text(name)
        page.locator(".card", has_text=EVIL).first.click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text(f"by {EVIL}")
        if name == "vic":
            expect(dialog).to_contain_text(f"{EVIL} a note")
        else:
            expect(dialog.get_by_label("Note")).to_have_value(f"{EVIL} a note")
        assert page.evaluate("() => window.bad") is None
        assert not page.locator("img[src='x']").count()
        context.close()
    people.remove(EVIL)


# -- by guessing -----------------------------------------------------------------------------------------------------


def _guesses(target: Target, name: str, addresses: list[str]) -> bool:
    """Try 40 passwords, the last of which is right, a few from each address; whether that one got in."""
    passwords = [*(f"wrong guess {number}" for number in range(39)), SECRET]
    answers: list[httpx.Response] = []
    for number, password in enumerate(passwords):
        guesser = client(target, address=addresses[number * len(addresses) // len(passwords)])
        answers.append(guesser.post("/api/session", json={"name": name, "password": password}))
    for answer in answers:
        assert answer.status_code in (200, 401, 429)
        if answer.status_code == 429:
            assert code_of(answer) == "web.too_many_attempts"
            assert 0 < int(answer.headers["Retry-After"]) <= 60
    return answers[-1].status_code == 200


@pytest.mark.parametrize(
    "addresses", [["127.0.1.1"], [f"127.0.2.{number}" for number in range(1, 9)]], ids=["one", "many"]
)
def test_guessing_is_stopped_before_it_succeeds(
    naive: Naive, guarded: Web, people: People, addresses: list[str]
) -> None:
    name = f"aim-{len(addresses)}"
    naive.people[name] = SECRET
    people.add(name, PersonRole.ADMIN, SECRET)
    assert _guesses(naive.url, name, addresses)
    assert not _guesses(guarded, name, addresses)
    assert enter(guarded, "vic"), "others come in as before"


def test_a_guesser_locks_nobody_out_from_one_address(guarded: Web, people: People) -> None:
    people.add("target", PersonRole.ADMIN, SECRET)
    for _ in range(30):
        client(guarded, address="127.0.3.1").post("/api/session", json={"name": "target", "password": "wrong one"})
    assert enter(guarded, "target", address="127.0.3.2")


@pytest.mark.alone
def test_a_flood_of_sign_ins_does_not_hold_the_others_up(guarded: Web) -> None:
    codes: list[int] = []

    def flood(number: int) -> None:
        said = {"name": f"name-{number}", "password": "wrong one"}
        for _ in range(3):
            codes.append(client(guarded, address=f"127.0.4.{number}").post("/api/session", json=said).status_code)

    vic, slowest_s = enter(guarded, "vic"), 0.0
    threads = [threading.Thread(target=flood, args=(number,)) for number in range(1, 61)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        began_s = time.monotonic()
        assert vic.get("/api/devices").status_code == 200
        slowest_s = max(slowest_s, time.monotonic() - began_s)
    assert set(codes) <= {401, 429, 503}, "429: shares its slot with an address that guessed before"
    assert codes.count(503) > codes.count(401), "more were turned away than compared"
    assert slowest_s < 2
