"""The doctor looks at whatever answers in the web's place: a stranger gets no pass, and nothing is no fault."""

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from glassline.contract import Reason
from glassline.diagnosis import Verdict
from tests.support.waiting import until
from workbench.doctor.pictures import Pictures
from workbench.doctor.told import with_told
from workbench.doctor.web_look import WebLook
from workbench.doctor.web_place import ClosedFileError, WebPlace

OURS = (200, {}, {"program": "glassline web"})
PASS = "glassline=SESSION"
Answer = tuple[int, dict[str, str], object]


class Site(ThreadingHTTPServer):
    """Answers as told, by path, and remembers (path, Cookie) of each request."""

    daemon_threads = True

    def __init__(self, host: str, answers: dict[str, Answer]) -> None:
        super().__init__((host, 0), Handler)
        self.answers = answers
        self.asked: list[tuple[str, str]] = []
        self.ends_after = ""
        """The path after which the web behind this is gone."""
        self.url = f"http://{host}:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Site)
        self.server.asked.append((self.path, self.headers.get("Cookie", "")))
        status, headers, body = self.server.answers.get(self.path, (404, {}, {}))
        if self.path == self.server.ends_after:
            self.server.answers["/health"] = (502, {}, {})
        content = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def site(answers: dict[str, Answer], host: str = "127.0.0.1") -> Iterator[Site]:
    server = Site(host, answers)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def looked(url: str, *, direct: bool = False) -> WebLook:
    """A look that came to its end."""
    with WebLook(WebPlace.parse(url), devices=["pi-1"], pictures=Pictures(), cookie=PASS, direct=direct) as look:
        until(lambda: look.seen.done, 15)
    return look


def test_the_pass_is_sent_to_our_own_web_alone_and_only_after_it_has_said_that_it_is() -> None:
    with site({"/health": OURS}) as web:
        looked(web.url, direct=True)
    assert web.asked[0] == ("/health", "")
    assert ("/api/devices", PASS) in web.asked
    with site({"/health": (200, {}, {"program": "another"})}) as stranger:
        assert looked(stranger.url, direct=True).seen.code is Reason.WEB_NOT_OURS
    assert {sent for _, sent in stranger.asked} == {""}


@pytest.mark.parametrize("direct", [True, False])
def test_the_pass_does_not_follow_a_redirect_to_another_host(direct: bool) -> None:
    with (
        site({"/health": OURS}, "127.0.0.2") as other,
        site({"/health": (302, {"Location": f"{other.url}/health"}, {})}) as web,
    ):
        looked(web.url, direct=direct)
    assert len(other.asked) > 1
    assert {sent for _, sent in other.asked + web.asked} == {""}


@pytest.mark.parametrize(
    ("health", "code", "why"),
    [
        ((302, {"Location": "http://x:99999999/"}, {}), None, "HTTP 302"),
        ((401, {"WWW-Authenticate": "Basic"}, {}), None, "HTTP 401"),
        ((403, {}, "no"), None, "HTTP 403"),
        ((200, {}, [1]), Reason.WEB_NOT_OURS, ""),
        ((502, {}, {}), Reason.WEB_DOWN, ""),
    ],
)
def test_a_sign_in_before_the_page_is_no_fault_and_nonsense_ends_no_look(
    health: Answer, code: Reason | None, why: str
) -> None:
    with site({"/health": health}) as web:
        seen = looked(web.url).seen
    assert seen.code is code
    assert why in seen.why
    assert bool(seen.why) is (code is None)


def test_a_sign_in_at_another_host_is_no_fault() -> None:
    with (
        site({}, "127.0.0.2") as login,
        site({"/health": (302, {"Location": f"{login.url}/sign-in?next=/"}, {})}) as web,
    ):
        seen = looked(web.url).seen
    assert seen.code is None
    assert "leads to 127.0.0.2" in seen.why


@pytest.mark.parametrize("devices", [[3, None, {}, {"deviceId": 7}, {"deviceId": "../x", "role": "node"}], None, "all"])
def test_a_list_of_devices_that_is_none_adds_none(devices: object) -> None:
    with site({"/health": OURS, "/api/devices": (200, {}, {"devices": devices})}) as web:
        seen = looked(web.url).seen
    assert seen.devices == ["pi-1"]


def test_somebody_who_only_once_mistyped_a_password_is_no_node() -> None:
    devices = [
        {"deviceId": "alice", "role": None, "status": None, "health": None, "code": "node.unknown"},
        {"deviceId": "pi-2", "role": None, "status": None, "health": None, "code": "node.bad_credentials"},
        {"deviceId": "pi-3", "role": "node"},
        {"deviceId": "bridge-1", "role": "bridge"},
    ]
    with site({"/health": OURS, "/api/devices": (200, {}, {"devices": devices})}) as web:
        assert looked(web.url).seen.devices == ["pi-1", "pi-2", "pi-3"]


def test_a_websocket_is_blocked_at_the_second_try_and_never_where_no_proxy_is_on_the_way() -> None:
    with site({"/health": OURS}) as web:
        assert looked(web.url).seen.code is Reason.WEB_WEBSOCKET_BLOCKED
        assert [path for path, _ in web.asked] == ["/health", "/api/devices", "/live", "/health", "/live"]
        seen = looked(web.url, direct=True).seen
    assert seen.code is None
    assert "WebSocket" in seen.why
    lost = {"error": {"code": "web.bad_websocket"}}
    with site({"/health": OURS, "/live": (400, {}, lost)}) as web:
        assert looked(web.url, direct=True).seen.code is Reason.WEB_WEBSOCKET_BLOCKED


def test_a_web_that_ends_between_health_and_the_websocket_is_down() -> None:
    with site({"/health": OURS}) as web:
        web.ends_after = "/live"
        seen = looked(web.url).seen
    assert (seen.code, seen.by_proxy) == (Reason.WEB_DOWN, True)


def test_a_certificate_that_is_not_ours_to_read_is_said_and_no_fault(tmp_path: Path) -> None:
    cert = tmp_path / "cert.pem"
    cert.write_text("")
    cert.chmod(0)
    place = WebPlace(scheme="https", host="127.0.0.1", port=1, cert=str(cert), pinned=True)
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    try:
        with pytest.raises(ClosedFileError, match="sudo glassline doctor"):
            place.http()
        with WebLook(place, devices=[], pictures=None) as look:
            until(lambda: look.seen.done, 15)
    finally:
        os.seteuid(before)
    assert (look.seen.code, str(cert) in look.seen.why) == (None, True)


@pytest.mark.parametrize("told", [{"hops": None, "also": 3}, {"hops": {"a": 1}}, {"first_cause": [], "also": [None]}])
def test_what_another_web_tells_may_be_nonsense(told: dict[str, object]) -> None:
    own = Verdict(hops=[], first_cause=None, also=[])
    assert with_told(own, told).first_cause is None
