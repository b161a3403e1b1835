"""Which webs are looked at: the one of this machine, and the address at which people open the page."""

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .machine import WEB, Machine, Setup
from .pictures import Pictures

if TYPE_CHECKING:
    from .web_look import WebLook
    from .web_place import WebPlace


@dataclass(frozen=True)
class WebLooks:
    """`first` watches pictures; `public` knocks where people open the page, if that is another address."""

    first: "WebLook | None" = None
    public: "WebLook | None" = None


def look_at_webs(
    machine: Machine, url: str | None, expected: list[str], pictures: Pictures, looking: ExitStack
) -> WebLooks:
    """Begin to look. A Pi has none of what a web needs, not even to look at one."""
    web = machine.programs.get(WEB)
    here = web if web is not None and web.settings is not None else None
    if here is None and url is None:
        return WebLooks()
    from .web_look import WebLook
    from .web_place import WebPlace

    cert = here.text("tls_cert") if here is not None else ""
    public_url = url or (here.text("public_url") if here is not None else "")
    public = WebPlace.parse(public_url, cert=cert) if public_url else None
    if here is None:
        assert public is not None
        return WebLooks(looking.enter_context(WebLook(public, devices=expected, pictures=pictures)))
    cookie = _way_in(here, looking)
    own = WebLook(_own_place(here), devices=expected, pictures=pictures, cookie=cookie, direct=True)
    knock = WebLook(public, devices=[], pictures=None, cookie=cookie) if public else None
    return WebLooks(looking.enter_context(own), looking.enter_context(knock) if knock else None)


def _own_place(web: Setup) -> "WebPlace":
    from .web_place import WebPlace

    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(web.text("http_host"), web.text("http_host"))  # noqa: S104
    cert = web.text("tls_cert")
    return WebPlace(
        scheme="https" if cert else "http", host=host, port=int(web.text("http_port")), cert=cert, pinned=bool(cert),
        behind_proxy=web.text("behind_proxy") == "True",
    )  # fmt: skip


def _way_in(web: Setup, looking: ExitStack) -> str:
    from web.settings import WebSettings

    from .web_pass import web_pass

    assert isinstance(web.settings, WebSettings)
    return looking.enter_context(web_pass(web.settings))
