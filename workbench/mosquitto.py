"""`make broker`: mosquitto with this working tree's mosquitto.conf, in a folder of its own, on loopback unless told.

`python -m workbench.mosquitto FOLDER` makes a CA, certificates and accounts there where they are missing, says how the
programs reach it, and becomes mosquitto.
"""

import getpass
import os
import shutil
from pathlib import Path
from typing import Annotated

import typer

from glassline.contract import Role
from glassline.program import Credentials, write_credentials

from . import ca
from .accounts_folder import AccountsFolder
from .failing import fail

CONF = Path(__file__).parents[1] / "mosquitto.conf"
ACCOUNTS = {"pi-1": Role.NODE, "bridge-1": Role.BRIDGE, "web-1": Role.WEB, "observer": Role.OBSERVER}


def find_mosquitto() -> str | None:
    """The program; Debian keeps it where only root looks."""
    return shutil.which("mosquitto") or shutil.which("/usr/sbin/mosquitto")


def conf_for(folder: Path, *, port: int, tls_port: int, host: str) -> str:
    """mosquitto.conf with its files in `folder`, its listeners on these ports, run as whoever runs this.

    The TLS listener is on `host`, the plain one on loopback.
    """
    text = CONF.read_text()
    for old, new in {
        "/etc/glassline/": f"{folder}/",
        "/var/lib/mosquitto/": f"{folder}/data/",
        "listener 1883 127.0.0.1": f"listener {port} 127.0.0.1",
        "listener 8883": f"listener {tls_port} {host}",
    }.items():
        if old not in text:
            raise ValueError(f"{CONF} has no {old!r} any more")
        text = text.replace(old, new)
    return f"{text}\nuser {getpass.getuser()}\n"


def main(
    folder: Annotated[Path, typer.Argument(help="Where everything of it lies.")] = Path("var/broker"),
    port: Annotated[int, typer.Option(help="Port without TLS, on loopback.")] = 1883,
    tls_port: Annotated[int, typer.Option(help="Port with TLS.")] = 8883,
    host: Annotated[
        str, typer.Option(help="Address of the TLS listener; 0.0.0.0 lets other machines in.")
    ] = "127.0.0.1",
) -> None:
    """Run mosquitto in the foreground."""
    program = find_mosquitto()
    if program is None:
        fail("mosquitto is not installed. Debian: sudo apt install mosquitto. Without it: python -m broker")
    place = AccountsFolder(folder.absolute() / "accounts.json")
    if not place.ca.exists():
        ca.make(place, [])
    known = place.accounts.list() if place.file.exists() else {}
    for id, role in ACCOUNTS.items():
        if id not in known:
            made = Credentials(id, role, f"mqtts://127.0.0.1:{tls_port}", place.accounts.add(id, role), ca=place.ca_pem)
            write_credentials(place.credentials(id), made)
    (folder / "data").mkdir(exist_ok=True)
    place.renew_mosquitto()
    conf = folder / "mosquitto.conf"
    conf.write_text(conf_for(folder.absolute(), port=port, tls_port=tls_port, host=host))
    typer.echo(f"mqtts://{host}:{tls_port} and mqtt://127.0.0.1:{port}; credentials of {', '.join(ACCOUNTS)}:")
    typer.echo(f"    python -m bridge --credentials {place.credentials('bridge-1')}")
    os.execv(program, [program, "-c", str(conf)])  # noqa: S606 - it takes this process's place


if __name__ == "__main__":
    typer.run(main)
