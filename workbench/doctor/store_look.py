"""Looks at the store as the bridge uses it: writes a marked defect, reads it back, removes it."""

import os
import shutil
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from glassline.contract import Reason
from glassline.program import SecretError, masked
from glassline.store import Store, StoreError, open_store
from pi_node.health.host import DISK_FULL_MB

from .machine import BRIDGE, WEB, Machine, Setup
from .running import folder_of


@dataclass
class StoreSeen:
    """What was seen of a store. `code` and `error` say what is wrong; `why` what kept the doctor from looking."""

    address: str
    program: str
    id: str
    """The program that uses it, as far as it is set up here."""
    is_unusable: bool = False
    """Whether `why` also keeps that program from starting: its settings name no store."""
    code: Reason | None = None
    error: str = ""
    why: str = ""
    took_ms: float | None = None
    disk_free_mb: float | None = None
    done: bool = False

    @property
    def is_low(self) -> bool:
        """Whether its disk has hardly any room left."""
        return self.disk_free_mb is not None and self.disk_free_mb < DISK_FULL_MB


class StoreLook:
    """A context manager that looks in a thread, which is left behind if the store hangs. `seen` grows meanwhile."""

    def __init__(self, setup: Setup, folder: Path) -> None:
        """`folder` is where the program runs: its relative paths begin there."""
        self._setup = setup
        self._url = _absolute(setup.text("store"), folder)
        self.seen = StoreSeen(address=masked(self._url), program=setup.program, id=setup.text("id"))
        self._thread = threading.Thread(target=self._run, name="store-look", daemon=True)

    def __enter__(self) -> "StoreLook":
        self._thread.start()
        return self

    def __exit__(self, *args: object) -> None:
        self._thread.join(0.1)

    @property
    def hangs(self) -> bool:
        """Whether it still looks."""
        return self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._look()
        except (SecretError, ValueError) as error:
            self.seen.why = masked(str(error))
        except StoreError as error:
            self.seen.code, self.seen.error = error.code, masked(str(error)).rstrip(". ")
        except Exception as error:  # noqa: BLE001 - what cannot be looked at is told, whatever it is
            self.seen.why = masked(f"It cannot be looked at: {type(error).__name__}: {error}.")
        finally:
            self.seen.done = True

    def _look(self) -> None:
        path = _path_of(self._url)
        if path is not None and (why := self._keeps_out(path)):
            self.seen.why = why
            return
        began_s = time.monotonic()
        with self._opened() as store:
            store.probe()
        self.seen.took_ms = (time.monotonic() - began_s) * 1000

    def _opened(self) -> Store:
        try:
            return open_store(self._url, key_file=self._setup.text("store_key_file"))
        except (SecretError, ValueError) as error:
            self.seen.is_unusable = not (isinstance(error, SecretError) and error.is_closed)
            raise

    def _keeps_out(self, path: Path) -> str:
        """Why the file is none to write to for whoever runs the doctor; empty: it is."""
        try:
            facts = path.stat()
        except PermissionError:
            return f"{path.parent} is not yours to see: run `sudo glassline doctor`."
        except OSError:
            return f"No store lies at {path} yet: the bridge makes it when it starts for the first time."
        self.seen.disk_free_mb = round(shutil.disk_usage(path.parent).free / 1e6, 1)
        if facts.st_uid != os.geteuid() and not os.access(path, os.W_OK):
            return f"{path} is not yours to write: run `sudo glassline doctor`."
        return ""


def look_at_store(machine: Machine) -> StoreLook | None:
    """The store that the bridge of this machine writes, or its web reads; None: none is set up here."""
    for program in (BRIDGE, WEB):
        setup = machine.programs.get(program)
        if setup is not None and setup.settings is not None:
            return StoreLook(setup, folder_of(program, machine.file))
    return None


def _path_of(url: str) -> Path | None:
    kind, _, rest = url.partition(":")
    return Path(rest) if kind == "sqlite" and rest else None


def _absolute(url: str, folder: Path) -> str:
    path = _path_of(url)
    return url if path is None else f"sqlite:{folder / path}"
