"""What comes from the wire is printed on one line, and does nothing to the terminal."""

import io

from rich.console import Console

from glassline.contract import Reason
from glassline.diagnosis import Hop, HopVerdict, Verdict
from workbench.doctor.examination import Examination
from workbench.doctor.machine import Machine
from workbench.doctor.seen import ProgramHeard, Seen, StoreFound
from workbench.doctor.show import show

NASTY = "pi\x1b]0;owned\x07\x1b[2J\x9b31m\u202e\r\nAlso: [red]run this[/red]"


def printed(found: Examination) -> str:
    out = io.StringIO()
    show(Console(file=out, force_terminal=True, color_system=None, width=400, highlight=False), found, whole=True)
    return out.getvalue()


def test_what_programs_say_of_themselves_is_escaped_wherever_it_is_printed() -> None:
    cause = HopVerdict(
        hop=Hop.NODE, state="failed", age_s=3.0, code=Reason.NODE_OFFLINE,
        sentence=f"The sentence of {NASTY}.", remedy=f"The remedy of {NASTY}.", explained_by=None,
    )  # fmt: skip
    verdict = Verdict(hops=[cause], first_cause=cause, also=[cause])
    heard = ProgramHeard(
        id="pi-1", role=NASTY, version=NASTY, status=NASTY, state=None, age_s=1.0, uptime_s=2.0, clock_ahead_s=None,
        clock_by_ping=False,
    )  # fmt: skip
    seen = Seen(
        heard=[heard], notes=[f"A note of {NASTY}"],
        store=StoreFound(address=NASTY, says=NASTY, code=None, took_ms=None, disk_free_mb=None),
    )  # fmt: skip
    machine = Machine(file=None, programs={})
    found = Examination(machine=machine, device=NASTY, verdict=verdict, others={NASTY: verdict}, seen=seen)
    text = printed(found)
    assert text.count("The remedy of pi") == 2
    for part in ("The sentence of pi", "Chain of pi", "✗ pi", "A note of pi", "pi\\x1b]0;owned\\x07\\x1b[2J"):
        assert part in text
    assert not set(text) & set("\x1b\x07\x9b\u202e\r"), text
    assert "\nAlso: [red]run" not in text
    assert "[red]run this[/red]" in text
