"""Which requests are heard at all, whoever sends them: those of this web's own pages, and of programs.

A browser visits strangers' pages too. They may not make this web act through forms and sockets of theirs (cross-site
request forgery). Nor may they read a web that knows no sign-in, or listens on loopback alone, through a name that
suddenly means 127.0.0.1 (DNS rebinding); a web that others reach has many names, and there a stranger's name gets no
cookie, so it reads nothing.
"""

from flask import Flask, Response, g, request

from glassline.program import is_loopback

from .api.errors import ApiError
from .reading import SEND_S, answer_begins, request_is_read
from .settings import WebSettings

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


HSTS = "max-age=15552000"
"""Half a year. Not on loopback: browsers keep it for all ports of a name."""


def register(app: Flask, settings: WebSettings) -> None:
    """Check every request, and send every answer with its security headers."""
    schemes = ("https",) if settings.is_encrypted else ("http", "https")

    @app.before_request
    def check() -> None:
        if settings.is_local:
            _own_name()
        if not request.content_length and "Transfer-Encoding" not in request.headers:
            request_is_read()
        writes = request.method not in ("GET", "HEAD", "OPTIONS")
        if writes or "websocket" in request.headers.get("Upgrade", "").lower():
            _same_origin(schemes)
        is_there = request.routing_exception is None
        if writes and is_there and request.mimetype != "application/json":
            raise ApiError(
                415, "web.not_json", "expected a body of type application/json", "Send Content-Type with it."
            )

    @app.after_request
    def headers(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
        response.headers.setdefault("Cache-Control", "no-store")
        if settings.tls_cert and not settings.is_local:
            response.headers["Strict-Transport-Security"] = HSTS
        answer_begins(g.get("answer_s", SEND_S))
        return response


def _own_name() -> None:
    host = _hostname(request.host)
    if not is_loopback(host):
        raise ApiError(
            421,
            "web.wrong_host",
            f"this web does not serve the name {host[:200]!r}",
            f"It is for its machine alone: open it there as {request.scheme}://127.0.0.1{_port(request.host)}. Where "
            "a proxy passes that name on, set behind_proxy = true in [web] of glassline.toml (GLASS_BEHIND_PROXY).",
        )


def _same_origin(schemes: tuple[str, ...]) -> None:
    """A page's own origin, and never a plain one under TLS: whoever is on the way could have written that page."""
    own = [f"{scheme}://{request.host.lower()}" for scheme in schemes]
    same = request.headers.get("Origin", own[0]).lower() in own
    if not same or request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise ApiError(403, "web.foreign_origin", "a page of another site may not do this here", "Use this web's page.")


def _port(host: str) -> str:
    """:PORT of HOST:PORT or [HOST]:PORT; empty: there is none."""
    colon, port = host.rpartition(":")[1:]
    return colon + port if port.isdecimal() else ""


def _hostname(host: str) -> str:
    """The name of HOST, HOST:PORT or [HOST]:PORT."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].lower()
