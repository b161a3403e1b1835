"""An examination for people: the chain, one first cause with its remedy, what else is wrong, and what was seen."""

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from glassline.diagnosis import HopVerdict, Verdict, age_text

from .examination import Examination
from .plain import plain
from .show_seen import show_seen, show_settings

_MARKS = {"ok": ("✓", "green"), "degraded": ("!", "yellow"), "failed": ("✗", "red"), "unknown": ("?", "bright_black")}

NOTHING = """\
Do this next: run `glassline demo`, which sets up and starts everything on this machine.

Nothing of Glassline is set up here yet: there is no glassline.toml in this folder or in /etc/glassline, and none was
named with --config or GLASS_CONFIG. For a machine of a real line, write one with a table for each program that is to
run on it: [pi_node] on a Raspberry Pi; [broker], [bridge] and [web] on a server. `glassline settings` lists what can
stand in them."""


def show(console: Console, found: Examination, *, whole: bool = False, settings: bool = False) -> None:
    """Print it. No text is taken for markup, or for what a terminal obeys: it may come from the wire.

    `whole` shows all that was seen, `settings` all settings; without it those that are not the default, if `whole`.
    """
    cause = found.verdict.first_cause
    begins_with_remedy = found.machine.file is None and cause is not None
    if cause is not None and begins_with_remedy:
        console.print(plain(f"Do this next: {cause.remedy}", "bold"), end="\n\n")
    console.print(plain(_heading(found), "dim"))
    console.print(_chain(found.verdict))
    for id, other in found.others.items():
        console.print(_other(id, other))
    if cause is None and found.ok:
        unseen = any(hop.state == "unknown" for hop in found.verdict.hops)
        well = "Everything that can be seen from here works." if unseen else "Everything works."
        console.print(Text(well, style="bold green"))
    if cause is not None:
        _print_cause(console, "First cause", cause, with_remedy=not begins_with_remedy)
    for one in found.verdict.also:
        _print_cause(console, "Also", one)
    show_seen(console, found.seen, whole=whole)
    if whole or settings:
        show_settings(console, found.machine, whole=settings)


def _heading(found: Examination) -> str:
    programs = ", ".join(found.machine.programs) or "no program"
    where = f"set up by {found.machine.file}" if found.machine.file else "no settings file"
    return f"Here: {programs} ({where}). Chain of {found.device or 'no node yet'}:"


def _chain(verdict: Verdict) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column()
    table.add_column()
    table.add_column(justify="right", no_wrap=True)
    table.add_column()
    for hop in verdict.hops:
        mark, colour = _MARKS[hop.state]
        age = age_text(hop.age_s) if hop.age_s is not None else "–"
        follows = hop.explained_by is not None and hop.state != "unknown"
        sentence = hop.sentence + (f" This follows from the {hop.explained_by}." if follows else "")
        style = "" if hop.state in ("failed", "degraded") and not follows else "dim"
        table.add_row(Text(mark, style=colour), Text(hop.hop.value), Text(age), plain(sentence, style))
    return table


def _other(id: str, verdict: Verdict) -> Text:
    if verdict.first_cause is None:
        return plain(f"✓ {id}: its chain works too.", "green")
    return plain(f"✗ {id}: {verdict.first_cause.sentence}", "red")


def _print_cause(console: Console, title: str, cause: HopVerdict, *, with_remedy: bool = True) -> None:
    code = cause.code.value if cause.code else "no code"
    colour = _MARKS[cause.state][1]
    console.print()
    console.print(
        Text.assemble((f"{title}: ", f"bold {colour}"), plain(cause.sentence, "bold"), (f"  [{code}]", "dim"))
    )
    if with_remedy:
        console.print(Padding(plain(f"Do this: {cause.remedy}"), (0, 0, 0, 2), expand=False))
