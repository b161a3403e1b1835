"""Disks: of the Pi, and of the store."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..cable import CannotError
from ..fault import Fault
from ..site import Site
from .seen import WAITING

ROOM_MB = 256


@contextmanager
def full(site: Site) -> Iterator[None]:
    disk = site.pi / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={ROOM_MB}m", "none", str(disk)], check=False).returncode:
        raise CannotError("a small disk wants root: mount -t tmpfs")
    try:
        with site.changed("pi_node", state_dir=str(disk / "state")):
            site.wait_until_well()
            _fill(disk / "big")
            yield
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def _fill(path: "os.PathLike[str]") -> None:
    """Until not a byte is left."""
    with open(path, "wb", buffering=0) as file:
        try:
            while file.write(bytes(2**20)):
                pass
        except OSError:
            return


@contextmanager
def store_damaged(site: Site) -> Iterator[None]:
    for file in sqlite_files(site):
        with file.open("r+b") as damaged:
            damaged.write(os.urandom(min(file.stat().st_size, 65536)))
    try:
        yield
    finally:
        for name in ("bridge", "web"):
            site.programs[name].end()
        for file in sqlite_files(site):
            file.unlink()


def sqlite_files(site: Site) -> list[Path]:
    """The store's file, its log and its index; pictures lie beside them in a folder."""
    return [file for file in site.store.parent.glob(f"{site.store.name}*") if file.is_file()]


FAULTS = [
    Fault(
        name="disk full",
        says="The disk on which the node keeps what it finds was filled to the last byte.",
        inject=full,
        exact={"disk.full"}, server={"disk.full"}, pi={"disk.full"}, page={"disk.full"},
    ),
    Fault(
        name="store down",
        says="The store's SQLite file was overwritten with random bytes under the running bridge.",
        inject=store_damaged,
        exact={"store.down"}, server={"store.down"}, pi=WAITING, page={"store.down"}, wait_s=22, anew=True,
    ),
]  # fmt: skip
