"""What is set up on this machine: the programs in its settings file, and where each setting came from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from glassline.diagnosis import Hop
from glassline.link.address import PREDECESSOR_SETTING
from glassline.program import Settings, SettingsError, masked, resolve
from glassline.program.settings import find_file, read_tables
from pi_node.health.host import is_pi

from ..reference import PROGRAMS
from .running import config_of_running, with_credentials

NODE, BROKER, BRIDGE, WEB = "pi_node", "broker", "bridge", "web"
HOPS = {NODE: Hop.NODE, BROKER: Hop.BROKER, BRIDGE: Hop.BRIDGE, WEB: Hop.WEB}
ROLES = {NODE: "node", BRIDGE: "bridge", WEB: "web"}
"""The programs that connect to the broker, and what each is there."""


@dataclass(frozen=True, kw_only=True)
class Setup:
    """One program that is set up here. `settings` is None where `problems` says what is wrong with them, or `closed`
    names the file that whoever runs this may not read."""

    program: str
    settings: Settings | None
    sources: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    closed: str = ""

    def text(self, name: str) -> str:
        """The setting `name`; empty where the program has none such."""
        return str(getattr(self.settings, name, ""))

    def to_dict(self) -> dict[str, Any]:
        """Each setting with its source; passwords inside addresses are left out."""
        values = self.settings.model_dump(mode="json") if self.settings is not None else {}
        told = {
            name: {"value": masked(value) if isinstance(value, str) else value, "source": self.sources.get(name)}
            for name, value in values.items()
        }
        return {"settings": told, "problems": self.problems}


@dataclass(frozen=True, kw_only=True)
class Machine:
    """This machine. `file` is its settings file, `programs` what it sets up, by name."""

    file: Path | None
    programs: dict[str, Setup]
    backend_url_set: bool = False

    @property
    def file_name(self) -> str:
        """How a remedy names the settings file."""
        return str(self.file or "glassline.toml")


def look(config: Path | None, environ: Mapping[str, str]) -> Machine:
    """Find out what is set up here; SettingsError if the settings file itself cannot be read.

    Without a file it is taken from the programs that run in this folder, as are credentials that they name by flag.
    Without any table this machine is a node if it is a Pi, or if a broker was set in its environment.
    """
    file = find_file(str(config) if config else None, environ) or config_of_running(Path.cwd())
    tables = read_tables(file)
    credentials = with_credentials(Path.cwd())
    names = [settings.program for settings in PROGRAMS if settings.program in tables or settings.program in credentials]
    backend_url_set = bool(environ.get(PREDECESSOR_SETTING))
    if not names and (is_pi() or backend_url_set or environ.get("GLASS_BROKER")):
        names = [NODE]
    kinds = {settings.program: settings for settings in PROGRAMS}
    programs = {name: _setup(kinds[name], environ, file, credentials.get(name)) for name in names}
    return Machine(file=file, programs=programs, backend_url_set=backend_url_set)


def _setup(kind: type[Settings], environ: Mapping[str, str], file: Path | None, credentials: Path | None) -> Setup:
    flags = {"credentials": str(credentials)} if credentials else {}
    try:
        loaded = resolve(kind, flags=flags, environ=environ, file=file)
    except SettingsError as error:
        if error.closed:
            return Setup(program=kind.program, settings=None, closed=error.closed)
        return Setup(program=kind.program, settings=None, problems=[masked(text) for text in error.problems])
    return Setup(program=kind.program, settings=loaded.values, sources=loaded.sources)
