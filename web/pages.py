"""The pages: one empty frame for all of them, which a script of the page's own fills.

What a page's script imports is named in the frame, so that a browser fetches all of it at once.
"""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

from flask import Blueprint, Response, render_template, send_from_directory

from .people.access import public

STATIC = Path(__file__).parent / "static"
PAGES = {"live": "/", "diagnose": "/diagnose"}
"""Where each page is. Its script is static/<page>/page.js, its style static/styles/<page>.css."""
_IMPORT = re.compile(r'^(?:import|export) [^;]*?from "(\.[^"]+)";', re.MULTILINE | re.DOTALL)


def blueprint() -> Blueprint:
    """All pages. Who is not signed in gets them too, and is asked by them: nothing lies in them."""
    pages = Blueprint("pages", __name__)
    for page, path in PAGES.items():
        pages.add_url_rule(path, page, _view(page))

    @pages.get("/favicon.ico")
    @public
    def icon() -> Response:
        return send_from_directory(STATIC, "icon.svg")

    return pages


def _view(page: str) -> Callable[..., str]:
    @public
    def show(**_: str) -> str:
        return render_template("page.html", page=page, modules=modules_of(f"{page}/page.js"))

    return show


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
