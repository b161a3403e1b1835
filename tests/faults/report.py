"""The table, as people see it and as docs/faults.md keeps it."""

import os
import platform
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from .fault import Fault, Finding, Said

Outcome = Finding | tuple[Fault, str]

_HEAD = """\
# Injected faults

<!-- Made by `make faults`. -->

Each fault was injected into a real line of two machines: broker, bridge and web on the server, the node on a Pi, which
comes over a network cable with TLS and the credentials that `glassline enroll` made. Then `glassline doctor --json` was
asked in both machines' folders, and the page was read in a real browser. The doctor is right if its first cause is
right on both machines and is the very cause on one of them; from where a cause cannot be seen, as why a node does not
come, `node.offline` is right. `tests/faults` holds the injections and what may be said from where.
"""


def page_of(outcomes: Sequence[Outcome], pairs: str = "", healthy: str = "") -> str:
    """docs/faults.md; its last line counts."""
    machine = f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, Python {platform.python_version()}."
    parts = [_HEAD, f"{machine}\n", *_rows(outcomes)]
    for title, text in (("Two at once", pairs), ("No false alarm", healthy)):
        if text:
            parts += [f"\n## {title}\n", text]
    return "\n".join(parts) + f"\n\n{last_line(outcomes)}\n"


def last_line(outcomes: Iterable[Outcome]) -> str:
    """`faults N doctor_right N page_right N`: a fault that could not be injected does not count."""
    found = [one for one in outcomes if isinstance(one, Finding)]
    doctor, page = sum(one.doctor_right for one in found), sum(one.page_right for one in found)
    return f"faults {len(found)} doctor_right {doctor} page_right {page}"


def line_of(outcome: Outcome) -> str:
    """One outcome on one line, for whoever waits."""
    if not isinstance(outcome, Finding):
        return f"– {outcome[0].name}: not injected: {outcome[1]}"
    doctor, page = _mark(outcome.doctor_right), _mark(outcome.page_right)
    said = f"server {outcome.server.code}, Pi {outcome.pi.code}, page {outcome.page.code}"
    return f"doctor {doctor} page {page} {outcome.fault.name}: {said}"


def _rows(outcomes: Iterable[Outcome]) -> Iterable[str]:
    yield "| fault | what was done | doctor, server | doctor, Pi | page | doctor | page | took |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    for one in outcomes:
        if isinstance(one, Finding):
            seats = " | ".join(_said(said) for said in (one.server, one.pi, one.page))
            took = f"{max(one.server.took_s, one.pi.took_s):.1f} s"
            verdict = f"{_mark(one.doctor_right)} | {_mark(one.page_right)} | {took}"
            yield f"| {one.fault.name} | {one.fault.says} | {seats} | {verdict} |"
        else:
            yield f"| {one[0].name} | not injected: {_cell(one[1])} | – | – | – | – | – | – |"


def _said(said: Said) -> str:
    return f"`{said.code}`" + (f" {_cell(said.sentence)}" if said.sentence else "")


def _cell(text: str, longest: int = 70) -> str:
    plain = " ".join(text.split()).replace("|", "/").replace("<", "&lt;").replace(">", "&gt;")
    return plain if len(plain) <= longest else plain[: longest - 1].rstrip() + "…"


def _mark(is_right: bool) -> str:
    return "✓" if is_right else "✗"
