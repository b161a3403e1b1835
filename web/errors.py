"""What went wrong with a request, as JSON that says what to do."""

from typing import Any

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from glassline.program import Tally, shown
from glassline.store import StoreError


class ApiError(Exception):
    """A request that cannot be served: {"error": {code, message, hint}} with an HTTP status."""

    def __init__(self, status: int, code: str, message: str, hint: str = "", **more: Any) -> None:
        super().__init__(message)
        self.status, self.body = status, {"error": {"code": code, "message": message, "hint": hint}} | more

    def response(self) -> Response:
        answer = jsonify(self.body)
        answer.status_code = self.status
        if "retry_after_s" in self.body:
            answer.headers["Retry-After"] = str(self.body["retry_after_s"])
        return answer


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
    return ApiError(error.code or 500, f"http.{name}", error.description or error.name)
