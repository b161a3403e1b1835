"""The table, as people see it and as docs/faults.md keeps it."""

import os
import platform
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from .bench import Cannot
from .fault import Finding, Said
from .healthy import Healthy
from .pairs import PairFinding

Outcome = Finding | Cannot
DOCTOR_BAR, PAGE_BAR = 0.95, 0.90

_HEAD = """\
# Injected faults

<!-- Made by `make faults`. -->

Each fault was injected into a real line of two machines: broker, bridge and web on the server, the node on a Pi, which
comes over a network cable with TLS and the credentials that `glassline enroll` made. Then `glassline doctor --json` was
asked in both machines' folders, and the page was read in a real browser. The doctor is right if its first cause is
right on both machines and is the very cause on one of them; from where a cause cannot be seen, as why a node does not
come, `node.offline` is right. `tests/faults` holds the injections and what may be said from where.
"""
_PAIRS = """
## Two faults at once

The server's doctor must name the one that comes first on the chain, or that hides the other, and must not call the
other one's hop well.

| faults | first cause | beside it | page | right |
| --- | --- | --- | --- | --- |"""
_HEALTHY = """
## No fault

The doctor was asked in turn in both folders, and the page was read twice a second, while pictures and defects flowed:
"""


def page_of(outcomes: Sequence[Outcome], pairs: Sequence[PairFinding], healthy: Healthy | None) -> str:
    """docs/faults.md; its last line counts."""
    parts = [_HEAD, f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, Python {platform.python_version()}.\n"]
    parts += _rows(outcomes)
    parts += [_PAIRS, *(_pair_row(one) for one in pairs)]
    parts += [_HEALTHY, f"{healthy}.\n", last_line(outcomes)]
    return "\n".join(parts) + "\n"


def last_line(outcomes: Iterable[Outcome]) -> str:
    """`faults N doctor_right N page_right N`: a fault that could not be injected does not count."""
    found, doctor, page = _counted(outcomes)
    return f"faults {found} doctor_right {doctor} page_right {page}"


def enough(outcomes: Sequence[Outcome]) -> bool:
    """Whether doctor and page were right often enough."""
    found, doctor, page = _counted(outcomes)
    return doctor >= DOCTOR_BAR * found and page >= PAGE_BAR * found


def line_of(outcome: Outcome) -> str:
    """One outcome on one line, for whoever waits."""
    if isinstance(outcome, Cannot):
        return f"– {outcome.what}: not injected: {outcome.why}"
    doctor, page = _mark(outcome.doctor_right), _mark(outcome.page_right)
    said = f"server {outcome.server.code}, Pi {outcome.pi.code}, page {outcome.page.code}"
    return f"doctor {doctor} page {page} {outcome.fault.name}: {said}"


def pair_line(one: PairFinding) -> str:
    """One pair on one line."""
    also = f", also {', '.join(sorted(one.doctor.also))}" if one.doctor.also else ""
    return f"{_mark(one.right)} {one.name}: {one.doctor.said.code}{also}; page {one.page.code}"


def pairs_line(pairs: Sequence[PairFinding]) -> str:
    """How many were right."""
    return f"pairs {len(pairs)} right {sum(one.right for one in pairs)}"


def _counted(outcomes: Iterable[Outcome]) -> tuple[int, int, int]:
    found = [one for one in outcomes if isinstance(one, Finding)]
    return len(found), sum(one.doctor_right for one in found), sum(one.page_right for one in found)


def _rows(outcomes: Iterable[Outcome]) -> Iterable[str]:
    yield "| fault | what was done | doctor, server | doctor, Pi | page | doctor right | page right | took |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    for one in outcomes:
        if isinstance(one, Finding):
            seats = " | ".join(_said(said) for said in (one.server, one.pi, one.page))
            took = f"{max(one.server.took_s, one.pi.took_s):.1f} s"
            verdict = f"{_mark(one.doctor_right)} | {_mark(one.page_right)} | {took}"
            yield f"| {one.fault.name} | {one.fault.says} | {seats} | {verdict} |"
        else:
            yield f"| {one.what} | not injected: {_cell(one.why)} | – | – | – | – | – | – |"


def _pair_row(one: PairFinding) -> str:
    also = ", ".join(f"`{code}`" for code in sorted(one.doctor.also)) or "–"
    return f"| {one.name} | {_said(one.doctor.said)} | {also} | {_said(one.page)} | {_mark(one.right)} |"


def _said(said: Said) -> str:
    return f"`{said.code}`" + (f" {_cell(said.sentence)}" if said.sentence else "")


def _cell(text: str, longest: int = 70) -> str:
    plain = " ".join(text.split()).replace("|", "/").replace("<", "&lt;").replace(">", "&gt;")
    return plain if len(plain) <= longest else plain[: longest - 1].rstrip() + "…"


def _mark(is_right: bool) -> str:
    return "✓" if is_right else "✗"
