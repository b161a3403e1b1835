"""How a command ends that cannot do what it should."""

from typing import NoReturn

import typer


def fail(sentence: str) -> NoReturn:
    """End the command with one sentence on stderr and exit code 1."""
    typer.secho(sentence, fg="red", err=True)
    raise typer.Exit(1)
