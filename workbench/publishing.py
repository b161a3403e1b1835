"""`glassline model publish`: put a model where the web of this machine gives it to nodes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from glassline.contract.archives import MAX_ARCHIVE_BYTES, parse_file_name

from .configured import web_settings
from .failing import fail


def publish(
    card: Annotated[Path, typer.Argument(help="The card NAME.json that `glassline model export` wrote beside them.")],
    into: Annotated[Path | None, typer.Option(help="The folder, if not the setting `models` of [web].")] = None,
) -> None:
    """Pack a model and its card into one archive, from which nodes can fetch it, and say how it is sent to one."""
    from glassline.vision import DetectorError
    from glassline.vision.archive import pack

    try:
        folder = into or Path(web_settings().models)
        path = pack(card, folder)
        size_bytes = path.stat().st_size
        if size_bytes > MAX_ARCHIVE_BYTES:
            path.unlink()
            fail(f"{card}: expected at most {MAX_ARCHIVE_BYTES / 1e6:.0f} MB in all, got {size_bytes / 1e6:.0f} MB")
    except (DetectorError, ValueError) as error:
        fail(str(error))
    except OSError as error:
        fail(f"cannot write into {folder}: {error.strerror}")
    name, sha256 = parse_file_name(path.name) or ("", "")
    typer.echo(f"Wrote {path} ({size_bytes / 1e6:.1f} MB)")
    typer.echo(f"{sha256}  {name}")
    typer.echo("Send it to a device, as an admin:")
    typer.echo(f'    POST /api/devices/pi-1/model  {{"model": "{name}"}}')
