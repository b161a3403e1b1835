"""Three faults of different kinds and a line that is well, as `make faults` does it; and that it judges strictly."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from .bench import Bench, Cannot, Tell, bench, on_lines
from .catalogue import all_faults, named
from .fault import WELL, Fault, Finding, Said
from .healthy import Healthy, watch_healthy
from .pairs import PAIRS, PLUS, PairFinding
from .report import enough, last_line, line_of, renewed
from .run import Shown
from .seats import Doctor

FAULT = Fault(
    name="a fault", says="Something was broken.", inject=lambda site: nullcontext(), exact={"broker.wants_tls"},
    server={"node.offline"}, pi={"broker.wants_tls"}, page={"node.offline"},
)  # fmt: skip


@pytest.fixture(scope="module")
def line() -> Iterator[Bench]:
    with bench() as running:
        yield running


def test_a_line_that_is_well_is_called_well_by_all_seats(line: Bench) -> None:
    found = watch_healthy(line, 2)
    assert found.clean, found
    assert found.page_reads > 4


@pytest.mark.parametrize(("name", "wait_s"), [("web down", 10), ("wrong host", 4), ("bridge down", 4)])
def test_what_is_broken_is_named_by_the_doctor_on_both_machines_and_by_the_page(
    line: Bench, name: str, wait_s: float
) -> None:
    """After less than `make faults` waits: a page looks for a silent web for a few seconds before it says so."""
    found = line.find(replace(named(name), wait_s=wait_s))
    assert found.doctor_right, line_of(found)
    assert found.page_right, line_of(found)


def finding(*, server: str = "node.offline", pi: str = "broker.wants_tls", page: str = "node.offline") -> Finding:
    return Finding(FAULT, Said(server), Said(pi), Said(page))


@pytest.mark.parametrize(
    ("found", "doctor", "page"),
    [
        (finding(), True, True),
        (finding(server=WELL), False, True),
        (finding(server="bridge.offline"), False, True),
        (finding(pi="node.offline"), False, True),
        (finding(page=WELL), True, False),
    ],
)
def test_whoever_is_wrong_is_judged_wrong(found: Finding, *, doctor: bool, page: bool) -> None:
    assert (found.doctor_right, found.page_right) == (doctor, page)
    assert last_line([found]) == f"faults 1 doctor_right {doctor:d} page_right {page:d}"
    assert enough([found]) == (doctor and page)


def test_what_is_accepted_everywhere_but_names_the_cause_nowhere_is_wrong() -> None:
    vague = replace(FAULT, pi={"ok", "broker.wants_tls"})
    assert not Finding(vague, Said("node.offline"), Said("ok"), Said("node.offline")).doctor_right


def test_each_part_renews_its_own_section_and_the_last_line_counts() -> None:
    first = renewed("", healthy=Healthy(runs=7), pairs=[], outcomes=[finding()])
    again = renewed(first, healthy=None, pairs=[], outcomes=[finding(page=WELL), Cannot("other", "it wants root")])
    assert "healthy 7 clean 7" in again
    assert again.count("| a fault |") == 1
    assert again.splitlines()[-1] == "faults 1 doctor_right 1 page_right 0"


def test_an_injection_that_fails_costs_its_own_row_and_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[object] = []

    @contextmanager
    def another_line(tell: Tell) -> Iterator[object]:
        lines.append(tell)
        yield lines

    def find(line: Bench, name: str) -> str:
        if name == "bad":
            raise OSError("it broke in my hands")
        return name

    monkeypatch.setitem(on_lines.__globals__, "bench", another_line)
    with Console(file=StringIO()).status("") as status:
        found = on_lines(1, ["one", "bad", "other"], find, Shown(Console(file=StringIO()), status))
    assert found == ["one", Cannot("bad", "OSError: it broke in my hands", failed=True), "other"]
    assert len(lines) == 2
    assert not enough([finding(), Cannot("bad", "why", failed=True)])


def test_what_could_not_be_injected_does_not_count() -> None:
    assert last_line([Cannot(FAULT.name, "it wants root")]) == "faults 0 doctor_right 0 page_right 0"


@pytest.mark.parametrize(
    ("cause", "also", "bridge", "right"),
    [
        ("camera.missing", ["bridge.offline"], "failed", True),
        ("camera.missing", [], "unknown", True),
        ("camera.missing", [], "ok", False),
        ("bridge.offline", ["camera.missing"], "failed", False),
    ],
)
def test_of_two_faults_the_first_must_be_named_and_the_second_not_denied(
    cause: str, also: list[str], bridge: str, *, right: bool
) -> None:
    told = {"hops": [{"hop": "bridge", "state": bridge}], "also": [{"code": code} for code in also]}
    pair = PairFinding(named("camera gone"), named("bridge down"), Doctor(Said(cause), told), Said("ok"))
    assert pair.right == right


def test_every_fault_is_complete_and_every_pair_is_one_of_two_faults() -> None:
    from glassline.contract import Reason

    known = {code.value for code in Reason} | {WELL}
    for fault in all_faults():
        sets = (fault.exact, fault.server, fault.pi, fault.page)
        assert all(sets), fault.name
        assert set().union(*sets) <= known, fault.name
        assert fault.exact & (fault.server | fault.pi), f"{fault.name}: its exact cause is accepted nowhere"
        assert 0 < fault.wait_s <= 25, fault.name
    assert len(all_faults()) >= 31
    assert len({frozenset(named(name).name for name in pair.split(PLUS)) for pair in PAIRS}) == 10
