"""`glassline status`: what the node of this machine says of itself, without a network."""

import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from glassline.contract import Reason
from glassline.diagnosis import Verdict, age_text, diagnose
from glassline.program import SettingsError, resolve
from glassline.program.settings import rows
from pi_node.report.own_view import judge
from pi_node.report.status_file import NodeStatus, read_status
from pi_node.settings import NodeSettings

from .doctor.examination import Examination
from .doctor.machine import NODE, Machine, look
from .doctor.observations import observe_settings
from .doctor.plain import plain
from .doctor.running import Running, flag_of, running
from .doctor.show import show
from .figures import figures

EXIT_FAULT = 1
EXIT_CANNOT = 2


@dataclass(frozen=True, kw_only=True)
class _Found:
    """The verdict on a node, and what it knew when it last spoke, where that is long ago."""

    id: str
    verdict: Verdict
    age_s: float | None = None
    before: Verdict | None = None
    figures: Sequence[tuple[str, str]] = ()
    """What it measured then, in words."""


def status(
    config: Annotated[
        Path | None, typer.Option(help="The machine's settings file, where it is not found alone.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the verdict as JSON.")] = False,
) -> None:
    """Print what the node of this machine says: its chain, the first cause, its remedy, its figures. Needs no network.

    Exit codes: 0 all is well, 1 a fault was found, 2 no node runs here, or none has yet.
    """
    try:
        machine = look(config, os.environ)
    except SettingsError as error:
        typer.secho(str(error), fg="red", err=True)
        raise typer.Exit(EXIT_CANNOT) from None
    found = _look(machine)
    if found is None:
        next_step = _next_step(machine)
        typer.echo(json.dumps({"ok": False, "next": next_step}) if as_json else f"Do this next: {next_step}")
        raise typer.Exit(EXIT_CANNOT)
    if as_json:
        typer.echo(json.dumps(_to_dict(found), indent=2))
    else:
        _show(machine, found)
    raise typer.Exit(0 if found.verdict.ok else EXIT_FAULT)


def _look(machine: Machine) -> _Found | None:
    """What there is of a node here; settings with which none can start go first."""
    setup = machine.programs.get(NODE)
    said = next(filter(None, (read_status(*place) for place in _places(machine))), None)
    if setup is not None and setup.problems and (said is None or not said.is_alive()):
        wrong = diagnose(observe_settings(Machine(file=machine.file, programs={NODE: setup})))
        return _Found(id=said.info.id if said else "no node yet", verdict=wrong)
    return None if said is None else _judged(said)


def _judged(said: NodeStatus) -> _Found:
    age_s = said.age_s(time.time())
    verdict = judge(said, age_s=age_s, is_alive=said.is_alive())
    gone = verdict.first_cause is not None and verdict.first_cause.code in (Reason.NODE_OFFLINE, Reason.NODE_SILENT)
    before = judge(said) if gone else None
    return _Found(id=said.info.id, verdict=verdict, age_s=age_s, before=before, figures=figures(said))


def _places(machine: Machine) -> Iterator[tuple[Path, str, Mapping[str, str]]]:
    """(state folder, id, environment) of the nodes that may have left word here: those that run go first."""
    for one in running():
        if one.program != NODE or one.cwd is None or not _is_here(one, machine.file):
            continue
        flags = {row.name: flag_of(row.flag, one.arguments) for row in rows(NodeSettings)}
        try:
            settings = resolve(NodeSettings, flags=flags, environ=one.environ, file=one.config).values
        except SettingsError:
            continue
        yield one.cwd / settings.state_dir, settings.id, one.environ
    setup = machine.programs.get(NODE)
    if setup is not None and isinstance(setup.settings, NodeSettings):
        yield Path(setup.settings.state_dir), setup.settings.id, os.environ


def _is_here(one: Running, file: Path | None) -> bool:
    """Whether a program runs with this settings file, or, where there is none, without one in this folder."""
    return one.config == file.resolve() if file is not None else one.config is None and one.cwd == Path.cwd()


def _next_step(machine: Machine) -> str:
    setup = machine.programs.get(NODE)
    if setup is not None and setup.closed:
        return f"run `sudo glassline status`: {setup.closed}, which says which node this is, is not yours to read."
    if setup is None or not isinstance(setup.settings, NodeSettings):
        return (
            "write [pi_node] into glassline.toml (`glassline settings` lists what can stand there) and start the node "
            "with `python -m pi_node`, or try `glassline demo`. No node is set up here; for a server there is "
            "`glassline doctor`."
        )
    return (
        f"start the node, `sudo systemctl start pi_node` or `python -m pi_node`. No word of {setup.settings.id} lies "
        f"in {setup.settings.state_dir} or below /run: it has not run here yet, or belongs to another account (then: "
        "`sudo glassline status`)."
    )


def _to_dict(found: _Found) -> dict[str, Any]:
    """Plain values for JSON. Never a secret."""
    return found.verdict.to_dict() | {
        "device": found.id,
        "age_s": None if found.age_s is None else round(found.age_s, 1),
        "before": None if found.before is None else found.before.to_dict(),
        "figures": dict(found.figures),
    }


def _show(machine: Machine, found: _Found) -> None:
    console = Console(highlight=False)
    show(console, Examination(machine=machine, device=found.id, verdict=found.verdict))
    if found.figures:
        console.print()
        for name, value in found.figures:
            console.print(plain(f"{name:12}{value}"))
    if found.before is not None and found.age_s is not None:
        cause = found.before.first_cause
        what = cause.sentence if cause is not None else "everything that it could see worked."
        console.print()
        console.print(plain(f"When it last spoke, {age_text(found.age_s)} ago: {what}"))
