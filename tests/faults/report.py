"""The table, as people see it and as docs/faults.md keeps it."""

import os
import platform
import re
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

<!-- Made by `make faults`, each part by itself. -->

A real line of two machines: broker, bridge and web on the server, the node on a Pi, which comes over a network cable
with TLS and the credentials that `glassline enroll` made. `glassline doctor --json` is asked in both machines' folders,
and the page is read in a real browser. `tests/faults` holds the injections, and what may rightly be said from where.
"""
_PAIRS = """\
The server's doctor must name the one that comes first on the chain, or that hides the other, and must not call the
other one's hop well.

| faults | first cause | beside it | page | right |
| --- | --- | --- | --- | --- |"""
_HEALTHY = """\
The doctor was asked in turn in both folders, and the page was read twice a second, while pictures and defects flowed:
"""
_FAULTS = """\
The doctor is right if its first cause is right on both machines and is the very cause on one of them; where a cause
cannot be seen, as on the server why a node does not come, `node.offline` is right.

| fault | what was done | doctor, server | doctor, Pi | page | doctor right | page right | took |
| --- | --- | --- | --- | --- | --- | --- | --- |"""
TITLES = ("No fault", "Two faults at once", "One fault")
"""The sections in their order; the last one's last line counts."""


_FOLDER = re.compile(r"/\S*/glass-faults-[^/\s]+/")
"""Where a line lay says nothing."""


def renewed(page: str, *, healthy: Healthy | None, pairs: Sequence[PairFinding], outcomes: Sequence[Outcome]) -> str:
    """docs/faults.md with the sections of what was run now in place of those that stood there."""
    machine = f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, Python {platform.python_version()}."
    texts = dict(re.findall(r"^## (.+)\n\n((?:(?!## ).*\n)*)", page, re.MULTILINE))
    if healthy is not None:
        texts["No fault"] = f"{machine}\n\n{_HEALTHY}\n{healthy}.\n"
    if pairs:
        rows = "\n".join(_pair_row(one) for one in pairs)
        texts["Two faults at once"] = f"{machine}\n\n{_PAIRS}\n{rows}\n\n{pairs_line(pairs)}\n"
    if outcomes:
        rows = "\n".join(_row(one) for one in outcomes)
        texts["One fault"] = f"{machine}\n\n{_FAULTS}\n{rows}\n\n{last_line(outcomes)}\n"
    return "\n".join([_HEAD, *(f"## {title}\n\n{texts[title].strip()}\n" for title in TITLES if title in texts)])


def last_line(outcomes: Iterable[Outcome]) -> str:
    """`faults N doctor_right N page_right N`: a fault that could not be injected does not count."""
    found, doctor, page = _counted(outcomes)
    return f"faults {found} doctor_right {doctor} page_right {page}"


def enough(outcomes: Sequence[Outcome]) -> bool:
    """Whether doctor and page were right often enough, and every injection worked that may be made here."""
    found, doctor, page = _counted(outcomes)
    if any(isinstance(one, Cannot) and one.failed for one in outcomes):
        return False
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


def _row(one: Outcome) -> str:
    if isinstance(one, Cannot):
        return f"| {one.what} | not injected: {_cell(one.why)} | – | – | – | – | – | – |"
    seats = " | ".join(_said(said) for said in (one.server, one.pi, one.page))
    took = f"{max(one.server.took_s, one.pi.took_s):.1f} s"
    marks = f"{_mark(one.doctor_right)} | {_mark(one.page_right)} | {took}"
    return f"| {one.fault.name} | {one.fault.says} | {seats} | {marks} |"


def _pair_row(one: PairFinding) -> str:
    also = ", ".join(f"`{code}`" for code in sorted(one.doctor.also)) or "–"
    return f"| {one.name} | {_said(one.doctor.said)} | {also} | {_said(one.page)} | {_mark(one.right)} |"


def _said(said: Said) -> str:
    return f"`{said.code}`" + (f" {_cell(said.sentence)}" if said.sentence else "")


def _cell(text: str, longest: int = 70) -> str:
    plain = _FOLDER.sub("…/", " ".join(text.split()).replace("|", "/").replace("<", "&lt;").replace(">", "&gt;"))
    return plain if len(plain) <= longest else plain[: longest - 1].rstrip() + "…"


def _mark(is_right: bool) -> str:
    return "✓" if is_right else "✗"
