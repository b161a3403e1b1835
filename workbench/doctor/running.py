"""The project's programs that run on this machine, as the process table shows them."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import psutil

_PROGRAMS = ("pi_node", "broker", "bridge", "web")


@dataclass(frozen=True, kw_only=True)
class Running:
    """One running program. `config` is the settings file its command line names; `cwd` None: not ours to see."""

    program: str
    cwd: Path | None
    config: Path | None


def running() -> Iterator[Running]:
    """Every process that was started as `python -m PROGRAM`."""
    for process in psutil.process_iter(["cmdline"]):
        arguments: list[str] = process.info["cmdline"] or []
        program = next((b for a, b in pairwise(arguments) if a == "-m"), "")
        if program not in _PROGRAMS:
            continue
        try:
            cwd = Path(process.cwd())
        except (psutil.Error, OSError):
            cwd = None
        named = _value_of("--config", arguments)
        config = ((cwd or Path()) / named).resolve() if named else None
        yield Running(program=program, cwd=cwd, config=config)


def is_running(program: str, file: Path | None) -> bool:
    """Whether `program` runs here, with this settings file as far as its command line tells."""
    ours = (None, file.resolve() if file else None)
    return any(one.program == program and one.config in ours for one in running())


def config_of_running(folder: Path) -> Path | None:
    """The settings file of the programs that were started in `folder`."""
    return next((one.config for one in running() if one.cwd == folder and one.config), None)


def _value_of(flag: str, arguments: list[str]) -> str | None:
    for place, argument in enumerate(arguments):
        if argument == flag:
            return next(iter(arguments[place + 1 :]), None)
        if argument.startswith(flag + "="):
            return argument.partition("=")[2]
    return None
