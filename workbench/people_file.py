"""Which people file the commands are about."""

from pathlib import Path
from typing import Annotated

import typer

from glassline.accounts import People
from web.settings import PEOPLE_FILE

from .accounts_folder import do
from .configured import web_settings

PeopleOption = Annotated[
    Path | None, typer.Option(help="The people file; without it that of \\[web] in this machine's settings.")
]


def people_of(chosen: Path | None) -> People:
    """Those of `chosen`, else those that this machine's web lets in, or would."""
    return People(chosen or do(_configured))


def _configured() -> str:
    settings = web_settings()
    if settings.people_in_project:
        raise ValueError("the web's people are users of the Supabase project: see its dashboard, and docs/supabase.md")
    return settings.people_file or PEOPLE_FILE
