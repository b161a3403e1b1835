"""`glassline doctor`."""

import contextlib
import importlib
import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from glassline.contract import is_id
from glassline.program import SettingsError
from glassline.program.settings import find_file

from .examination import Examination, examine
from .machine import Machine, look
from .running import elsewhere
from .show import NOTHING, show

EXIT_FAULT = 1
EXIT_CANNOT = 2


def doctor(
    config: Annotated[
        Path | None, typer.Option(help="The machine's settings file, where it is not found alone.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the verdict and the settings as JSON.")] = False,
    web: Annotated[
        str | None,
        typer.Option(help="Look at the page, too, as it is opened, like https://glass.example."),
    ] = None,
    whole: Annotated[bool, typer.Option("--all", help="Show all that was seen: each step, each program.")] = False,
    settings: Annotated[bool, typer.Option("--settings", help="Show all settings, and where each came from.")] = False,
    device: Annotated[str | None, typer.Option(help="Judge this node's chain only.")] = None,
    timeout: Annotated[float, typer.Option(min=1, max=120, help="Seconds after which it stops looking.")] = 12.5,
) -> None:
    """Walk the chain camera, detector, node, broker, bridge, store, web, you from here, and name the first cause.

    Exit codes: 0 all is well, 1 a fault was found, 2 there is nothing that can be examined.
    """
    if device is not None and not is_id(device):
        raise typer.BadParameter(f"{device!r} is no name of a node, like pi-1", param_hint="--device")
    try:
        machine = look(_at_home(config), os.environ)
    except SettingsError as error:
        typer.secho(str(error), fg="red", err=True)
        raise typer.Exit(EXIT_CANNOT) from None
    if web is not None and (problem := _unusable(web)):
        raise typer.BadParameter(problem, param_hint="--web")
    if not machine.programs and web is None:
        typer.echo(json.dumps({"ok": False, "next": NOTHING.partition("\n")[0]}) if as_json else NOTHING)
        raise typer.Exit(EXIT_CANNOT)
    found = _examined(machine, device, timeout, web)
    if as_json:
        typer.echo(json.dumps(found.to_dict(), indent=2))
    else:
        show(Console(highlight=False), found, whole=whole, settings=settings)
    code = 0 if found.ok else EXIT_FAULT
    if found.hangs:
        sys.stdout.flush()
        os._exit(code)
    raise typer.Exit(code)


def _at_home(config: Path | None) -> Path | None:
    """The settings file, with this process where the programs run that have it, if that is another folder.

    Relative paths in it begin there, and services do not run where people type.
    """
    file = find_file(str(config) if config else None, os.environ)
    folder = elsewhere(file) if file is not None else None
    if file is None or folder is None:
        return config
    file = file.resolve()
    with contextlib.suppress(OSError):  # it is not ours to see: then the paths in it are not, either
        os.chdir(folder)
    return file


def _examined(machine: Machine, device: str | None, timeout_s: float, web: str | None) -> Examination:
    """Examine, with what is being done shown meanwhile on a terminal's stderr."""
    with Console(stderr=True).status("looking …") as status:
        return examine(machine, device=device, timeout_s=timeout_s, progress=status.update, web=web)


def _unusable(web: str) -> str:
    """What is wrong with an address of the page, or with looking there from this machine."""
    try:
        from .web_place import WebPlace

        WebPlace.parse(web)
        importlib.import_module("wsproto")
    except ValueError as error:
        return str(error)
    except ModuleNotFoundError as error:
        return f"that needs {error.name}, which is not installed: pip install 'glassline[server]'"
    return ""
