"""What was seen, for people: one short block by default, or small tables with all of it."""

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from glassline.diagnosis import age_text

from .machine import Machine
from .plain import plain
from .seen import PictureSeen, ProgramHeard, Seen, StoreFound, WaySeen

_WORDS = {
    "search": "mDNS",
    "name": "name",
    "port": "port",
    "tls": "TLS",
    "password": "password",
    "permission": "own echo",
}
_NEAR_S = 1.0


def show_seen(console: Console, seen: Seen, *, whole: bool) -> None:
    """Print it; `whole` with every step of every way and every program."""
    rows = [*_rows(seen, whole)]
    if not rows:
        return
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    for name, text in rows:
        table.add_row(Text(name), plain(text))
    console.print(Text("\nWhat was seen", style="bold"))
    console.print(table)


def show_settings(console: Console, machine: Machine, *, whole: bool) -> None:
    """Print the settings in force with where each came from; without `whole` those that are not the default."""
    table = Table.grid(padding=(0, 2))
    for _ in range(3):
        table.add_column(overflow="fold")
    for program, setup in machine.programs.items():
        for name, told in setup.to_dict()["settings"].items():
            if whole or told["source"] != "default":
                shown = "(empty)" if told["value"] == "" else str(told["value"])
                table.add_row(Text(f"[{program}] {name}"), plain(shown), plain(str(told["source"]), "dim"))
    if table.row_count:
        which = "Settings" if whole else "Settings that are not the default (all: --settings)"
        console.print(Text(f"\n{which}", style="bold"))
        console.print(table)


def _rows(seen: Seen, whole: bool) -> Iterator[tuple[str, str]]:
    for nth, way in enumerate(seen.ways):
        if whole or nth == 0 or not all(step.ok for step in way.steps):
            yield from _way(way, whole)
    for program in seen.heard if whole else []:
        yield "heard", _program(program)
    if seen.heard and not whole:
        yield "heard", " · ".join(_short(one) for one in seen.heard)
    for picture in seen.pictures:
        yield "picture", _picture(picture)
    if seen.store is not None:
        yield "store", _store(seen.store)
    for web in seen.webs:
        if whole or web.code is not None or len(seen.webs) > 1:
            yield "web", f"{web.address}: {web.says}"
    clocks = [one for one in seen.heard if one.clock_ahead_s is not None and one.role == "node"]
    if clocks and not whole:
        yield "clocks", " · ".join(f"{one.id} {_clock(one)}" for one in clocks)
    if seen.ports:
        told = (f"{one.port} ({one.program}): {one.holder or 'nobody that can be seen'}" for one in seen.ports)
        yield "ports", " · ".join(told)
    for note in seen.notes:
        yield "note", note


def _way(way: WaySeen, whole: bool) -> Iterator[tuple[str, str]]:
    head = f"{way.id} to {way.address}"
    if whole:
        yield "way", head
        for step in way.steps:
            time = f" ({step.ms:.1f} ms)" if step.ms is not None else ""
            yield "", f"{'✓' if step.ok else '✗'} {_WORDS[step.step]}: {step.says}{time}"
        return
    told = []
    for step in way.steps:
        time = f" {step.ms:.0f} ms" if step.ms is not None and step.ok else ""
        told.append(f"{_WORDS[step.step]} {'✓' + time if step.ok else '✗ ' + step.says}")
    yield "way", f"{head}: {' · '.join(told)}"


def _program(one: ProgramHeard) -> str:
    age = f"heard {age_text(one.age_s)} ago" if one.age_s is not None else "not heard"
    up = f", up {age_text(one.uptime_s)}" if one.uptime_s is not None else ""
    clock = f", clock {_clock(one)}" if one.clock_ahead_s is not None else ""
    who = f"{one.role or 'no role known'} {one.version or ''}".strip()
    return f"{one.id} ({who}): {one.status or 'no status'}, {age}{up}{clock}"


def _short(one: ProgramHeard) -> str:
    if one.status == "offline":
        return f"{one.id} offline"
    return f"{one.id} {age_text(one.age_s)} ago" if one.age_s is not None else f"{one.id} silent"


def _clock(one: ProgramHeard) -> str:
    ahead_s = one.clock_ahead_s or 0.0
    if not one.clock_by_ping and abs(ahead_s) < _NEAR_S:
        return "within 1 s"
    size = f"{abs(ahead_s) * 1000:.0f} ms" if abs(ahead_s) < _NEAR_S else age_text(abs(ahead_s))
    return f"{size} {'ahead' if ahead_s > 0 else 'behind'}"


def _picture(one: PictureSeen) -> str:
    taken = f", {one.taken_ms_before:.0f} ms after it was taken" if one.taken_ms_before is not None else ""
    if one.web_ms_later is None:
        return f"{one.seq} of {one.device}: at the broker{taken}; not seen in the web"
    later = "" if one.web_seq == one.seq else f" (then {one.web_seq})"
    return f"{one.seq} of {one.device}: at the broker{taken}, in the web {one.web_ms_later:.0f} ms later{later}"


def _store(one: StoreFound) -> str:
    room = f"; {one.disk_free_mb / 1000:.1f} GB free" if one.disk_free_mb is not None else ""
    if one.took_ms is not None:
        return f"{one.address}: a marked defect written, read back and removed in {one.took_ms:.0f} ms{room}"
    return f"{one.address}: {one.says or 'not looked at'}{room}"
