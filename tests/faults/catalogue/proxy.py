"""Proxies before the web that are set up badly."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.proxy import Proxy

from ..fault import Fault
from ..site import Site
from .seen import NOT_SEEN


@contextmanager
def behind(site: Site, *, websocket: bool = True, host: str = "", swallows: bool = False) -> Iterator[None]:
    """People open the page through a proxy, and the web's settings say so."""
    with (
        Proxy(site.web_port, websocket=websocket, host=host, swallows=swallows) as proxy,
        site.changed("web", public_url=proxy.url),
    ):
        site.wait_until_well()
        site.page_url = proxy.url
        yield


FAULTS = [
    Fault(
        name="proxy without WebSocket",
        says="The proxy before the web passes no Upgrade on.",
        inject=lambda site: behind(site, websocket=False),
        exact={"web.websocket_blocked"}, server={"web.websocket_blocked"}, pi=NOT_SEEN,
        page={"web.websocket_blocked"},
    ),
    Fault(
        name="proxy with another Host",
        says="The proxy before the web asks it under its own address (nginx' default) instead of the page's.",
        inject=lambda site: behind(site, host=f"127.0.0.1:{site.web_port}"),
        exact={"web.origin_refused"}, server={"web.origin_refused"}, pi=NOT_SEEN, page={"web.origin_refused"},
    ),
    Fault(
        name="proxy that holds WebSockets back",
        says="The proxy before the web never answers when a WebSocket is opened; all else passes.",
        inject=lambda site: behind(site, swallows=True),
        exact={"web.websocket_blocked"}, server={"web.websocket_blocked"}, pi=NOT_SEEN,
        page={"web.websocket_blocked"}, wait_s=22,
    ),
]  # fmt: skip
