"""A PostgreSQL of Debian's packages on a free port of this machine, with a database of its own."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Self

from tests.support.embedded_broker import free_port

MISSING = "PostgreSQL is not installed: apt install postgresql"
_OWNER = "postgres"
"""Who runs it where we are root, which it refuses to."""


def programs() -> Path | None:
    """The folder of the newest initdb and pg_ctl."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


class LocalPostgres:
    """Listens on loopback, once entered, and trusts who asks there."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"postgres://{_OWNER}@127.0.0.1:{self.port}/postgres"
        self._folder = Path(
            tempfile.mkdtemp(prefix="glassline-postgres-")
        )  # the folders of pytest are closed to others

    def __enter__(self) -> Self:
        if os.getuid() == 0:
            shutil.chown(self._folder, _OWNER)
        self._run("initdb", "--username", _OWNER, "--auth", "trust", "--no-sync")
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
        self._run("pg_ctl", "--wait", "--log", self._folder / "log", "--options", options, "start")
        return self

    def __exit__(self, *_: object) -> None:
        self._run("pg_ctl", "--mode", "immediate", "--wait", "stop")
        shutil.rmtree(self._folder)

    def _run(self, program: str, *arguments: str | Path) -> None:
        folder = programs()
        assert folder is not None, MISSING
        as_owner = ["runuser", "-u", _OWNER, "--"] if os.getuid() == 0 else []
        command = [*as_owner, folder / program, "--pgdata", self._folder / "cluster", *arguments]
        done = subprocess.run(command, cwd="/", capture_output=True, text=True, timeout=60, check=False)
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr or done.stdout}")
