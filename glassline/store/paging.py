"""Defects by the page, newest first; the opaque cursor of a page says where in (detected_at, event_id) it ended."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from .values import Defect, DefectFilter

if TYPE_CHECKING:
    from .base import Store

MAX_PAGE = 500
NO_CURSOR = "this is no cursor of a page of defects: begin again without one"


@dataclass(frozen=True, kw_only=True)
class Page:
    """Defects, newest first, and the cursor of the next page (None at the end)."""

    defects: list[Defect]
    next_cursor: str | None


def every_page(store: Store, where: DefectFilter) -> Iterator[list[Defect]]:
    """All that match, newest first, a page at a time: one at least. One that comes while it is read may be missed.

    So may one whose time is put right meanwhile, or it is there twice.
    """
    cursor = None
    while True:
        page = store.defects(where, cursor=cursor, limit=MAX_PAGE)
        yield page.defects
        cursor = page.next_cursor
        if cursor is None:
            return


def every_defect(store: Store, where: DefectFilter = DefectFilter()) -> Iterator[Defect]:  # noqa: B008
    """All that match, as by `every_page`."""
    for page in every_page(store, where):
        yield from page


def rows_for(limit: int) -> int:
    """How many rows a page of `limit` defects wants; ValueError for a limit that is none."""
    if not 1 <= limit <= MAX_PAGE:
        raise ValueError(f"expected a limit between 1 and {MAX_PAGE}, got {limit}")
    return limit + 1


def page_of(found: Sequence[Defect], limit: int, *, text: Callable[[datetime], str]) -> Page:
    """The page of what was found for `rows_for(limit)`; `text` writes a time as the store orders it."""
    defects = list(found[:limit])
    if len(found) <= limit:
        return Page(defects=defects, next_cursor=None)
    last = defects[-1]
    position = json.dumps([text(last.detected_at), last.event_id])
    return Page(defects=defects, next_cursor=base64.urlsafe_b64encode(position.encode()).decode().rstrip("="))


def position_of(cursor: str) -> tuple[str, str]:
    """The (detected_at, event_id) behind which a page begins; ValueError if `cursor` is none of ours."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        found = json.loads(base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError):
        raise ValueError(NO_CURSOR) from None
    match found:
        case [str(detected_at), str(event_id)]:
            return detected_at, event_id
    raise ValueError(NO_CURSOR)
