"""The pages: one empty frame for all of them, which a script of the page's own fills.

What a page's script imports is named in the frame, so that a browser fetches all of it at once.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flask import Blueprint, Response, render_template, send_from_directory

from glassline.accounts import PersonRole

from .api.cut_off import words
from .api.errors import ApiError
from .api.requests import device_id, event_id
from .api.session import session_json
from .people.access import public, visitor
from .services import Services

STATIC = Path(__file__).parent / "static"


@dataclass(frozen=True)
class Page:
    """Where a page is, and who sees the way to it; `inner` are rules of further addresses that are the same page.

    `styles` are those that it shares with some other pages; each has static/styles/base.css and <page>.css.
    """

    path: str
    role: PersonRole = PersonRole.VIEWER
    inner: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()


PAGES = {
    "live": Page("/", styles=("chain",)),
    "defects": Page("/defects", inner=("/defects/<event_id>",)),
    "figures": Page("/figures"),
    "devices": Page("/devices", inner=("/devices/<id>",), styles=("chain",)),
    "people": Page("/people", PersonRole.ADMIN),
    "diagnose": Page("/diagnose", styles=("chain",)),
}
"""In the order of the header. The script of a page is static/<page>/page.js, its style static/styles/<page>.css, its
name stands in static/texts/texts.js (`shell.pages`), and its picture in templates/icons.svg (`icon-<page>`).
"""
CHECKS = {"event_id": event_id, "id": device_id}
"""What the inner addresses name."""
_IMPORT = re.compile(r'^(?:import|export) [^;]*?from "(\.[^"]+)";', re.MULTILINE | re.DOTALL)


def blueprint(services: Services) -> Blueprint:
    """All pages. Who is not signed in gets them too, and is asked by them: nothing lies in them but who asks."""
    pages = Blueprint("pages", __name__)
    for name, page in PAGES.items():
        view = _view(services, name)
        for rule in (page.path, *page.inner):
            pages.add_url_rule(rule, name, view)

    @pages.get("/favicon.ico")
    @public
    def icon() -> Response:
        return send_from_directory(STATIC, "icon.svg")

    return pages


def _view(services: Services, name: str) -> Callable[..., str]:
    @public
    def show(**named: str) -> str:
        for part, text in named.items():
            _check(part, text)
        along = {"words": words(), "session": session_json(services, visitor())}
        return render_template("page.html", page=name, pages=PAGES, modules=modules_of(f"{name}/page.js"), along=along)

    return show


def _check(part: str, text: str) -> None:
    """ApiError where what an address names can be nothing at all."""
    try:
        CHECKS[part](text)
    except ApiError as error:
        hint = "Look for it in the list, at the address before the last /."
        raise ApiError(404, "web.no_page", f"there is no such page: {error}", hint) from None


@cache
def modules_of(script: str) -> tuple[str, ...]:
    """The addresses of all modules that a script imports, itself left out, each once."""
    found: dict[Path, None] = {}
    waiting = [STATIC / script]
    while waiting:
        path = waiting.pop()
        for name in _IMPORT.findall(path.read_text()):
            module = (path.parent / name).resolve()
            if module not in found:
                found[module] = None
                waiting.append(module)
    return tuple(f"/static/{module.relative_to(STATIC)}" for module in found)
