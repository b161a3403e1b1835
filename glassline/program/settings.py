"""Settings: one table per program, from which --help, docs/settings.md and the checks are made.

A value is taken from the first that has it: a flag, the environment (GLASS_<NAME>), the program's table in the
machine's TOML file, the default. All problems are reported at once.

    class BridgeSettings(Settings, program="bridge"):
        id: str = setting("bridge-1", "Name of this bridge on the wire.")

    loaded = load_settings(BridgeSettings)
"""

import argparse
import difflib
import os
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic, NoReturn, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from glassline.contract import Role

from .credentials import PROGRAMS, is_blank, read_credentials
from .secrets import SecretError

FILE_NAME = "glassline.toml"
SEARCHED = (Path(FILE_NAME), Path("/etc/glassline") / FILE_NAME)
EXIT_SETTINGS = 2


class SettingsError(Exception):
    """One or more settings are wrong. `problems` holds a sentence for each.

    `closed` is the credentials file, where nothing is wrong but that whoever runs this may not read it.
    """

    def __init__(self, program: str, problems: Sequence[str], *, closed: str = "") -> None:
        self.problems, self.closed = list(problems), closed
        count = "one setting is wrong" if len(problems) == 1 else f"{len(problems)} settings are wrong"
        super().__init__(f"{program}: {count}\n" + "\n".join(f"  - {problem}" for problem in problems))


class Settings(BaseModel):
    """Base of a program's settings table. Subclass with `program="…"`, its name and its table in the TOML file.

    One that has `credentials` takes `id` and `broker` from that file, unless `broker` is set elsewhere.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)
    program: ClassVar[str] = ""

    def __init_subclass__(cls, program: str = "", **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.program = program or cls.program


S = TypeVar("S", bound=Settings)


def setting(default: Any, sentence: str, *, unit: str = "", **checks: Any) -> Any:
    """One row of a settings table: default, one sentence, unit, and pydantic's checks (ge, le, pattern …)."""
    return Field(default, description=sentence, json_schema_extra={"unit": unit}, **checks)


@dataclass(frozen=True)
class Row:
    """One setting as help and documents show it."""

    name: str
    default: str
    sentence: str
    unit: str

    @property
    def flag(self) -> str:
        return "--" + self.name.replace("_", "-")

    @property
    def environment(self) -> str:
        return "GLASS_" + self.name.upper()


@dataclass(frozen=True)
class Loaded(Generic[S]):
    """Settings in force, where each came from, and what else the machine's file sets up."""

    values: S
    sources: dict[str, str]
    file: Path | None
    tables: tuple[str, ...]


def rows(settings: type[Settings]) -> list[Row]:
    """The table of a program's settings."""
    out = []
    for name, field in settings.model_fields.items():
        extra = field.json_schema_extra
        unit = str(extra.get("unit", "")) if isinstance(extra, dict) else ""
        default = str(field.default).lower() if isinstance(field.default, bool) else str(field.default)
        out.append(Row(name, default, field.description or "", unit))
    return out


def _parser(settings: type[Settings]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=settings.program,
        description=settings.__doc__,
        epilog=f"Each setting may also stand in the environment or in the table [{settings.program}] of {FILE_NAME}.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--config", metavar="FILE", help=f"the machine's settings file (GLASS_CONFIG, ./{FILE_NAME}, …)"
    )
    for row in rows(settings):
        facts = ", ".join(x for x in (row.unit, f"default {row.default}" if row.default else "", row.environment) if x)
        parser.add_argument(row.flag, dest=row.name, metavar="X", help=f"{row.sentence} ({facts})".replace("%", "%%"))
    return parser


def find_file(chosen: str | None, environ: Mapping[str, str]) -> Path | None:
    """The machine's settings file: the chosen one, $GLASS_CONFIG, or the first that exists of SEARCHED."""
    named = chosen or environ.get("GLASS_CONFIG")
    if named:
        return Path(named)
    return next((path for path in SEARCHED if path.is_file()), None)


