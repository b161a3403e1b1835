"""The project's programs that run on this machine, as the process table shows them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import psutil

from glassline.program.settings import SEARCHED

_PROGRAMS = ("pi_node", "broker", "bridge", "web")


@dataclass(frozen=True, kw_only=True)
class Running:
    """One running program. `cwd` None: not ours to see. `config` is its settings file, `credentials` named by flag."""

    program: str
    cwd: Path | None
    config: Path | None
    credentials: Path | None = None
    arguments: tuple[str, ...] = ()
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)


def running() -> Iterator[Running]:
    """Every process that was started as `python -m PROGRAM`."""
    for process in psutil.process_iter(["cmdline"]):
        arguments: list[str] = process.info["cmdline"] or []
        program = next((b for a, b in pairwise(arguments) if a == "-m"), "")
        if program not in _PROGRAMS:
            continue
        try:
            cwd, environ = Path(process.cwd()), process.environ()
        except (psutil.Error, OSError):
            cwd, environ = None, {}
        named, credentials = flag_of("--config", arguments), flag_of("--credentials", arguments)
        yield Running(
            program=program,
            cwd=cwd,
            config=_config(named or environ.get("GLASS_CONFIG"), cwd),
            credentials=((cwd or Path()) / credentials).resolve() if credentials else None,
            arguments=tuple(arguments),
            environ=environ,
        )


def _config(named: str | None, cwd: Path | None) -> Path | None:
    """The settings file of a program that was started in `cwd`, which looks there and in /etc if none is named."""
    if named:
        return ((cwd or Path()) / named).resolve()
    found = ((cwd / path).resolve() for path in SEARCHED if (cwd / path).is_file()) if cwd else iter(())
    return next(found, None)


def is_running(program: str, file: Path | None) -> bool:
    """Whether `program` runs here, with this settings file as far as can be seen."""
    ours = file.resolve() if file else None
    same = (one for one in running() if one.program == program)
    return any(one.config == ours or (one.cwd is None and one.config is None) for one in same)


def folder_of(program: str, file: Path | None) -> Path:
    """Where `program` runs here, with this settings file; if it does not, the folder in which the doctor was started.

    Relative paths of its settings begin there.
    """
    ours = file.resolve() if file else None
    found = (one.cwd for one in running() if one.program == program and one.config == ours and one.cwd)
    return next(found, Path.cwd())


def elsewhere(file: Path) -> Path | None:
    """Where the programs run that have this settings file, as far as can be seen; None where that is here."""
    folders = [one.cwd for one in running() if one.config == file.resolve() and one.cwd]
    return None if not folders or Path.cwd() in folders else folders[0]


def with_credentials(folder: Path) -> dict[str, Path]:
    """The credentials that the programs name by flag which were started in `folder`, by program."""
    return {one.program: one.credentials for one in running() if one.cwd == folder and one.credentials}


def config_of_running(folder: Path) -> Path | None:
    """The settings file of the programs that were started in `folder`."""
    return next((one.config for one in running() if one.cwd == folder and one.config), None)


def flag_of(flag: str, arguments: Sequence[str]) -> str | None:
    """What a command line says behind `flag`."""
    for place, argument in enumerate(arguments):
        if argument == flag:
            return next(iter(arguments[place + 1 :]), None)
        if argument.startswith(flag + "="):
            return argument.partition("=")[2]
    return None
