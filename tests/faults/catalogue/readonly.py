"""A store that can be read and not written, and one whose disk has no room."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from ..cable import CannotError
from ..fault import Fault
from ..site import Site
from .disk import _fill
from .seen import WAITING


@contextmanager
def mounted_so(site: Site) -> Iterator[None]:
    """As after a start on which the disk came up read-only."""
    folder = site.store.parent
    for name in ("bridge", "web"):
        site.programs[name].end()
    _do("mount", "--bind", str(folder), str(folder))
    try:
        _do("mount", "-o", "remount,ro,bind", str(folder))
        site.restart("bridge", "web")
        yield
    finally:
        for name in ("bridge", "web"):
            site.programs[name].end()
        _do("umount", str(folder))


@contextmanager
def on_a_disk(site: Site) -> Iterator[Path]:
    """The store lies on an ext4 disk of its own, 64 MB in a file; its name in /sys is yielded."""
    folder, image, kept = site.store.parent, site.server / "disk.img", site.server / "kept"
    with ExitStack() as stopped:
        for name in ("bridge", "web"):
            site.programs[name].end()
        shutil.copytree(folder, kept)
        image.write_bytes(b"")
        os.truncate(image, 64 * 2**20)
        _do("mkfs.ext4", "-q", str(image))
        _do("mount", "-o", "loop,errors=remount-ro", str(image), str(folder))
        stopped.callback(shutil.rmtree, kept)
        stopped.callback(_do, "umount", "--lazy", str(folder))
        shutil.copytree(kept, folder, dirs_exist_ok=True)
        site.restart("bridge", "web")
        site.wait_until_well()
        device = _do("findmnt", "-n", "-o", "SOURCE", str(folder))
        try:
            yield Path("/sys/fs/ext4") / Path(device).name
        finally:
            for name in ("bridge", "web"):
                site.programs[name].end()


@contextmanager
def failed(site: Site) -> Iterator[None]:
    """The kernel finds an error on the disk and lets nobody write any more, whatever is open."""
    with on_a_disk(site) as disk:
        (disk / "trigger_fs_error").write_text("injected")
        yield


@contextmanager
def without_room(site: Site) -> Iterator[None]:
    with on_a_disk(site):
        _fill(site.store.parent / "big")
        yield


def _do(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise CannotError(f"a disk for the store: {error}") from None
    if done.returncode != 0:
        raise CannotError(f"a disk for the store wants root: {' '.join(command)}: {done.stderr.strip()}")
    return done.stdout.strip()


FAULTS = [
    Fault(
        name="store mounted read-only",
        says="Bridge and web were started with the store's folder on a mount that is read-only.",
        inject=mounted_so,
        exact={"store.read_only"}, server={"store.read_only"}, pi=WAITING, page={"store.read_only"}, wait_s=22,
        anew=True,
    ),
    Fault(
        name="store's disk failed",
        says="The kernel found an error on the store's disk under the running bridge and made it read-only (ext4).",
        inject=failed,
        exact={"store.read_only"}, server={"store.read_only"}, pi=WAITING, page={"store.read_only"}, wait_s=22,
        anew=True,
    ),
    Fault(
        name="store's disk full",
        says="The disk on which the store lies was filled to the last byte.",
        inject=without_room,
        exact={"store.full"}, server={"store.full"}, pi=WAITING, page={"store.full"}, wait_s=22, anew=True,
    ),
]  # fmt: skip
