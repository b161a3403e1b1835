"""What the SQLite store says when it cannot."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from glassline.contract import Reason
from glassline.store import DefectFilter, Store, StoreError, open_store
from glassline.store.sqlite import SqliteStore
from tests.store.samples import detection_item, evidence_item, make_detection, make_evidence


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:{path}") as opened:
        yield opened


def test_a_healthy_store_has_nothing_to_say_and_the_probe_leaves_nothing_behind(store: Store, path: Path) -> None:
    assert store.check() is None
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT (SELECT count(*) FROM dead_letters), count(*) FROM defects").fetchone() == (0, 0)
    assert list(path.parent.glob("**/probe*")) == []


def test_a_lock_held_by_another_program_is_named_and_passes(path: Path) -> None:
    with SqliteStore(path, busy_timeout_s=0.05) as store:
        holder = sqlite3.connect(path, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        detection = make_detection()
        with pytest.raises(StoreError, match=r"keeps .* locked") as caught:
            store.apply([detection_item(detection)])
        assert caught.value.code is Reason.STORE_DOWN
        assert store.defect(detection.event_id) is None, "readers do not wait for the writer"
        holder.execute("ROLLBACK")
        holder.close()
        assert store.apply([detection_item(detection)])[0].row == "stored"


def test_a_file_that_is_no_database_is_named_with_the_remedy(path: Path) -> None:
    path.write_bytes(b"this is a letter to my aunt" * 100)
    with pytest.raises(StoreError, match=r"damaged or no SQLite file.*backup"):
        open_store(f"sqlite:{path}").open()


def test_a_file_of_another_program_is_left_alone(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE recipes (name TEXT)")
    with pytest.raises(StoreError, match="belongs to another program"):
        open_store(f"sqlite:{path}").open()
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT name FROM sqlite_schema").fetchall() == [("recipes",)]


def test_a_file_of_a_newer_version_is_left_alone(store: Store, path: Path) -> None:
    store.close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 9999")
    with pytest.raises(StoreError, match="update Glassline"):
        store.open()


def test_a_damaged_page_is_named(store: Store, path: Path) -> None:
    store.apply([detection_item(make_detection()) for _ in range(200)])
    store.close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    damaged = bytearray(path.read_bytes())
    damaged[4096:] = os.urandom(len(damaged) - 4096)
    path.write_bytes(damaged)
    sentence = open_store(f"sqlite:{path}").check()
    assert sentence is not None
    assert "damaged" in sentence


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file where a folder should be")
    with pytest.raises(StoreError, match=str(tmp_path / "var")):
        open_store(f"sqlite:{tmp_path}/var/glass.db").open()


def test_a_file_put_in_its_place_is_used_from_then_on(store: Store, path: Path, tmp_path: Path) -> None:
    old, new = make_detection(), make_detection()
    store.apply([detection_item(old)])
    assert store.defect(old.event_id) is not None
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).rename(tmp_path / f"moved{suffix}")
    store.apply([detection_item(new)])
    assert store.defect(new.event_id) is not None
    assert store.defect(old.event_id) is None
    with open_store(f"sqlite:{tmp_path}/moved") as moved:
        assert moved.counts(DefectFilter())["pending"] == 1


def test_a_picture_that_somebody_deleted_is_said_and_heals_when_it_is_sent_again(store: Store, path: Path) -> None:
    detection = make_detection()
    jpeg = make_evidence(detection.event_id)
    store.apply([detection_item(make_detection(detection.event_id, image=jpeg))])
    store.apply([evidence_item(detection.event_id, jpeg)])
    [file] = (f for f in path.with_name(path.name + ".images").rglob("*.jpg"))
    file.unlink()
    with pytest.raises(StoreError, match="is gone from"):
        store.evidence(detection.event_id)
    store.apply([evidence_item(detection.event_id, jpeg)])
    assert store.evidence(detection.event_id) == jpeg


def test_files_that_a_crash_left_are_swept_and_named_ones_stay(store: Store, path: Path) -> None:
    detection = make_detection()
    jpeg = make_evidence(detection.event_id)
    store.apply([evidence_item(detection.event_id, jpeg)])
    store.apply([detection_item(make_detection(detection.event_id, image=jpeg))])
    [named] = path.with_name(path.name + ".images").rglob("*.jpg")
    unnamed = named.with_name(f"{detection.event_id}-{'0' * 64}.jpg")
    half = named.with_name(named.name + ".123.new")
    young = named.with_name(f"{detection.event_id}-{'1' * 64}.jpg")
    for file in (unnamed, half, young):
        file.write_bytes(b"left behind")
    for file in (named, unnamed, half):
        os.utime(file, (0, 0))
    for _ in range(256):
        store.tidy()
    assert {f.name for f in named.parent.iterdir()} == {named.name, young.name}


IN_A_SMALL_DISK = """
import subprocess, sys
from glassline.store import DefectFilter, StoreError, open_store
from tests.store.samples import *

disk = sys.argv[1]
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "glass", disk], check=True)
store = open_store(f"sqlite:{disk}/glass.db")
store.open()
store.apply([detection_item(make_detection())])

with open(f"{disk}/filler", "wb", buffering=0) as filler:
    try:
        while filler.write(bytes(4096)):
            pass
    except OSError:
        pass
print("full:", store.check())
event_id = "01890000-0000-7000-8000-0000000000aa"
picture = make_evidence(event_id, size_bytes=50_000)
for items in ([detection_item(make_detection()) for _ in range(100)], [evidence_item(event_id, picture)]):
    try:
        store.apply(items)
    except StoreError as error:
        print("full apply:", error.code, error)
print("rows while full:", store.counts(DefectFilter())["pending"])

import os
os.unlink(f"{disk}/filler")
print("freed:", store.check())
store.apply([detection_item(make_detection(event_id, image=picture)), evidence_item(event_id, picture)])
store.close()
subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
print("read-only:", store.check())
try:
    store.apply([detection_item(make_detection())])
except StoreError as error:
    print("read-only apply:", error.code)
subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
print("writable:", store.check(), store.apply([detection_item(make_detection())])[0].row)
print("at the end:", store.counts(DefectFilter())["pending"], store.evidence(event_id) == picture)
"""


def test_a_full_and_a_read_only_disk_are_named_and_recovered_from(tmp_path: Path) -> None:
    namespace = ["unshare", "--map-root-user", "--mount"]
    if subprocess.run([*namespace, "true"], capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk needs root or user namespaces (unshare)")
    script = tmp_path / "small_disk.py"
    script.write_text(IN_A_SMALL_DISK)
    disk = tmp_path / "disk"
    disk.mkdir()
    done = subprocess.run(
        [*namespace, sys.executable, script, disk],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ | {"PYTHONPATH": os.getcwd()},
    )
    assert done.returncode == 0, done.stderr
    said = dict(line.split(": ", 1) for line in done.stdout.splitlines() if not line.startswith("full apply"))
    applied = [line for line in done.stdout.splitlines() if line.startswith("full apply")]
    assert "is full" in said["full"]
    assert "df -h" in said["full"]
    assert len(applied) == 2
    assert all("store.full" in line and "is full" in line for line in applied)
    assert said["rows while full"] == "1"
    assert said["freed"] == "None"
    assert "can only be read" in said["read-only"]
    assert said["read-only apply"] == "store.read_only"
    assert said["writable"] == "None stored"
    assert said["at the end"] == "3 True"
