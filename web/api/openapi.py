"""The OpenAPI document of the API, made of what stands beside each view (see `described.py`)."""

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from flask import Blueprint, Flask, Response, current_app, jsonify
from pydantic import BaseModel, JsonValue, TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from ..people.access import is_for_people, needed_role
from ..services import Services
from .described import Described, described
from .requests import MAX_BODY_BYTES
from .shapes import ErrorAnswer

VERSION = "1"
"""Of the API: grows by new keys and routes; a break would be another."""
ROOTS = ("/api/", "/health")
COMPONENT = "#/components/schemas/{model}"
_ABOUT = (
    "Who looks needs a session (`POST /api/session`) or a token (`Authorization: Bearer …`), where people sign in at "
    "all. Times are RFC 3339 in UTC, sizes and ages carry their unit in their name, and every error is of the one form "
    "of `ErrorAnswer`. What this web does not serve at all under the name in `Host` is answered with 421."
)
_GENERAL = {
    400: "web.bad_request: a value is missing, too much or wrong; the message names each",
    401: "web.signed_out, web.session_ended, web.bad_token: nobody is signed in",
    403: "web.not_allowed, web.foreign_origin: this role, or this page, may not",
    413: f"web.too_large: a body of over {MAX_BODY_BYTES} bytes",
    415: "web.not_json: a body of another type than application/json",
    503: "store.down: people are kept in the store, and who asks cannot be known now",
    429: "web.too_many_attempts: too many wrong passwords or tokens; `Retry-After` says how long to wait",
}
_TOO_LONG = {"description": "The address has over 4094 characters.", "content": {"text/html": {}}}
_NULL = {"type": "null"}


def blueprint(services: Services) -> Blueprint:
    """/api/openapi.json."""
    pages = Blueprint("openapi", __name__)
    cookie = services.sign_in.cookie if services.sign_in else ""

    @cache
    def made(app: Flask) -> dict[str, Any]:
        return document(app, cookie=cookie)

    @pages.get("/api/openapi.json")
    @described(answer=dict[str, JsonValue])
    def openapi() -> Response:
        """This document."""
        return jsonify(made(current_app._get_current_object()))  # type: ignore[attr-defined]

    return pages


def routes(app: Flask) -> Iterator[tuple[str, str, Callable[..., Any]]]:
    """Path, method and view of all that belongs into the document."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        if rule.rule.startswith(ROOTS):
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield rule.rule, method, app.view_functions[rule.endpoint]


def document(app: Flask, *, cookie: str = "") -> dict[str, Any]:
    """OpenAPI 3.1. `cookie` is the name of a session's; empty: nobody signs in."""
    operations = [(path, method, view, _said(view)) for path, method, view in routes(app)]
    schemas, defs = _schemas([said for *_, said in operations])
    paths: dict[str, dict[str, Any]] = {}
    for path, method, view, said in operations:
        where = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", path)
        paths.setdefault(where, {})[method.lower()] = _operation(
            where, method, view, said, schemas, defs, has_session=bool(cookie)
        )
    for said in (said for *_, said in operations if said.query):
        defs.pop(said.query.__name__, None)  # type: ignore[union-attr]
    components: dict[str, Any] = {"schemas": defs}
    if cookie:
        components["securitySchemes"] = {
            "session": {"type": "apiKey", "in": "cookie", "name": cookie},
            "token": {"type": "http", "scheme": "bearer"},
        }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Glassline", "version": VERSION, "description": _ABOUT},
        "paths": paths,
        "components": components,
        "security": [{"session": []}, {"token": []}] if cookie else [],
    }


def _said(view: Callable[..., Any]) -> Described:
    said = getattr(view, "described", None)
    if not isinstance(said, Described) or not view.__doc__:
        raise LookupError(f"{view.__module__}.{view.__name__} is not described: give it @described and a docstring")
    return said


def _types(said: Described) -> Iterator[Any]:
    """All types that an operation names."""
    yield from said.path.values()
    yield from (one for one in (said.query, said.body) if one is not None)
    yield from (one for one in said.errors.values() if not isinstance(one, str))
    yield from (one for one in _by_media_type(said.answer).values() if one is not None)


