"""Putting a card's files on its boot partition, or into any folder."""

import os
import shlex
import shutil
import time
from pathlib import Path

from glassline.program.secrets import write_secret
from glassline.writing import write_whole

from .card import FOLDER, Card, is_used, machine_of
from .lock import Lock, LockError
from .own_wheel import deploy_file, own_wheel

PYTHON = "3.13"
LOCK = "pi-py313.lock"
"""Of Trixie, the first Raspberry Pi OS whose images know cloud-init."""
SCRIPTS = (
    "first-boot.sh",
    "install.sh",
    "install-version.sh",
    "install-trial.sh",
    "uninstall.sh",
    LOCK,
    "pi_node.service",
    "glassline-again@.service",
    "glassline-back.service",
    "glassline-credentials.path",
    "glassline-credentials.service",
    "glassline-join.service",
)
_SPARE_BYTES = 10_000_000


class CardError(Exception):
    """The files cannot be put there; the text says why and what to do."""


def check_place(out: Path, id: str, *, force: bool) -> None:
    """CardError where the files of `id` cannot go to `out`: it cannot be a folder, or holds another machine's."""
    if not out.parent.is_dir():
        raise CardError(f"there is no folder {out.parent}: is the card's boot partition mounted?")
    try:
        user_data = (out / "user-data").read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return
    except OSError as error:
        raise CardError(f"cannot read {out / 'user-data'}: {error.strerror}") from None
    meta_data = out / "meta-data"
    machine = machine_of(meta_data.read_text(encoding="utf-8", errors="replace")) if meta_data.exists() else None
    if is_used(user_data) and machine != id and not force:
        whose = f"the files of {machine}" if machine else "settings of another tool or person"
        raise CardError(f"{out} holds {whose} already: name another folder with --out, or give --force")


def fill(out: Path, card: Card, *, wheels: dict[str, Path], token: str, ca: str, server: str, camera: str) -> int:
    """Write everything; how many bytes that are. OSError or LockError where it cannot be done.

    What makes a card act, its user-data, comes last: of a card that was pulled out too early nothing is used.
    """
    out.mkdir(exist_ok=True)
    folder = out / FOLDER
    (out / "user-data").unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    needed = sum(path.stat().st_size for path in wheels.values())
    if (free := shutil.disk_usage(out).free) < needed + 2 * _SPARE_BYTES:
        raise LockError(
            f"{out} has {free / 1e6:.0f} MB left, and {(needed + 2 * _SPARE_BYTES) / 1e6:.0f} MB are needed"
        )
    (folder / "wheels").mkdir(parents=True)
    for path in wheels.values():
        shutil.copyfile(path, folder / "wheels" / path.name)
    own_wheel(folder / "wheels")
    for name in SCRIPTS:
        shutil.copyfile(deploy_file(name), folder / name)
    (folder / "ca.crt").write_text(ca)
    (folder / "join.conf").write_text(f"SERVER={server}\n")
    (folder / "machine.conf").write_text(
        f"ID={shlex.quote(card.id)}\nCAMERA={shlex.quote(camera)}\nWRITTEN_UNIX_S={int(time.time())}\n"
    )
    if card.ssh_keys:
        (folder / "ssh").touch()
    write_secret(folder / "token", token)
    write_secret(out / "network-config", card.network_config())
    write_whole(out / "meta-data", card.meta_data().encode())
    os.sync()
    write_whole(out / "user-data", card.user_data().encode(), durable=True)
    os.sync()
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def locked_for_card() -> Lock:
    """What a card's machine installs; LockError."""
    return Lock.read(deploy_file(LOCK))
