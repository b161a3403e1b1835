"""What the seats say: the doctor in both machines' folders, and the page in a real browser."""

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Error, Page

from .fault import WELL, Said
from .program import CLEAN
from .site import NODE_ID, Site

DOCTOR_S = 60.0
UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Doctor:
    """What one run of `glassline doctor --json` said; `said` is its first cause."""

    said: Said
    told: dict[str, Any]

    @property
    def states(self) -> dict[str, str]:
        """By hop."""
        return {hop["hop"]: hop["state"] for hop in self.told.get("hops", [])}

    @property
    def also(self) -> set[str]:
        """The codes of what else is wrong."""
        return {one["code"] for one in self.told.get("also", [])}


def ask_doctor(folder: Path, *before: str) -> Doctor:
    """Run it in `folder`, behind the command `before`."""
    began_s = time.monotonic()
    command = [*before, sys.executable, "-m", "workbench.main", "doctor", "--json"]
    try:
        done = subprocess.run(
            command, cwd=folder, env=CLEAN, capture_output=True, text=True, timeout=DOCTOR_S, check=False
        )
        told = json.loads(done.stdout)
        first = told["first_cause"]
    except (ValueError, KeyError):
        return Doctor(Said(UNREADABLE, (done.stderr or done.stdout)[-300:], time.monotonic() - began_s), {})
    except subprocess.TimeoutExpired:
        return Doctor(Said(UNREADABLE, f"no answer in {DOCTOR_S:g} s", time.monotonic() - began_s), {})
    took_s = time.monotonic() - began_s
    if first is None:
        return Doctor(Said(WELL if told["ok"] else UNREADABLE, "", took_s), told)
    return Doctor(Said(first["code"] or UNREADABLE, first["sentence"], took_s), told)


def ask_both(site: Site) -> tuple[Doctor, Doctor]:
    """On the server and on the Pi, at the same time: they are two machines."""
    with ThreadPoolExecutor(2) as pool:
        server = pool.submit(ask_doctor, site.server)
        pi = pool.submit(ask_doctor, site.pi, *site.cable.on_pi)
        return server.result(), pi.result()


class Eye:
    """A browser in front of the page."""

    def __init__(self, browser: Browser) -> None:
        self._page: Page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
        self._page.set_default_timeout(5000)

    def open(self, url: str) -> None:
        """Open the page of the node; a server that does not answer shows the browser's own error."""
        try:
            self._page.goto("about:blank")
            self._page.goto(f"{url}/#{NODE_ID}")
        except Error as error:
            if "ERR_" not in str(error):
                raise

    def read(self) -> Said:
        """The first cause that the page shows now."""
        try:
            cause = self._page.locator("#chain .cause")
            if not cause.is_visible():
                return Said(WELL if self._page.locator("#chain .hop").count() else UNREADABLE)
            code = cause.get_attribute("data-code") or UNREADABLE
            return Said(code, " ".join(cause.locator(".what").inner_text().split()))
        except Error as error:
            return Said(UNREADABLE, str(error).partition("\n")[0])

    def pause(self, seconds: float) -> None:
        """Wait while the page lives on."""
        self._page.wait_for_timeout(seconds * 1000)