def _by_media_type(answer: Any) -> Mapping[str, Any]:
    if isinstance(answer, Mapping):
        return answer
    return {} if answer is None else {"application/json": answer}


def _schemas(operations: list[Described]) -> tuple[dict[str, dict[str, Any]], dict[str, dict[str, Any]]]:
    """The schema of each type, by `_key`, and the components to which they refer."""
    types = {_key(one): one for said in operations for one in _types(said)} | {_key(ErrorAnswer): ErrorAnswer}
    mode: JsonSchemaMode = "validation"
    inputs = [(key, mode, TypeAdapter[Any](one)) for key, one in types.items()]
    found, rest = TypeAdapter.json_schemas(inputs, ref_template=COMPONENT)
    return {key: schema for (key, _), schema in found.items()}, rest.get("$defs", {})


def _key(one: Any) -> str:
    return f"{one.__module__}.{one.__qualname__}" if isinstance(one, type) and issubclass(one, BaseModel) else repr(one)


def _operation(
    path: str, method: str, view: Callable[..., Any], said: Described, schemas: dict[str, Any], defs: dict[str, Any],
    *, has_session: bool,
) -> dict[str, Any]:  # fmt: skip
    role = needed_role(view, method)
    summary, _, more = inspect.cleandoc(view.__doc__ or "").partition("\n\n")
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": schemas[_key(kind)]}
        for name, kind in said.path.items()
    ]
    operation: dict[str, Any] = {
        "operationId": f"{method.lower()}_{re.sub(r'[^a-z0-9]+', '_', path.lower()).strip('_')}",
        "tags": [path.split("/")[2] if path.startswith("/api/") else "health"],
        "summary": summary.replace("\n", " ").rstrip("."),
        "description": " ".join([more.replace("\n", " "), f"For the role {role}." if role else "For all."]).strip(),
        "parameters": parameters + (_in_query(_model(said.query, defs)) if said.query else []),
        "responses": {str(said.status): _answer(said.answer, schemas)} | _errors(method, said, bool(role), schemas),
    }
    if role is None:
        operation["security"] = []
    elif is_for_people(view) and has_session:
        operation["security"] = [{"session": []}]
    if said.body is not None:
        content = {"application/json": {"schema": schemas[_key(said.body)]}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _model(model: type[BaseModel], defs: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = defs[model.__name__]
    return found


def _in_query(model: dict[str, Any]) -> list[dict[str, Any]]:
    """Each property as a parameter; in a query nothing is null, a name is left out."""
    parameters = []
    for name, schema in model["properties"].items():
        kinds = [kind for kind in schema.get("anyOf", []) if kind != _NULL]
        known = {key: value for key, value in schema.items() if key != "anyOf" and (key, value) != ("default", None)}
        plain = known | (kinds[0] if len(kinds) == 1 else {"anyOf": kinds}) if kinds else known
        parameters.append({"name": name, "in": "query", "required": name in model.get("required", []), "schema": plain})
    return parameters


def _answer(answer: Any, schemas: dict[str, Any]) -> dict[str, Any]:
    if answer is None:
        return {"description": "Done; nothing is sent back."}
    content = {
        media_type: {} if kind is None else {"schema": schemas[_key(kind)]}
        for media_type, kind in _by_media_type(answer).items()
    }
    return {"description": "Well.", "content": content}


def _errors(method: str, said: Described, has_role: bool, schemas: dict[str, Any]) -> dict[str, Any]:
    """What every view of this kind may answer, and what this one does."""
    writes = method != "GET"
    expected = {
        400: bool(said.path or said.query or said.body is not None),
        401: has_role,
        403: has_role or writes,
        413: writes,
        415: writes,
        429: has_role,
        503: has_role,
    }
    told: dict[int, Any] = {status: _GENERAL[status] for status, there in expected.items() if there} | dict(said.errors)
    answers = {
        str(status): {
            "description": text if isinstance(text, str) else inspect.cleandoc(text.__doc__ or ""),
            "content": {"application/json": {"schema": schemas[_key(ErrorAnswer if isinstance(text, str) else text)]}},
        }
        for status, text in sorted(told.items())
    }
    return answers | ({"414": _TOO_LONG} if said.query else {})
