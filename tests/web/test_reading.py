"""Strangers who send requests slowly, by halves, take no answers or never hang up: the others still get the page.

Each stops a gunicorn as it comes, with as many threads.
"""

import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect

from tests.support.clients import is_hung_up
from tests.support.waiting import until

from .people import SECRET, cookies_of, enter, make_people
from .processes import Process, Web, free_port

THREADS = 20
STRANGER = "127.0.9.1"
HALF = b"GET / HTTP/1.1\r\nHost: 127"
BODY = b"POST /api/session HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{"
MUCH = b"GET /much HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
AGAIN_AND_AGAIN = b"GET /static/styles/base.css HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 500
NONSENSE = b"NONSENSE\r\n\r\n"


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """gunicorn, for what it does by itself; where it lives."""
    port = free_port()
    command = ["-m", "gunicorn", "-k", "gthread", "--threads", str(THREADS), "-b", f"127.0.0.1:{port}"]
    log = tmp_path_factory.mktemp("plain") / "log"
    with Process(sys.executable, *command, "tests.web.plain:app", log=log) as process:
        url = f"http://127.0.0.1:{port}"
        process.wait_for(lambda: _answers(url), what="gunicorn answers")
        yield url


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    folder = tmp_path_factory.mktemp("ours")
    with Web(folder, broker="", threads=THREADS, people=make_people(folder / "people.json").path) as web:
        yield web


def _answers(url: str, *, timeout_s: float = 3.0) -> bool:
    try:
        return httpx.get(f"{url}/health", timeout=timeout_s).status_code == 200
    except httpx.TransportError:
        return False


def _send(url: str, data: bytes, stack: ExitStack) -> socket.socket:
    host, _, port = url.removeprefix("http://").partition(":")
    sock = stack.enter_context(socket.create_connection((host, int(port)), 5, (STRANGER, 0)))
    sock.sendall(data)
    return sock


def _ask_and_read_nothing(url: str, data: bytes, stack: ExitStack) -> socket.socket:
    host, _, port = url.removeprefix("http://").partition(":")
    sock = stack.enter_context(socket.socket())
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2304)
    sock.bind((STRANGER, 0))
    sock.settimeout(5)
    sock.connect((host, int(port)))
    sock.sendall(data)
    return sock


def _is_closed(sock: socket.socket) -> bool:
    sock.setblocking(False)
    try:
        return sock.recv(1000) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


@pytest.mark.parametrize("data", [HALF, BODY], ids=["half a head", "half a body"])
def test_half_requests_take_no_thread_from_the_others_and_are_cut_off(plain: str, ours: Web, data: bytes) -> None:
    if data is HALF:
        with ExitStack() as stack:
            for _ in range(THREADS + 5):
                _send(plain, data, stack)
            time.sleep(0.5)
            assert not _answers(plain)
    with ExitStack() as stack:
        begun = [_send(ours.url, data, stack) for _ in range(THREADS + 5)]
        time.sleep(0.5)
        assert _answers(ours.url, timeout_s=1)
        assert enter(ours, "vic", SECRET)
        until(lambda: all(_is_closed(sock) for sock in begun), timeout_s=20)
    assert _answers(ours.url)


def test_who_never_hangs_up_holds_nobody_up(plain: str, ours: Web) -> None:
    for url, in_time in [(plain, False), (ours.url, True)]:
        with ExitStack() as stack:
            for _ in range(THREADS // 5):
                _send(url, NONSENSE, stack)
            time.sleep(0.3)
            assert _answers(url, timeout_s=1) is in_time
        until(lambda url=url: _answers(url), timeout_s=20)


def test_answers_that_nobody_takes_hold_few_threads_and_are_cut_off(plain: str, ours: Web) -> None:
    with ExitStack() as stack:
        for _ in range(THREADS + 5):
            _ask_and_read_nothing(plain, MUCH, stack)
        time.sleep(0.5)
        assert not _answers(plain)
    with ExitStack() as stack:
        asked = []
        for _ in range(THREADS + 5):
            asked.append(_ask_and_read_nothing(ours.url, AGAIN_AND_AGAIN, stack))
            time.sleep(0.1)
        assert _answers(ours.url, timeout_s=1)
        assert enter(ours, "vic", SECRET)
        assert not all(map(is_hung_up, asked)), "some are being answered"
        until(lambda: all(map(is_hung_up, asked)), timeout_s=40)
    assert _answers(ours.url)


def test_who_keeps_a_page_open_is_not_held_to_the_threads_of_an_address(ours: Web) -> None:
    headers = {"Cookie": cookies_of(enter(ours, "vic", SECRET))}
    with ExitStack() as stack:
        for _ in range(THREADS // 4 + 1):
            sock = stack.enter_context(socket.create_connection(("127.0.0.1", ours.port), 5, (STRANGER, 0)))
            ws = stack.enter_context(connect(f"ws://127.0.0.1:{ours.port}/live", sock=sock, additional_headers=headers))
            assert '"hello"' in str(ws.recv(timeout=5))


def test_what_was_refused_is_counted(ours: Web) -> None:
    counters = enter(ours, "vic").get("/health").json()["counters"]
    assert counters["refused_http_too_many_begun"] > 0
    assert counters["refused_http_too_slow"] > 0
    assert counters["dropped_http_slow_reader"] > 0
    assert counters["refused_http_malformed"] > 0


def test_this_machine_speaks_for_many(ours: Web, folder: Path) -> None:
    with ExitStack() as stack:
        for _ in range(THREADS // 2):
            sock = stack.enter_context(socket.create_connection(("127.0.0.1", ours.port), 5))
            sock.sendall(HALF)
        time.sleep(0.3)
        assert _answers(ours.url, timeout_s=1)
