"""Screenshots of tests, to be looked at: under var/screenshots, each under a name of its own."""

from pathlib import Path

from playwright.sync_api import Page

from .processes import ROOT

SHOTS = ROOT / "var" / "screenshots"


def shoot(page: Page, name: str, *, full_page: bool = False) -> None:
    """Keep what the page looks like."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=_path(name), full_page=full_page)


def _path(name: str) -> Path:
    return SHOTS / f"{name}.png"
