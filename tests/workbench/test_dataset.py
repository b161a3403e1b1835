"""Reviewed defects become a data set: a real store with real pictures in, files that training reads out."""

import hashlib
import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from glassline.contract import Box, frames, new_event_id
from glassline.contract.messages import EvidenceMeta
from glassline.store import DefectFilter, FalseAlarm, Store, open_store
from tests.store.samples import START, detection_item, evidence_item, make_detection
from workbench import feedback
from workbench.dataset import app
from workbench.training import TrainingUnavailable, load_yolo
from workbench.yolo_data import read_part


def jpeg_of(event_id: str, shade: int, others: list[Box] | None = None) -> bytes:
    bgr = np.full((96, 128, 3), shade, np.uint8)
    cv2.rectangle(bgr, (13, 19), (38, 38), (250, 250, 250), -1)
    _, encoded = cv2.imencode(".jpg", bgr)
    return frames.embed(encoded.tobytes(), EvidenceMeta(event_id=event_id, rev=0, others=others or []).to_json())


class Shelf:
    """A store that the test fills as node, bridge and people would."""

    def __init__(self, folder: Path) -> None:
        self.url = f"sqlite:{folder / 'glass.db'}"
        self.count = 0

    def add(
        self, *, label: str = "scratch", status: str = "reviewed", note: str = "", picture: bool = True,
        device: str = "pi-1", same_frame: bool = False, mask: list[tuple[float, float]] | None = None,
        others: list[Box] | None = None, false_alarm: FalseAlarm | None = None,
    ) -> str:  # fmt: skip
        self.count += not same_frame
        at = START + timedelta(hours=self.count)
        event_id = new_event_id(at.timestamp())
        jpeg = jpeg_of(event_id, 40 + self.count, others)
        box = Box(label=label, score=0.8, xyxyn=(0.1, 0.2, 0.3, 0.4), mask=mask)
        made = make_detection(event_id, image=jpeg, label=label, boxes=[box], first_at=at)
        with open_store(self.url) as store:
            store.apply(
                [detection_item(made, device), *([evidence_item(event_id, jpeg, 0, device)] if picture else [])]
            )
            self._review(store, event_id, status, note, false_alarm)
        return event_id

    def _review(self, store: Store, event_id: str, status: str, note: str, false_alarm: FalseAlarm | None) -> None:
        if status != "pending" or note:
            version = store.defect(event_id).version
            store.review(event_id, status=status, note=note, by="Ada", version=version, false_alarm=false_alarm)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


def export(shelf: Shelf, folder: Path, *more: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["export", str(folder), "--store", shelf.url, *more])
    assert result.exit_code == code, result.output
    return result.output


def pictures(folder: Path) -> dict[str, str]:
    """By picture what its label file says; each has one, in the same part."""
    found = {path: path.parents[2] / "labels" / path.parent.name / f"{path.stem}.txt" for path in folder.rglob("*.jpg")}
    assert set(folder.rglob("*.txt")) == set(found.values())
    return {f"{path.parent.name}/{path.stem}": label.read_text() for path, label in found.items()}


def test_reviewed_defects_come_out_as_pictures_with_their_boxes(shelf: Shelf, tmp_path: Path) -> None:
    event_id = shelf.add(label="scratch")
    for label in ("crack", "scratch", "crack"):
        shelf.add(label=label)
    shelf.add(status="pending")
    shelf.add(status="resolved")
    told = export(shelf, tmp_path / "set")
    assert "4 pictures" in told
    assert f"glassline model train {tmp_path / 'set' / 'data.yaml'}" in told.replace("\n", "")
    names, found = read_part(tmp_path / "set" / "data.yaml", "all")
    assert names == ["crack", "scratch"]
    assert sorted(label for one in found for label, _ in one.truths) == ["crack", "crack", "scratch", "scratch"]
    assert found[0].truths[0][1] == pytest.approx((0.1, 0.2, 0.3, 0.4), abs=1e-6)
    with open_store(shelf.url) as store:
        assert found[0].path.read_bytes() == store.evidence(event_id)


