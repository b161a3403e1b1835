"""What a view takes and answers, said beside it: of this the OpenAPI document is made (see `openapi.py`).

    @pages.get("/api/defects/<id>")
    @described(answer=DefectShape, path={"id": EventId}, errors={404: "web.no_defect"})
    def defect(id: str) -> Response:
        \"\"\"One defect.\"\"\"

Who may ask is marked by `public` and `open_to`; what that answers stands in the document by itself.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, kw_only=True)
class Described:
    """`answer` is a type, or a type by media type (None for what is no JSON), or None where nothing is sent back.

    `errors` gives by HTTP status what is particular to this view: codes, or the model of an answer that says more.
    """

    answer: Any
    status: int = 200
    path: Mapping[str, Any] = field(default_factory=dict)
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    errors: Mapping[int, str | type[BaseModel]] = field(default_factory=dict)


def described(
    *,
    answer: Any,
    status: int = 200,
    path: Mapping[str, Any] | None = None,
    query: type[BaseModel] | None = None,
    body: type[BaseModel] | None = None,
    errors: Mapping[int, str | type[BaseModel]] | None = None,
) -> Callable[[View], View]:
    """Mark a view with what it takes and answers. Its docstring says what it does."""

    def mark(view: View) -> View:
        view.described = Described(  # type: ignore[attr-defined]
            answer=answer, status=status, path=path or {}, query=query, body=body, errors=errors or {}
        )
        return view

    return mark
