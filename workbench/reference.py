"""docs/settings.md, made from the programs' settings tables: `glassline settings > docs/settings.md`."""

import typer

from bridge.settings import BridgeSettings
from broker.settings import BrokerSettings
from glassline.program import Settings
from glassline.program.settings import FILE_NAME, rows
from pi_node.settings import NodeSettings
from web.settings import WebSettings

PROGRAMS: tuple[type[Settings], ...] = (NodeSettings, BrokerSettings, BridgeSettings, WebSettings)

INTRODUCTION = f"""# Settings

This page is made by `glassline settings`; each program's `--help` says the same.

Every program reads its own table, like `[pi_node]`, of one TOML file a machine: the file that `--config` or
`GLASS_CONFIG` names, else `./{FILE_NAME}`, else `/etc/glassline/{FILE_NAME}`. A flag wins over the environment, the
environment over the file, the file over the default. Wrong settings are all reported at once, with where each came
from.

Besides: `GLASS_LOG_LEVEL` (default `INFO`), and `GLASS_DEBUG_FRAMES=1` logs every frame in and out on each hop.
"""


def reference() -> str:
    """The whole page, Markdown."""
    parts = [INTRODUCTION]
    for program in PROGRAMS:
        parts.append(f"## `python -m {program.program}`\n\n{program.__doc__}\n")
        parts.append("| setting | default | unit | what it does | environment |\n| --- | --- | --- | --- | --- |")
        for row in rows(program):
            default = f"`{row.default}`" if row.default else ""
            parts.append(f"| `{row.name}` | {default} | {row.unit} | {row.sentence} | `{row.environment}` |")
        parts.append("")
    return "\n".join(parts)


def settings() -> None:
    """Print every setting of every program as Markdown."""
    typer.echo(reference())