def test_false_alarms_show_good_glass_and_missing_pictures_are_counted(shelf: Shelf, tmp_path: Path) -> None:
    for note in ("", "see batch 7", "False alarm: dust", ""):
        shelf.add(note=note)
    shelf.add(picture=False)
    told = " ".join(export(shelf, tmp_path / "set").split())
    assert "4 pictures" in told
    assert "1 show good glass" in told
    assert "1 defects have no picture yet" in told
    assert sorted(text == "" for text in pictures(tmp_path / "set").values()) == [False, False, False, True]


def test_what_people_call_a_false_alarm_shows_good_glass_but_a_duplicate_is_there(shelf: Shelf, tmp_path: Path) -> None:
    for reason in (None, "water", "duplicate"):
        shelf.add(false_alarm=reason)
    assert "1 show good glass" in " ".join(export(shelf, tmp_path / "set").split())


def test_defects_of_one_frame_share_a_picture(shelf: Shelf, tmp_path: Path) -> None:
    shelf.add(label="scratch")
    shelf.add(label="crack", same_frame=True)
    shelf.add(label="crack", same_frame=True, note="false alarm")
    shelf.add()
    assert "2 pictures" in export(shelf, tmp_path / "set")
    assert sorted(text.count("\n") for text in pictures(tmp_path / "set").values()) == [1, 2]


def test_what_else_a_picture_shows_is_labelled_too_unless_it_was_a_false_alarm(shelf: Shelf, tmp_path: Path) -> None:
    def elsewhere(event_id: str, y: float) -> Box:
        return Box(label="crack", score=0.7, xyxyn=(0.5, y, 0.6, y + 0.1), event_id=event_id)

    pending, false = shelf.add(label="chip", status="pending"), shelf.add(note="false alarm")
    shelf.add(others=[elsewhere(pending, 0.1), elsewhere(false, 0.3), elsewhere(new_event_id(1.7e9), 0.5)])
    export(shelf, tmp_path / "set")
    _, found = read_part(tmp_path / "set" / "data.yaml", "all")
    marks = [(label, round(corners[1], 2)) for one in found for label, corners in one.truths]
    assert sorted(marks) == [("chip", 0.1), ("crack", 0.5), ("scratch", 0.2)]


def test_a_picture_stays_on_its_side_and_both_sides_have_some(shelf: Shelf, tmp_path: Path) -> None:
    for _ in range(2):
        shelf.add()
    export(shelf, tmp_path / "set")
    assert {name.split("/")[0] for name in pictures(tmp_path / "set")} == {"train", "val"}
    for _ in range(28):
        shelf.add()
    export(shelf, tmp_path / "set")
    before = set(pictures(tmp_path / "set"))
    assert 1 <= sum(name.startswith("val/") for name in before) <= 14
    for _ in range(10):
        shelf.add()
    export(shelf, tmp_path / "set")
    assert before <= set(pictures(tmp_path / "set"))


def test_exporting_again_changes_nothing_and_follows_the_reviews(shelf: Shelf, tmp_path: Path) -> None:
    ids = [shelf.add() for _ in range(6)]
    export(shelf, tmp_path / "set")

    def state() -> dict[str, tuple[str, int]]:
        files = list((tmp_path / "set").rglob("*.jpg"))
        return {path.name: (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns) for path in files}

    before = state()
    export(shelf, tmp_path / "set")
    assert state() == before, "pictures that are there are not written again"
    mine = tmp_path / "set" / "images" / "train" / "mine.jpg"
    mine.write_bytes(jpeg_of(ids[0], 9))
    (tmp_path / "set" / "labels" / "train" / "mine.txt").write_text("0 0.5 0.5 0.1 0.1\n")
    with open_store(shelf.url) as store:
        store.review(ids[0], status="pending", note=None, by="Ada", version=store.defect(ids[0]).version)
    export(shelf, tmp_path / "set")
    assert len(pictures(tmp_path / "set")) == 6
    assert mine.is_file()


