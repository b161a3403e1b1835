"""The doctor looks at the store of its machine itself, whether a bridge runs or not."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from glassline.contract import Role
from glassline.program import write_secret
from glassline.store import DefectFilter, open_store
from tests.support.embedded_broker import broker_process
from tests.support.waiting import until

from .conftest import CLEAN, Line, run_doctor

ROLES = {"web-1": Role.WEB, "bridge-1": Role.BRIDGE}
DISK = """
import subprocess, sys
from pathlib import Path

from glassline.store import open_store
from tests.doctor.conftest import run_doctor

disk, folder = Path(sys.argv[1]), Path(sys.argv[2])
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk], check=True)
with open_store(f"sqlite:{disk / 'glass.db'}"):
    pass
(folder / "glassline.toml").write_text(f'[bridge]\\nstore = "sqlite:{disk / "glass.db"}"\\n')
try:
    with (disk / "filler").open("wb") as filler:
        while True:
            filler.write(bytes(4096))
            filler.flush()
except OSError:
    pass
print("full:", run_doctor("--json", folder=folder).causes)
(disk / "filler").unlink()
subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
print("read-only:", run_doctor("--json", folder=folder).causes)
"""


def stored(folder: Path, content: bytes | None = None) -> Path:
    """A settings file with a bridge alone, whose broker is nowhere, and its store."""
    path = folder / "glass.db"
    (folder / "glassline.toml").write_text(f'[bridge]\nstore = "sqlite:{path}"\n')
    if content is None:
        with open_store(f"sqlite:{path}"):
            pass
    else:
        path.write_bytes(content)
    return path


def test_it_writes_reads_and_removes_a_marked_defect_while_the_bridge_writes(line: Line, tmp_path: Path) -> None:
    told = run_doctor("--json", "--config", str(line.site.config), folder=tmp_path)
    store = told.json["seen"]["store"]
    assert (told.code, store["code"]) == (0, None), told.text
    assert store["took_ms"] > 0
    assert store["disk_free_mb"] > 0
    with open_store(line.site.store) as opened:
        assert opened.counts(DefectFilter(device_ids=("probe",))) == {"pending": 0, "reviewed": 0, "resolved": 0}


def test_a_store_that_works_is_seen_though_no_bridge_runs(tmp_path: Path) -> None:
    path = stored(tmp_path)
    told = run_doctor("--json", folder=tmp_path)
    assert told.states["store"] == "ok", told.text
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT count(*) FROM defects").fetchone() == (0,)


def test_a_store_that_is_no_store_is_down(tmp_path: Path) -> None:
    stored(tmp_path, b"this is a letter to my aunt" * 100)
    told = run_doctor("--json", folder=tmp_path)
    assert "store.down" in told.causes, told.text
    assert "damaged or no SQLite file" in told.text


def test_no_store_is_made_where_none_lies(tmp_path: Path) -> None:
    (tmp_path / "glassline.toml").write_text('[bridge]\nstore = "sqlite:var/glass.db"\n')
    told = run_doctor("--json", folder=tmp_path)
    assert told.states["store"] == "unknown", told.text
    assert not (tmp_path / "var").exists()


def test_a_full_and_a_read_only_disk_are_named(tmp_path: Path) -> None:
    disk, folder = tmp_path / "disk", tmp_path / "folder"
    disk.mkdir()
    folder.mkdir()
    command = ["unshare", "--user", "--map-root-user", "--mount", sys.executable, "-c", DISK, str(disk), str(folder)]
    run = subprocess.run(command, cwd=Path.cwd(), capture_output=True, text=True, timeout=120, check=False)
    if "Operation not permitted" in run.stderr or "unshare failed" in run.stderr:
        pytest.skip("no mount namespaces here")
    assert run.returncode == 0, run.stderr
    full, read_only = run.stdout.splitlines()
    assert "store.full" in full, run.stdout
    assert "store.read_only" in read_only, run.stdout


def test_a_password_in_the_address_of_a_store_is_repeated_nowhere(tmp_path: Path) -> None:
    address = "postgres://admin:s3cr3t/p@ss@db.example/glass"
    (tmp_path / "glassline.toml").write_text(f'[bridge]\nstore = "{address}"\nbroker = "mqtt://u:s3cr3t/p@w@h"\n')
    for arguments in (["--json"], ["--all", "--settings"]):
        told = run_doctor(*arguments, folder=tmp_path)
        assert "…@db.example/glass" in told.text.replace("\\u2026", "…"), told.text
        assert "s3cr3t" not in told.text + told.complaint
        assert "p@ss" not in told.text


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ('store = "sqlit:glass.db"', "no store is known at"),
        ('store = "supabase:https://x.supabase.co"\nstore_key_file = "nowhere"', "nowhere"),
    ],
)
def test_a_store_that_its_settings_do_not_lead_to_keeps_the_bridge_from_starting(
    tmp_path: Path, settings: str, says: str
) -> None:
    with broker_process(ROLES) as broker:
        web = f'[web]\nbroker = "{broker.url}"\npassword_file = "{tmp_path / "web"}"\n'
        write_secret(tmp_path / "web", broker.passwords["web-1"])
        bridge = f'[bridge]\nbroker = "{broker.url}"\npassword_file = "{tmp_path / "bridge"}"\n{settings}\n'
        write_secret(tmp_path / "bridge", broker.passwords["bridge-1"])
        (tmp_path / "glassline.toml").write_text(web + bridge)
        told = run_doctor("--json", folder=tmp_path)
    assert "bridge.offline" not in told.causes, told.text
    assert says in next(one["sentence"] for one in told.json["hops"] if one["hop"] == "bridge"), told.text
    assert "Mend [bridge]" in told.remedy("settings.wrong")


def test_paths_of_settings_begin_where_the_programs_run_not_where_it_is_asked(tmp_path: Path) -> None:
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    for folder in (home, elsewhere):
        folder.mkdir()
    config = home / "glassline.toml"
    with broker_process(ROLES) as broker:
        write_secret(home / "secret", broker.passwords["bridge-1"])
        config.write_text(f'[bridge]\nbroker = "{broker.url}"\npassword_file = "secret"\nstore = "sqlite:glass.db"\n')
        command = [sys.executable, "-m", "bridge", "--config", str(config)]
        with subprocess.Popen(
            command, cwd=home, env=CLEAN, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as bridge:
            try:
                until(lambda: (home / "glass.db").exists(), 20)
                told = run_doctor("--json", "--config", str(config), folder=elsewhere)
            finally:
                bridge.terminate()
    assert told.states["bridge"] == told.states["store"] == told.states["broker"] == "ok", told.text
    assert list(elsewhere.iterdir()) == []
