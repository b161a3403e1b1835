"""Two faults at once: the first on the chain is named, and the second is not denied. Seen from the server's folder."""

from contextlib import ExitStack
from dataclasses import dataclass

from glassline.contract import Reason
from glassline.diagnosis import Hop, hop_of

from .bench import Bench
from .catalogue import named
from .fault import Fault, Said
from .seats import Doctor, ask_doctor

PLUS = " + "
PAIRS = [
    "camera gone + bridge down",
    "camera gone + web down",
    "camera gone + model missing",
    "camera gone + broker down",
    "model missing + store down",
    "disk full + web down",
    "node killed + bridge down",
    "node frozen + web down",
    "bridge down + web down",
    "store down + web down",
]
"""Each in chain order."""
HIDING = frozenset({"broker down"})
"""What takes away the sight of all that comes before: then this is named, and what comes before is not called well."""


@dataclass(frozen=True)
class PairFinding:
    """What the server's doctor said, by hop and at all; `page` is shown and not judged: its web may be the one down."""

    first: Fault
    second: Fault
    doctor: Doctor
    page: Said

    @property
    def name(self) -> str:
        return f"{self.first.name}{PLUS}{self.second.name}"

    @property
    def right(self) -> bool:
        """Whether the one that comes first, or hides the other, is named, and the other is not denied."""
        shown, other = (self.second, self.first) if self.second.name in HIDING else (self.first, self.second)
        return self.doctor.said.code in shown.server and not self._denied(other)

    def _denied(self, fault: Fault) -> bool:
        """Neither told beside the first cause, nor is its hop anything else than well."""
        if self.doctor.also & fault.server:
            return False
        return any(self.doctor.states.get(hop.value, "ok") == "ok" for hop in hops_of(fault))


def hops_of(fault: Fault) -> set[Hop]:
    """Where the server's doctor may place it."""
    return {hop_of(Reason(code)) for code in fault.server}


def find_pair(line: Bench, name: str) -> PairFinding:
    """Inject both of `FIRST + SECOND`, and ask on the server."""
    first, second = (named(one) for one in name.split(PLUS))
    line.eye.open(line.site.url)
    line.eye.pause(1.0)
    line.tell(name)
    try:
        with ExitStack() as broken:
            broken.enter_context(first.inject(line.site))
            broken.enter_context(second.inject(line.site))
            line.eye.pause(max(first.wait_s, second.wait_s))
            page = line.eye.read()
            doctor = ask_doctor(line.site.server)
    finally:
        line.site.mend(anew=True)
    return PairFinding(first, second, doctor, page)