def test_an_export_that_was_cut_off_is_finished_by_the_next(shelf: Shelf, tmp_path: Path) -> None:
    for _ in range(8):
        shelf.add()
    export(shelf, tmp_path / "whole")
    with open_store(shelf.url) as store:

        def breaking(defects):
            yield from defects[:3]
            raise KeyboardInterrupt

        defects = breaking(feedback.select(store, DefectFilter(), ["reviewed"]))
        with pytest.raises(KeyboardInterrupt):
            feedback.export(store, defects, tmp_path / "cut", labels=[], false_alarm="false alarm", polygons=False)
    export(shelf, tmp_path / "cut")
    assert pictures(tmp_path / "cut") == pictures(tmp_path / "whole")


def test_what_is_exported_can_be_narrowed_by_time_device_and_status(shelf: Shelf, tmp_path: Path) -> None:
    for device in ("pi-1", "pi-1", "pi-2", "pi-2", "pi-2"):
        shelf.add(device=device)
    shelf.add(status="resolved")
    assert "3 pictures" in export(shelf, tmp_path / "device", "--device", "pi-2")
    assert "6 pictures" in export(shelf, tmp_path / "both", "--status", "reviewed", "--status", "resolved")
    since = (START + timedelta(hours=3)).isoformat()
    assert "3 pictures" in export(shelf, tmp_path / "since", "--since", since)
    assert "2 pictures" in export(shelf, tmp_path / "until", "--until", since)
    assert "two at least" in export(shelf, tmp_path / "day", "--until", "40000d", code=1)


def test_a_segmenting_model_gets_outlines(shelf: Shelf, tmp_path: Path) -> None:
    shelf.add(mask=[(0.1, 0.2), (0.3, 0.2), (0.2, 0.4)])
    shelf.add()
    export(shelf, tmp_path / "set", "--polygons")
    lines = sorted(pictures(tmp_path / "set").values(), key=len)
    assert lines[0] == "0 0.10000 0.20000 0.30000 0.20000 0.20000 0.40000\n"
    assert len(lines[1].split()) == 9


def test_classes_may_be_given_and_then_no_other_may_occur(shelf: Shelf, tmp_path: Path) -> None:
    shelf.add(label="crack")
    shelf.add(label="chip")
    export(shelf, tmp_path / "set", "--labels", "scratch,crack,chip")
    assert {text.split()[0] for text in pictures(tmp_path / "set").values()} == {"1", "2"}
    assert "chip" in export(shelf, tmp_path / "other", "--labels", "scratch,crack", code=1)


def test_a_store_that_is_not_there_is_named_and_not_made(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["export", str(tmp_path / "set"), "--store", f"sqlite:{tmp_path / 'none.db'}"])
    assert result.exit_code == 1
    assert "none.db" in result.output
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize("wrong", [["--since", "yesterday"], ["--status", "done"]])
def test_what_cannot_be_understood_is_said_so(shelf: Shelf, tmp_path: Path, wrong: list[str]) -> None:
    assert wrong[1] in export(shelf, tmp_path / "set", *wrong, code=2)


@pytest.mark.train
def test_training_takes_what_was_exported(shelf: Shelf, tmp_path: Path) -> None:
    try:
        load_yolo()
    except TrainingUnavailable as error:
        pytest.fail(str(error))
    for number in range(8):
        shelf.add(label=("crack", "scratch")[number % 2], note="false alarm" if number == 5 else "")
    export(shelf, tmp_path / "set")
    command = [sys.executable, "-c", "from workbench.main import app; app()", "model", "train"]
    command += [str(tmp_path / "set" / "data.yaml"), "--runs", str(tmp_path / "runs"), "--name", "fed", "--epochs", "1"]
    subprocess.run([*command, "--imgsz", "64", "--batch", "4"], env=os.environ, check=True, timeout=300)
    assert (tmp_path / "runs" / "fed" / "weights" / "last.pt").is_file()
    assert json.loads((tmp_path / "set" / "exported.json").read_bytes())


def test_a_server_that_has_no_libraries_for_pictures_can_export() -> None:
    """The extra `server` brings neither NumPy nor OpenCV."""
    blocked = "import sys; sys.modules.update(dict.fromkeys(('cv2', 'numpy', 'torch'))); import workbench.feedback"
    subprocess.run([sys.executable, "-c", blocked], check=True, timeout=60)
