"""`glassline store`: what it prints, and what it says of a store that works and of one that does not."""

import os
import subprocess
import sys
from pathlib import Path

from glassline.program import write_secret
from glassline.store import supabase_migrations


def run(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from workbench.main import app; app()", "store", *arguments]
    return subprocess.run(
        command,
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": os.getcwd()} | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_migrations_are_printed_in_order_or_copied_for_the_cli(tmp_path: Path) -> None:
    done = run("migrate", cwd=tmp_path)
    assert done.stdout == "\n".join(file.read_text() for file in supabase_migrations()) + "\n"
    assert "SQL editor" in done.stderr
    assert run("migrate", "--into", "supabase/migrations", cwd=tmp_path).returncode == 0
    copied = sorted((tmp_path / "supabase" / "migrations").iterdir())
    assert [file.name for file in copied] == [file.name for file in supabase_migrations()]


def test_a_store_that_works_is_said_to(tmp_path: Path) -> None:
    done = run("check", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (
        0,
        "sqlite:var/glassline.db can be read and written, rows and pictures.\n",
    )


def test_what_is_wrong_is_said_and_the_key_is_not(tmp_path: Path) -> None:
    nowhere = {"GLASS_STORE": "supabase:http://127.0.0.1:9"}
    done = run("check", cwd=tmp_path, **nowhere)
    assert (done.returncode, "store_key_file" in done.stderr) == (1, True)
    write_secret(tmp_path / "key", "sb_secret_do_not_tell")
    done = run("check", cwd=tmp_path, GLASS_STORE_KEY_FILE=str(tmp_path / "key"), **nowhere)
    assert done.returncode == 1
    assert "cannot be reached" in done.stderr
    assert "do_not_tell" not in done.stdout + done.stderr
