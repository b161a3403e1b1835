"""The one WebSocket of a page, in a real Chromium."""

import os
import signal

from playwright.sync_api import Page

from tests.support.waiting import until

from .late import drop_sockets, keep_sockets
from .processes import Mosquitto, Web

OPEN = "() => window.sockets.filter((socket) => socket.readyState === WebSocket.OPEN).length"


def test_a_network_that_comes_back_while_a_try_is_under_way_makes_no_second_connection(
    alone: tuple[Mosquitto, Web], page: Page
) -> None:
    _, web = alone
    keep_sockets(page)
    page.goto(web.url)
    until(lambda: page.wait_for_timeout(50) or page.evaluate(OPEN) == 1, 30)
    workers = web.workers()
    for pid in workers:
        os.kill(pid, signal.SIGSTOP)
    try:
        drop_sockets(page)
        until(lambda: page.wait_for_timeout(50) or page.evaluate("() => window.sockets.length") == 2, 30)
        page.evaluate("() => { for (let time = 0; time < 3; time += 1) dispatchEvent(new Event('online')); }")
    finally:
        for pid in workers:
            os.kill(pid, signal.SIGCONT)
    until(lambda: page.wait_for_timeout(50) or page.evaluate(OPEN) >= 1, 30)
    page.wait_for_timeout(1500)
    assert page.evaluate(OPEN) == 1
    until(lambda: web.get("/health")["viewers"] == 1, 30)
