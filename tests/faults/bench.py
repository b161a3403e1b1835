"""One fault after another: well, inject, wait, ask, mend."""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.chromium import chromium

from .cable import CannotError
from .fault import Fault, Finding
from .seats import Eye, ask_both
from .site import Site

Tell = Callable[[str], None]


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

    def find_all(self, faults: Iterable[Fault]) -> Iterator[Finding | tuple[Fault, str]]:
        """A finding for each, or why it cannot be had on this machine."""
        for fault in faults:
            try:
                yield self.find(fault)
            except CannotError as error:
                yield fault, str(error)


@contextmanager
def bench(tell: Tell = lambda text: None) -> Iterator[Bench]:
    """Everything runs in a folder that is thrown away afterwards."""
    with (
        tempfile.TemporaryDirectory(prefix="glass-faults-") as folder,
        Site(Path(folder)) as site,
        chromium() as browser,
    ):
        yield Bench(site, Eye(browser), tell)
