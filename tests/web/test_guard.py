"""Strangers' pages can neither read nor act here."""

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from .clients import Page
from .processes import Web


@pytest.mark.parametrize("host", ["evil.example", "evil.example:5000", "192.168.1.7:5000", "localhost.evil.example"])
def test_a_foreign_name_is_refused_for_reading_too(web: Web, host: str) -> None:
    for path in ("/", "/health", "/api/devices", "/static/live/page.js"):
        answer = web.http.get(path, headers={"Host": host})
        assert answer.status_code == 421, path
        assert answer.json()["error"]["code"] == "web.wrong_host"


@pytest.mark.parametrize("host", ["localhost:{port}", "127.0.0.1:{port}", "127.0.0.1", "[::1]:8080"])
def test_names_of_this_machine_are_served(web: Web, host: str) -> None:
    assert web.http.get("/health", headers={"Host": host.format(port=web.port)}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_a_page_of_another_site_cannot_write_or_watch(web: Web, headers: dict[str, str]) -> None:
    answer = web.http.post("/api/devices/pi-1/cmd/restart", json={}, headers=headers)
    assert answer.status_code == 403
    with pytest.raises(InvalidStatus) as refused:
        Page(web, additional_headers=headers)
    assert refused.value.response.status_code == 403


def test_a_form_cannot_write(web: Web) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        answer = web.http.post(
            "/api/devices/pi-1/cmd/restart", content=b'{"args":{}}', headers={"Content-Type": kind} if kind else {}
        )
        assert answer.status_code == 415, kind


def test_every_answer_carries_the_security_headers(web: Web) -> None:
    for path in ("/", "/health", "/static/live/page.js", "/nothing", "/api/defects?limit=x"):
        headers = web.http.get(path).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_a_body_that_is_too_large_is_refused(web: Web) -> None:
    review = {"status": "reviewed", "version": 0, "note": "y" * 200_000}
    answer = httpx.post(f"{web.url}/api/defects/00000000-0000-7000-8000-000000000000/review", json=review)
    assert answer.status_code == 413
    assert answer.json()["error"]["message"]


def test_a_page_that_talks_nonsense_is_told_and_then_sent_away(web: Web) -> None:
    with Page(web) as page:
        for text in ("", "[]", '{"watch": "pi-1"}', '{"watch": ["../x"]}', '{"max_fps": 1e9}', "{" * 5000):
            page.ws.send(text)
        for _ in range(10):
            page.ws.send(b"\x00\xff")
        page._thread.join(10)
        assert not page._thread.is_alive()
        assert page.of("error")
    with Page(web) as page:
        page.ws.send("x" * 50_000)
        page._thread.join(10)
        assert not page._thread.is_alive()
