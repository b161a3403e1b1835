"""The `glassline` command itself."""

from typer.testing import CliRunner

import glassline
from workbench.main import SUBCOMMANDS, app


def test_it_says_its_version_and_its_commands() -> None:
    told = CliRunner().invoke(app, ["--version"])
    assert (told.exit_code, told.output) == (0, f"glassline {glassline.__version__}\n")
    helped = CliRunner().invoke(app, ["--help"]).output
    assert all(name in helped for name in SUBCOMMANDS)
