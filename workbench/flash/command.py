"""`glassline flash`: everything that a Raspberry Pi's card needs to boot straight into inspecting."""

import re
import secrets
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import available_timezones

import typer

from glassline.accounts import AccountsError
from glassline.contract import Role, check_id
from glassline.program import Credentials, SecretError, read_secret

from ..accounts_folder import AccountsFolder, AccountsOption, do
from ..failing import fail
from ..handing_over import UNTIL, BrokerOption, blank, enrolled, token_for
from ..joining import AUTO, NowhereError, given
from .card import BOOT, Card, Wifi
from .lock import LockError
from .wheels import complete
from .wifi import network_key
from .writing import PYTHON, CardError, check_place, fill, locked_for_card

_HOSTNAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_SSH_KEY = re.compile(r"(ssh|ecdsa|sk)-[a-z0-9@.-]+ [A-Za-z0-9+/=]+( .*)?")
_CAMERA = re.compile(r"(picamera|usb|folder|scene|rtsps?|video):[^\"\\\s]*")
WHEELS = Path("var/wheels/py313")


def flash(
    id: Annotated[str, typer.Option(help="Name of the machine: 1-32 lower case letters, digits or '-'.")],
    out: Annotated[Path, typer.Option(help="The card's boot partition where it is mounted, or any folder.")],
    wifi: Annotated[
        str | None, typer.Option(help="Name of the Wi-Fi network; its pass phrase is asked for. None: a cable.")
    ] = None,
    wifi_password_file: Annotated[
        Path | None, typer.Option(help="File (0600) with the pass phrase, instead of the terminal or stdin.")
    ] = None,
    country: Annotated[str, typer.Option(help="Where the Wi-Fi is, like DE: its rules are kept.")] = "",
    camera: Annotated[str, typer.Option(help="Its camera, as in the setting `camera`.")] = "picamera:0",
    server: Annotated[
        str, typer.Option(help="The page's address, like https://server.local:5000; or auto: found by mDNS.")
    ] = AUTO,
    ssh_key: Annotated[
        list[Path] | None, typer.Option(help="File with a public key that may sign in by SSH, as user glassline.")
    ] = None,
    hostname: Annotated[str, typer.Option(help="Name of the machine in the network; without it its id.")] = "",
    timezone: Annotated[str, typer.Option(help="Like Europe/Berlin; without it that of this machine.")] = "",
    minutes: Annotated[int, typer.Option(min=1, max=10_080, help="How long its token is good.")] = 1440,
    broker: BrokerOption = None,
    wheels: Annotated[
        Path, typer.Option(help="Folder in which packages are kept between cards; what lacks there is fetched.")
    ] = WHEELS,
    again: Annotated[
        bool,
        typer.Option("--again", help="It has an account, and gets a new password: for a card in place of another."),
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Write over the files of another machine.")] = False,
    accounts: AccountsOption = None,
) -> None:
    """Write what a card of Raspberry Pi OS (Trixie, 64 bit) needs to boot straight into inspecting.

    Write the image to the card first, without settings, then let this fill its boot partition. The card carries a
    one-time token, with which the machine fetches its credentials at first contact, and no secret that lasts.
    """
    folder = do(lambda: AccountsFolder.of(accounts))
    card = do(lambda: _card(id, hostname, timezone, ssh_key or []))
    _check_camera(camera)
    try:
        place = given(server)
        check_place(out, id, force=force)
    except (NowhereError, CardError) as error:
        fail(str(error))
    made = blank(folder, id, Role.NODE, broker=broker, local=False, token=True)
    _check_account(folder, id, again=again)
    card = replace(card, wifi=_wifi(wifi, wifi_password_file, country))
    try:
        typer.echo(f"looking for the packages of Python {PYTHON} in {wheels} …")
        packages = complete(locked_for_card(), wheels, python=PYTHON)
        made = _with_account(folder, made, again=again)
        token, until = token_for(folder, made, minutes, new_account=not again)
        size_bytes = fill(out, card, wheels=packages, token=token, ca=made.ca, server=str(place or AUTO), camera=camera)
    except (LockError, OSError) as error:
        fail(str(error))
    typer.echo(f"{out}: {size_bytes / 1e6:.0f} MB for {id}, whose token is good once, until {until:{UNTIL}}")
    _say_next(folder, out, id, again=again)


def _check_camera(camera: str) -> None:
    """A card can be read by everybody, and an argument by who is on this machine: a password belongs into neither."""
    try:
        parts = urlsplit(camera)
        _, has_password = parts.port, parts.password is not None
    except ValueError:  # what stands where a port would, before a / of the password
        has_password = "@" in camera
    if has_password:
        fail(
            "--camera: the address holds a password. Give it without, like rtsp://USER@192.168.1.20/stream1; the "
            "password goes into a file (0600) on the machine, which its setting camera_password_file names"
        )
    if not _CAMERA.fullmatch(camera):
        fail(f"--camera: expected picamera:0, usb:0 or another camera that `glassline settings` names, got {camera!r}")


def _card(id: str, hostname: str, timezone: str, ssh_keys: list[Path]) -> Card:
    """ValueError says what is wrong with what was given."""
    name = hostname or check_id(id)
    if not _HOSTNAME.fullmatch(name):
        raise ValueError(f"a host's name has 1-63 lower case letters, digits or '-', got {name!r}: give --hostname")
    zone = timezone or _zone_here()
    if zone not in available_timezones():
        raise ValueError(f"there is no time zone {zone!r}: expected one like Europe/Berlin")
    keys = tuple(key for path in ssh_keys for key in _keys_in(path))
    return Card(id=check_id(id), hostname=name, flashed=secrets.token_hex(4), timezone=zone, ssh_keys=keys)


def _zone_here() -> str:
    zone = str(Path("/etc/localtime").resolve()).partition("/zoneinfo/")[2]
    return zone if zone in available_timezones() else "Etc/UTC"


def _keys_in(path: Path) -> list[str]:
    lines = [line.strip() for line in path.read_text().splitlines()]
    keys = [line for line in lines if line and not line.startswith("#")]
    if not keys or not all(map(_SSH_KEY.fullmatch, keys)):
        raise ValueError(f"{path} holds no public key of SSH: give the file that ends with .pub")
    return keys


def _wifi(ssid: str | None, file: Path | None, country: str) -> Wifi | None:
    if ssid is None:
        if file is not None or country:
            fail("--country and --wifi-password-file belong to a network: name it with --wifi")
        return None
    if not re.fullmatch(r"[A-Z]{2}", country):
        fail("a radio keeps the rules of the country that it is in: give --country, like DE")
    try:
        return Wifi(ssid=ssid, key=network_key(ssid, _passphrase(ssid, file)), country=country)
    except (ValueError, SecretError) as error:
        fail(str(error))


def _passphrase(ssid: str, file: Path | None) -> str:
    """From where it is wanted; never from an argument, which others can see."""
    if file is not None:
        return read_secret(file, what="pass phrase", remedy="Write it there and close it: chmod 600")
    if sys.stdin.isatty():
        return str(typer.prompt(f"pass phrase of {ssid}", hide_input=True))
    return sys.stdin.readline().rstrip("\n")


def _check_account(folder: AccountsFolder, id: str, *, again: bool) -> None:
    """Before anything is fetched: whether the account can be made, or with `again` is there."""
    try:
        known = folder.accounts.list() if folder.file.exists() else {}
    except AccountsError as error:
        fail(str(error))
    if again and known.get(id) is not Role.NODE:
        fail(f"--again: there is no account of a node {id}; `glassline accounts` lists them")
    if not again and id in known and id not in do(folder.tokens.pending):
        fail(f"there is an account {id} already: with --again its card gets a new password, and the machine stays {id}")


def _with_account(folder: AccountsFolder, made: Credentials, *, again: bool) -> Credentials:
    if not again:
        return enrolled(folder, made, token=True)
    made = replace(made, password=do(lambda: folder.accounts.begin_rotation(made.id)))
    do(folder.renew_mosquitto)
    return made


def _say_next(folder: AccountsFolder, out: Path, id: str, *, again: bool) -> None:
    if not (out / "cmdline.txt").exists():
        typer.echo(
            f"{out} is no boot partition of a Raspberry Pi: copy what is in it to that of the card, where cmdline.txt "
            f"is (bootfs on another machine, {BOOT} on the Pi itself)"
        )
    typer.echo(f"Put the card into the Pi and switch it on: within some minutes {id} is on the page.")
    typer.echo(f"The page gives it its credentials, if its setting `tokens` is {folder.tokens.path.absolute()}")
    if again:
        typer.echo(f"Once it is there: glassline rotate {id} --finish   (until then mosquitto wants the old password)")
