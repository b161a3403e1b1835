"""A way to the web that is slow or breaks: answers that a test lets arrive, and WebSockets that it ends."""

import re
from typing import Self

from playwright.sync_api import APIResponse, Page, Route

from tests.support.waiting import until

KEEP_SOCKETS = """
window.sockets = [];
window.WebSocket = class extends WebSocket {
  constructor(...all) {
    super(...all);
    window.sockets.push(this);
  }
};
"""


class Late:
    """What a page asks at an address like `part` is answered at once, but the answer arrives when the test says so."""

    def __init__(self, page: Page, part: str, *, times: int | None = None) -> None:
        self._page, self._part, self._times = page, part, times
        self._waiting: list[tuple[Route, APIResponse]] = []

    def _hold(self, route: Route) -> None:
        self._waiting.append((route, route.fetch()))

    def wait(self, count: int = 1) -> None:
        """Until so many were asked."""
        until(lambda: self._page.wait_for_timeout(20) or len(self._waiting) >= count, 30, what=self._part)

    def arrive(self) -> None:
        """Let all of them through, and hold no more."""
        for route, response in self._waiting:
            route.fulfill(response=response)
        self._waiting.clear()
        self._page.unroute(self._is_meant)

    def _is_meant(self, url: str) -> bool:
        return re.search(self._part, url) is not None

    def __enter__(self) -> Self:
        self._page.route(self._is_meant, self._hold, times=self._times)
        return self

    def __exit__(self, *error: object) -> None:
        self.arrive()


def refuse_once(page: Page, part: str) -> None:
    """The next question with `part` in the address is answered that the store is away."""
    refused = {"error": {"code": "store.down", "message": "the store is away", "hint": "Start it."}}
    page.route(lambda url: part in url, lambda route: route.fulfill(status=503, json=refused), times=1)


def keep_sockets(page: Page) -> None:
    """Before the page is opened: so that `drop_sockets` can end what it has open then."""
    page.add_init_script(KEEP_SOCKETS)


def drop_sockets(page: Page) -> None:
    page.evaluate("() => window.sockets.forEach((socket) => socket.close())")
