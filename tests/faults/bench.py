"""One fault after another: well, inject, wait, ask, mend."""

import queue
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from playwright.sync_api import Error

from tests.support.chromium import chromium

from .cable import CannotError
from .fault import Fault, Finding
from .seats import Eye, ask_both
from .site import NotWellError, Site

Tell = Callable[[str], None]
Found = TypeVar("Found")


class Progress(Protocol):
    """Shows how far it is."""

    def teller(self) -> Tell:
        """For one line: says what is done there now."""

    def done(self, found: object) -> None:
        """Something was found."""


class Bench:
    """A line that is well, and a browser before it."""

    def __init__(self, site: Site, eye: Eye, tell: Tell) -> None:
        self.site, self.eye, self.tell = site, eye, tell

    def find(self, fault: Fault) -> Finding:
        """Inject one fault into the line that is well, ask all seats, and mend it. May raise CannotError."""
        self.eye.open(self.site.url)
        self.eye.pause(1.0)
        self.tell(f"{fault.name}: injecting")
        try:
            with fault.inject(self.site):
                if self.site.page_url != self.site.url:
                    self.eye.open(self.site.page_url)
                self.tell(f"{fault.name}: waiting {fault.wait_s:g} s")
                self.eye.pause(fault.wait_s)
                page = self.eye.read()
                self.tell(f"{fault.name}: asking the doctor")
                server, pi = ask_both(self.site)
        finally:
            self.tell(f"{fault.name}: mending")
            self.site.mend(anew=fault.anew)
        return Finding(fault, server.said, pi.said, page)


@dataclass(frozen=True)
class Cannot:
    """What could not be injected on this machine, and why."""

    what: str
    why: str
    failed: bool = False
    """The injection itself went wrong: then the whole run is no good."""


@contextmanager
def bench(tell: Tell = lambda text: None) -> Iterator[Bench]:
    """Everything runs in a folder that is thrown away afterwards."""
    with (
        tempfile.TemporaryDirectory(prefix="glass-faults-") as folder,
        Site(Path(folder)) as site,
        chromium() as browser,
    ):
        yield Bench(site, Eye(browser), tell)


def on_lines(jobs: int, names: list[str], find: Callable[[Bench, str], Found], told: Progress) -> list[Found | Cannot]:
    """`find` each of `names` on one of `jobs` lines that run side by side; in the order of the names."""
    waiting: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    for name in [*names, *[None] * jobs]:
        waiting.put(name)
    found: dict[str, Found | Cannot] = {}

    def is_done_on_one_line(tell: Tell) -> bool:
        """False where an injection failed, and left who knows what behind."""
        with bench(tell) as line:
            while (name := waiting.get()) is not None:
                one = found[name] = _tried(find, line, name)
                told.done(one)
                if isinstance(one, Cannot) and one.failed:
                    return False
        return True

    def work(tell: Tell) -> None:
        while not is_done_on_one_line(tell):
            tell("starting a new line")

    with ThreadPoolExecutor(jobs) as pool:
        for worker in [pool.submit(work, told.teller()) for _ in range(min(jobs, len(names)))]:
            worker.result()
    return [found[name] for name in names]


def _tried(find: Callable[[Bench, str], Found], line: Bench, name: str) -> Found | Cannot:
    try:
        return find(line, name)
    except CannotError as error:
        return Cannot(name, str(error))
    except (AssertionError, OSError, NotWellError, Error) as error:
        return Cannot(name, f"{type(error).__name__}: {error}", failed=True)
