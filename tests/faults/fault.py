"""What a fault is, what each seat may say of it, and the judgement of what they said."""

from collections.abc import Callable, Set
from contextlib import AbstractContextManager
from dataclasses import dataclass

from .site import Site

WELL = "ok"
"""In place of a code: nothing is wrong, as far as can be seen from there."""

Inject = Callable[[Site], AbstractContextManager[None]]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One injected fault. The sets hold the codes that a competent engineer would accept as first cause from there."""

    name: str
    says: str
    """What was done, one sentence for the table."""
    inject: Inject
    """`with inject(site):` the line is broken; at its end all is as before, and ended programs may stay ended."""
    exact: Set[str]
    """The codes that name this very cause: one of them must come from one of the two machines at least."""
    server: Set[str]
    """For the doctor in the server's folder."""
    pi: Set[str]
    """For the doctor in the Pi's folder."""
    page: Set[str]
    """For the page in a browser on the server."""
    wait_s: float = 18.0
    """After which it can be known by everybody: silence counts after 15 s. At most 25."""
    anew: bool = False
    """Whether the line is started anew afterwards, since traces of the fault are shown for a minute."""


@dataclass(frozen=True)
class Said:
    """The first cause that one seat named (`ok`: none), and its sentence."""

    code: str
    sentence: str = ""
    took_s: float = 0.0


@dataclass(frozen=True)
class Finding:
    """What all seats said of one fault."""

    fault: Fault
    server: Said
    pi: Said
    page: Said

    @property
    def doctor_right(self) -> bool:
        """Right on both machines, and exact on one of them."""
        fits = self.server.code in self.fault.server and self.pi.code in self.fault.pi
        return fits and bool({self.server.code, self.pi.code} & self.fault.exact)

    @property
    def page_right(self) -> bool:
        return self.page.code in self.fault.page
