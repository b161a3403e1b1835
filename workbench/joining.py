"""Where a machine fetches its credentials: at an address that was given, or at the server of its token, by mDNS."""

import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from glassline.discovery import Search, Server
from glassline.link.steps import reach

AUTO = "auto"
FIND_S, REACH_S = 10.0, 3.0


class NowhereError(Exception):
    """There is no such place; the text says why, and what to do."""


@dataclass(frozen=True)
class Place:
    """A page over HTTPS whose certificate is for `host`. `at` is where to connect."""

    host: str
    port: int
    at: str

    def __str__(self) -> str:
        found = "" if self.at == self.host else f" at {self.at}"
        return f"https://{self.host}:{self.port}{found}"


def given(server: str) -> Place | None:
    """The address that was given, None for `auto`; NowhereError for what is none."""
    if server == AUTO:
        return None
    try:
        url = urlsplit(server)
        host, port = url.hostname, url.port or 443
    except ValueError:
        host = None
    if not host or url.scheme != "https":
        raise NowhereError(f"expected an address like https://server.local:5000, or {AUTO}, got {server!r}")
    return Place(host, port, host)


def found(fingerprint: bytes, *, within_s: float = FIND_S) -> Place:
    """The server with the CA of that fingerprint, by mDNS; NowhereError.

    What mDNS says is a hint only: it has to prove itself by its certificate.
    """
    end_s = time.monotonic() + within_s
    with Search() as search:
        search.settle(timeout_s=within_s)
        while not (ours := _of_ca(search.servers(), fingerprint)) and time.monotonic() < end_s:
            time.sleep(0.1)
        others = [one for one in search.servers() if one not in ours]
        problem = search.problem
    if len({(one.host, one.web_port) for one in ours}) > 1:
        names = ", ".join(str(one) for one in ours)
        raise NowhereError(
            f"several servers have the CA of this token: {names}. Name the page of one: https://HOST:PORT"
        )
    if not ours:
        raise NowhereError(_why_none(others, problem, within_s))
    server = ours[0]
    if server.web_port is None:
        raise NowhereError(
            f"{server} was found, and tells of no page to join at: set tls_cert, tls_key, tokens and http_host in "
            "[web] there, or name its page: https://HOST:PORT"
        )
    open_ones = [one.ip for one in reach(server.addresses, server.web_port, REACH_S) if one.error is None]
    return Place(server.host, server.web_port, (open_ones or server.addresses)[0])


def _of_ca(servers: list[Server], fingerprint: bytes) -> list[Server]:
    return [one for one in servers if one.fingerprint == fingerprint]


def _why_none(others: list[Server], problem: str, within_s: float) -> str:
    remedy = "Name the page instead, like https://server.local:5000"
    if problem:
        return f"no server can be looked for by mDNS: {problem}. {remedy}"
    if others:
        names = ", ".join(map(str, others))
        return f"mDNS finds {names}, but not the server of this token: it has another CA. {remedy}"
    return (
        f"mDNS finds no server on this network in {within_s:.0f} s: does a broker run, with TLS, beyond loopback, "
        f"and does the network carry multicast? {remedy}"
    )
