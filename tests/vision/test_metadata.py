"""The metadata.yaml of exported folders, as Ultralytics writes it and as we do."""

from pathlib import Path

import pytest

from glassline.vision import ModelBrokenError
from glassline.vision.metadata import FILE_NAME, read_metadata, write_metadata

ULTRALYTICS = """description: Ultralytics YOLO11n model trained on /data/glass.yaml
author: Ultralytics
date: '2026-11-22T21:47:08.001988+00:00'
license: AGPL-3.0 License (https://ultralytics.com/license)
stride: 32
task: segment
imgsz:
- 320
- 416
names:
  0: scratch
  1: '2'
  2: it''s a chip
  3: "Bläschen: klein"
  4: 'it''s'
args:
  batch: 1
  quantize: null
  fraction: 1.0
end2end: false
"""


def test_what_ultralytics_writes_is_read(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text(ULTRALYTICS, encoding="utf-8")
    said = read_metadata(tmp_path)
    assert said["names"] == {0: "scratch", 1: "2", 2: "it''s a chip", 3: "Bläschen: klein", 4: "it's"}
    assert (said["imgsz"], said["stride"], said["task"], said["end2end"]) == ([320, 416], 32, "segment", False)
    assert said["args"]["quantize"] is None
    assert said["date"].startswith("2026-11-22T21:47")


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    said = {
        "task": "detect",
        "imgsz": [416, 416],
        "strides": [8, 16, 32],
        "names": {0: "a: b", 1: "it's", 2: "7", 3: "é"},
    }
    write_metadata(tmp_path, said)
    assert read_metadata(tmp_path) == said


def test_a_folder_without_it_says_nothing(tmp_path: Path) -> None:
    assert read_metadata(tmp_path) == {}


@pytest.mark.parametrize("content", [b"- astray\n", b"a: [1\n", b"\xff\xfe\x00", b""])
def test_what_is_broken_is_named_with_the_remedy(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)
    with pytest.raises(ModelBrokenError, match=r"metadata\.yaml.*glassline model export"):
        read_metadata(tmp_path)
