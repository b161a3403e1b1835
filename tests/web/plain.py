"""An app that answers at once, with little or much, for a gunicorn as it comes."""

from collections.abc import Callable, Iterable
from typing import Any


def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    body = bytes(10_000_000) if environ["PATH_INFO"] == "/much" else b"ok"
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
