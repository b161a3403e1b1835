"""What went wrong with a request: as JSON that says what to do, or as a small page for somebody who looks at it."""

import hashlib
from base64 import b64encode
from typing import Any

from flask import Flask, Response, jsonify, request
from markupsafe import escape
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from glassline.program import Tally, shown
from glassline.store import StoreError

_STYLE = """
:root { color-scheme: light dark; font: 1.05rem/1.5 system-ui, sans-serif; }
main { max-width: 36rem; margin: 12vh auto 0; padding: 0 1.25rem; }
h1 { font-size: 1.3rem; }
code { overflow-wrap: anywhere; }
"""
_STYLE_DIGEST = b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Glassline</title>
<style>{style}</style>
<main>
<h1>{message}</h1>
<p>{hint}</p>
<p><code>{code}</code></p>
</main>
"""


STORE_DOWN = "store.down, store.disk_full, store.refused: the store cannot do it now"
NO_DEFECT = "web.no_defect: no such defect is stored"


class ApiError(Exception):
    """A request that cannot be served: {"error": {code, message, hint}} with an HTTP status."""

    def __init__(self, status: int, code: str, message: str, hint: str = "", **more: Any) -> None:
        super().__init__(message)
        self.status, self.body = status, {"error": {"code": code, "message": message, "hint": hint}} | more
        self.headers: dict[str, str] = {}
        if "retry_after_s" in more:
            self.headers["Retry-After"] = str(more["retry_after_s"])

    def response(self) -> Response:
        answer = self._page() if _is_looked_at() else jsonify(self.body)
        answer.status_code = self.status
        answer.headers.update(self.headers)
        return answer

    def _page(self) -> Response:
        """Nothing else of this web can be had where its name is wrong, so the page has all that it needs."""
        error = self.body["error"]
        message = error["message"][:1].upper() + error["message"][1:]
        html = _PAGE.format(
            style=_STYLE, message=escape(message), hint=escape(error["hint"]), code=escape(error["code"])
        )
        answer = Response(html, mimetype="text/html")
        if request.method == "GET" and "Retry-After" in self.headers:
            answer.headers["Refresh"] = self.headers["Retry-After"]
        answer.headers["Content-Security-Policy"] = (
            f"default-src 'none'; style-src 'sha256-{_STYLE_DIGEST}'; base-uri 'none'; form-action 'none'; "
            "frame-ancestors 'none'"
        )
        return answer


def _is_looked_at() -> bool:
    """Whether a person's browser opens it as a page: programs and scripts ask for JSON, or for anything."""
    wanted = request.accept_mimetypes
    return wanted.quality("text/html") > wanted.quality("application/json")


def store_down(error: StoreError) -> ApiError:
    """The store could not be read or written."""
    return ApiError(
        503, error.code, str(error), "Live pictures go on. Check `store` in [web] of glassline.toml, and its disk."
    )


def register(app: Flask, tally: Tally) -> None:
    """Answer every error in the one form; what a request did wrong is counted as `refused_http_<code>`."""

    def refused(error: ApiError) -> Response:
        code = error.body["error"]["code"].replace(".", "_")
        sentence = f"{request.method} {shown(request.path)} is refused: {shown(str(error), limit=300)}"
        tally.note(f"refused_http_{code}", sentence, who=request.remote_addr or "")
        return error.response()

    app.register_error_handler(ApiError, refused)
    app.register_error_handler(StoreError, lambda error: store_down(error).response())
    app.register_error_handler(HTTPException, lambda error: refused(_of_http(error)))


def _of_http(error: HTTPException) -> ApiError:
    name = (error.name or "error").lower().replace(" ", "_")
    told = ApiError(error.code or 500, f"http.{name}", error.description or error.name)
    if isinstance(error, MethodNotAllowed):
        told.headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
    return told
