"""Who may talk to a web that listens on loopback and knows no sign-in: pages that it served itself, and programs.

A browser visits strangers' pages too. They may not read here through a name that suddenly means 127.0.0.1 (DNS
rebinding), nor make it act through forms and sockets of theirs (cross-site request forgery).
"""

from flask import Flask, Response, request

from glassline.program import is_loopback

from .errors import ApiError

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def register(app: Flask) -> None:
    """Check every request, and send every answer with its security headers."""
    app.before_request(_check)
    app.after_request(_headers)


def _check() -> None:
    host = _hostname(request.host)
    if not is_loopback(host):
        raise ApiError(
            421,
            "web.wrong_host",
            f"this web does not serve the name {host[:200]!r}",
            f"Open it as {request.scheme}://127.0.0.1.",
        )
    writes = request.method not in ("GET", "HEAD", "OPTIONS")
    if writes or "websocket" in request.headers.get("Upgrade", "").lower():
        _same_origin()
    if writes and request.mimetype != "application/json":
        raise ApiError(415, "web.not_json", "expected a body of type application/json", "Send Content-Type with it.")


def _same_origin() -> None:
    """A page's own origin, and never a plain one under TLS: whoever is on the way could have written that page."""
    schemes = ("https",) if request.is_secure else ("http", "https")
    own = [f"{scheme}://{request.host.lower()}" for scheme in schemes]
    same = request.headers.get("Origin", own[0]).lower() in own
    if not same or request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise ApiError(403, "web.foreign_origin", "a page of another site may not do this here", "Use this web's page.")


def _hostname(host: str) -> str:
    """The name of HOST, HOST:PORT or [HOST]:PORT."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].lower()


def _headers(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", POLICY)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers.setdefault("Cache-Control", "no-store")
    return response
