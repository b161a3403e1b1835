"""A store copied while it is written to, and put back elsewhere."""

import threading
from pathlib import Path

import pytest

from glassline.store import DefectFilter, Item, open_store
from glassline.store.sqlite.backup import BackupError, backup, restore
from tests.store.samples import detection_item, evidence_item, make_detection, make_evidence


def pair(size_bytes: int = 2000) -> list[Item]:
    detection = make_detection()
    jpeg = make_evidence(detection.event_id, size_bytes=size_bytes)
    whole = make_detection(detection.event_id, image=jpeg)
    return [detection_item(whole), evidence_item(detection.event_id, jpeg)]


def test_a_copy_taken_while_the_bridge_writes_is_one_instant_of_it(path: Path, tmp_path: Path) -> None:
    stop = threading.Event()
    with open_store(f"sqlite:{path}") as store:
        store.apply(pair())
        store.review(store.defects(DefectFilter()).defects[0].event_id, status="reviewed", note="a", by="b", version=0)

        def write() -> None:
            while not stop.is_set():
                store.apply([*pair(), *pair()])

        writer = threading.Thread(target=write)
        writer.start()
        try:
            first = backup(path, tmp_path / "copy")
            second = backup(path, tmp_path / "copy")
        finally:
            stop.set()
            writer.join()
    assert first.defects % 2 == 1, "whole batches"
    assert (first.missing, second.missing) == (0, 0)
    assert second.defects >= first.defects
    seen = []
    done = restore(tmp_path / "copy", tmp_path / "elsewhere" / "glass.db", progress=lambda *step: seen.append(step))
    assert done == second
    assert seen[-1] == (second.pictures, second.pictures)
    with open_store(f"sqlite:{tmp_path}/elsewhere/glass.db") as restored:
        assert restored.check() is None
        assert sum(restored.counts(DefectFilter()).values()) == second.defects
        assert restored.counts(DefectFilter())["reviewed"] == 1
        for defect in restored.defects(DefectFilter(), limit=500).defects:
            assert defect.event_id.encode() in (restored.evidence(defect.event_id) or b"")


def test_pictures_given_up_since_leave_the_copy(path: Path, tmp_path: Path) -> None:
    first = pair()
    with open_store(f"sqlite:{path}") as store:
        store.apply(first)
        backup(path, tmp_path / "copy")
        event_id = first[0].detection.event_id  # type: ignore[union-attr]
        newer = make_evidence(event_id, 1, content=b"newer")
        store.apply([detection_item(make_detection(event_id, 1, image=newer)), evidence_item(event_id, newer, 1)])
        backup(path, tmp_path / "copy")
    [picture] = (tmp_path / "copy" / "images").rglob("*.jpg")
    assert picture.read_bytes() == newer


def test_nothing_is_overwritten_and_nothing_broken_is_put_back(path: Path, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="there is no store"):
        backup(path, tmp_path / "copy")
    with pytest.raises(BackupError, match="no copy of a store"):
        restore(tmp_path / "copy", path)
    with open_store(f"sqlite:{path}") as store:
        store.apply([item for _ in range(50) for item in pair()])
    backup(path, tmp_path / "copy")
    with pytest.raises(BackupError, match="move it away first"):
        restore(tmp_path / "copy", path)
    copy = tmp_path / "copy" / "glassline.db"
    copy.write_bytes(copy.read_bytes()[:20_000])
    with pytest.raises(BackupError, match="damaged"):
        restore(tmp_path / "copy", tmp_path / "new.db")
    assert not (tmp_path / "new.db").exists()
