"""`glassline store`: what it prints, and what it says of a store that works and of one that does not."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from glassline.program import write_secret
from glassline.store import DeadItem, DefectFilter, DetectionItem, open_store, supabase_migrations
from tests.store.samples import detection_item, evidence_item, make_detection, make_evidence


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


def test_dead_letters_are_listed_explained_and_stored_once_they_can_be(tmp_path: Path) -> None:
    assert run("dead", cwd=tmp_path).stdout == "There are no dead letters.\n"
    good = make_detection().to_json()
    with open_store(f"sqlite:{tmp_path}/var/glassline.db") as store:
        for payload, error in ((good, "an older version did not know it"), (b'{"v": 1}', "label: expected a text")):
            store.apply([DeadItem(device_id="pi-1", kind="detection", payload=payload, error=error)])
    listed = run("dead", cwd=tmp_path, COLUMNS="200").stdout
    assert "an older version did not know it" in listed
    assert "2 x" not in listed
    whole = run("dead", "2", cwd=tmp_path).stdout
    assert "dead letter 2: detection of pi-1, 8 bytes" in whole
    assert '"v": 1' in whole
    done = run("retry", "--all", cwd=tmp_path)
    assert (done.returncode, done.stdout.splitlines()[0]) == (1, "1 stored and forgotten, 1 still cannot be stored.")
    with open_store(f"sqlite:{tmp_path}/var/glassline.db") as store:
        assert store.counts(DefectFilter())["pending"] == 1
        assert [letter.number for letter in store.dead_letters()] == [2]
    missing = run("dead", "99", cwd=tmp_path)
    assert (missing.returncode, missing.stderr) == (
        1,
        "there is no dead letter 99: `glassline store dead` lists them\n",
    )


def test_the_address_of_a_picture_is_printed(tmp_path: Path) -> None:
    there, bare = make_detection(), make_detection()
    jpeg = make_evidence(there.event_id)
    with open_store(f"sqlite:{tmp_path}/var/glassline.db") as store:
        items = [detection_item(make_detection(there.event_id, image=jpeg)), evidence_item(there.event_id, jpeg)]
        store.apply([*items, detection_item(bare)])
    address = run("link", there.event_id, cwd=tmp_path).stdout.strip()
    assert Path(address.removeprefix("file://")).read_bytes() == jpeg
    assert "is not stored" in run("link", bare.event_id, cwd=tmp_path).stderr
    assert run("link", "nonsense", cwd=tmp_path).stderr == "no defect nonsense is stored\n"


def test_a_store_is_copied_and_put_back_by_one_command_each(tmp_path: Path) -> None:
    with open_store(f"sqlite:{tmp_path}/var/glassline.db") as store:
        store.apply([DetectionItem(device_id="pi-1", detection=make_detection())])
    assert run("backup", "copy", cwd=tmp_path).stdout.endswith("Copied: 1 defects and 0 pictures.\n")
    refused = run("restore", "copy", cwd=tmp_path)
    assert (refused.returncode, "move it away first" in refused.stderr) == (1, True)
    (tmp_path / "var").rename(tmp_path / "lost")
    assert run("restore", "copy", cwd=tmp_path).stdout.endswith("Put back: 1 defects and 0 pictures.\n")
    with open_store(f"sqlite:{tmp_path}/var/glassline.db") as store:
        assert store.counts(DefectFilter())["pending"] == 1


def test_what_would_go_is_said_before_it_goes(tmp_path: Path) -> None:
    kept = {"GLASS_KEEP_ROWS_DAYS": "30"}
    old = make_detection(first_at=datetime(2026, 1, 1, tzinfo=UTC))
    young = make_detection(first_at=datetime.now(UTC))
    with open_store(f"sqlite:{tmp_path}/var/glassline.db") as store:
        store.apply([DetectionItem(device_id="pi-1", detection=detection) for detection in (old, young)])
        assert run("prune", "--dry-run", cwd=tmp_path).stdout == "0 pictures (0.0 MB) and 0 defects would go.\n"
        said = run("prune", "--dry-run", cwd=tmp_path, **kept).stdout
        assert said == "0 pictures (0.0 MB) and 1 defects would go.\n"
        assert store.counts(DefectFilter())["pending"] == 2
        assert run("prune", cwd=tmp_path, **kept).stdout.endswith("0 pictures (0.0 MB) and 1 defects went.\n")
        assert [defect.event_id for defect in store.defects(DefectFilter()).defects] == [young.event_id]