def read_tables(path: Path | None) -> dict[str, dict[str, Any]]:
    """The TOML file as {program: {name: value}}; SettingsError if it cannot be read or is no TOML."""
    if path is None:
        return {}
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError("settings", [f"cannot read the settings file {path}: {error.strerror}"]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SettingsError("settings", [f"the settings file {path} is not TOML: {error}"]) from None
    stray = [name for name, table in content.items() if not isinstance(table, dict)]
    if stray:
        raise SettingsError(
            "settings",
            [f"{path}: {name!r} stands above every [table]; put it into [pi_node] or the like" for name in stray],
        )
    return content


def resolve(
    settings: type[S], *, flags: Mapping[str, Any], environ: Mapping[str, str], file: Path | None = None
) -> Loaded[S]:
    """Put the sources together and check them; SettingsError names every problem at once, and where it stands."""
    tables = read_tables(file)
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    problems: list[str] = []
    known = {row.name: row for row in rows(settings)}
    for name, value in tables.get(settings.program, {}).items():
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            problems.append(f"[{settings.program}] in {file} has no setting {name!r}{hint}")
            continue
        values[name], sources[name] = value, f"file {file}"
    for name, row in known.items():
        if row.environment in environ:
            values[name], sources[name] = environ[row.environment], f"environment {row.environment}"
        if flags.get(name) is not None:
            values[name], sources[name] = flags[name], f"flag {row.flag}"
    closed = ""
    if "credentials" in known and values.get("credentials"):
        try:
            problems += _take_credentials(settings.program, values, sources)
        except SecretError as error:
            problems.append(f"credentials (from {sources['credentials']}): {error}")
            closed = str(values["credentials"]) if error.is_closed else ""
    try:
        result = settings.model_validate(values)
    except ValidationError as error:
        for item in error.errors(include_url=False):
            name = str(item["loc"][0]) if item["loc"] else settings.program
            got = f", got {item['input']!r}" if item["loc"] else ""
            problems.append(f"{name} (from {sources.get(name, 'default')}): {item['msg']}{got}")
    if problems:
        raise SettingsError(settings.program, problems, closed=closed if len(problems) == 1 else "")
    full = {name: sources.get(name, "default") for name in known}
    return Loaded(result, full, file, tuple(tables))


def _take_credentials(program: str, values: dict[str, Any], sources: dict[str, str]) -> list[str]:
    """Fill in what the credentials file says; return what does not go with it. SecretError if it cannot be used.

    A node may be started before it was enrolled: a file without credentials yet is none of its problems. Where it has a
    broker all the same, like one that wants none, it does without.
    """
    path, source = values["credentials"], sources["credentials"]
    if program == PROGRAMS[Role.NODE] and is_blank(path):
        if "://" in str(values.get("broker", "")):
            values["credentials"] = ""
        return []
    found = read_credentials(str(path))
    if PROGRAMS.get(found.role) != program:
        return [f"credentials (from {source}): those in {path} are for the {found.role} {found.id}, not for {program}"]
    problems = [
        f"{name} (from {sources[name]}): it stands in {path} already, which `credentials` names; leave one of them out"
        for name in ("password_file", "ca_file")
        if values.get(name)
    ]
    if values.get("id", found.id) != found.id:
        problems.append(f"id (from {sources['id']}): the credentials in {path} are for {found.id!r}; leave `id` out")
    for name, value in (("id", found.id), ("broker", found.broker)):
        if not values.get(name):
            values[name], sources[name] = value, f"credentials {path}"
    return problems


def load_settings(settings: type[S], argv: Sequence[str] | None = None) -> Loaded[S]:
    """Settings of the program that runs now. Problems go to stderr, all at once, and end it with exit code 2."""
    arguments = vars(_parser(settings).parse_args(argv))
    try:
        return resolve(
            settings, flags=arguments, environ=os.environ, file=find_file(arguments.pop("config"), os.environ)
        )
    except SettingsError as error:
        _give_up(error)


def _give_up(error: SettingsError) -> NoReturn:
    print(error, file=sys.stderr)
    raise SystemExit(EXIT_SETTINGS)
