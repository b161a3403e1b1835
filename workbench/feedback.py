"""From reviewed defects to a YOLO data set: one picture a frame, with the boxes of all that was found in it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from glassline.contract import Box
from glassline.contract.frames import metadata_of
from glassline.contract.messages import EvidenceMeta, decode
from glassline.data_yaml import label_line, write_data_yaml
from glassline.store import Defect, DefectFilter, Status, Store, every_defect, open_store
from glassline.writing import write_whole

_VALIDATION_SHARE = 0.2
_MANIFEST = "exported.json"


@dataclass(frozen=True)
class Exported:
    """What was written. `background` pictures have no box, `missing` counts defects without a stored picture."""

    data_yaml: Path
    pictures: int
    validation: int
    boxes: int
    background: int
    missing: int


def open_existing(url: str, *, key_file: str = "") -> Store:
    """The store at `url`, to be entered; ValueError where a SQLite file is not there, which would be made anew."""
    scheme, _, path = url.partition(":")
    if scheme == "sqlite" and not Path(path).is_file():
        raise ValueError(f"there is no store {path}: name the bridge's with --store sqlite:PATH")
    return open_store(url, key_file=key_file)


def select(store: Store, where: DefectFilter, statuses: Sequence[Status]) -> list[Defect]:
    """All defects of these statuses."""
    return [found for status in statuses for found in every_defect(store, replace(where, statuses=(status,)))]


def export(
    store: Store,
    defects: Iterable[Defect],
    directory: Path,
    *,
    labels: Sequence[str],
    false_alarm: str,
    polygons: bool,
) -> Exported:
    """Write `defects` into `directory` and make it hold these and no others that an earlier export wrote there.

    Defects of one frame share its picture, and what else was found in it gets its box too, as the picture itself tells.
    A false alarm, called so or by a note that begins with `false_alarm` in any case, gives its picture but no box. A
    picture's name decides whether it is for validation, so that it stays on its side; one that is there already is not
    written again.
    `labels` fixes the classes; without, they are those of the defects, by name.
    ValueError when a defect has another label than these, or when fewer than two pictures come together.
    """
    frames: dict[str, list[Defect]] = defaultdict(list)
    missing = 0
    for defect in defects:
        if not _write_picture(store, defect, directory):
            missing += 1
            continue
        frames[_frame_name(defect)].append(defect)
    if len(frames) < 2:
        raise ValueError(
            f"{len(frames)} pictures match, and a data set needs two at least ({missing} defects have no picture). "
            "Review more, or ask for more: --since, --status, --device."
        )
    real = {name: _marks(store, directory, name, members, false_alarm) for name, members in frames.items()}
    found = {box.label for marks in real.values() for box in marks}
    names = list(labels) or sorted(found)
    strange = sorted(found - set(names))
    if strange:
        raise ValueError(f"defects are labelled {', '.join(strange)}, which --labels does not name")
    parts = _parts(frames)
    earlier = _own(directory)
    _note_own(directory, earlier | set(parts))
    boxes = 0
    for name, marks in real.items():
        lines = [_line(names.index(box.label), box, polygons) for box in marks]
        boxes += len(lines)
        _place(directory, name, parts[name], "".join(lines))
    with suppress(OSError):
        (directory / "images" / "new").rmdir()
    _remove(directory, earlier - set(parts))
    _note_own(directory, set(parts))
    data_yaml = write_data_yaml(directory / "data.yaml", names or _NO_NAMES)
    validation = sum(part == "val" for part in parts.values())
    background = sum(not marks for marks in real.values())
    return Exported(data_yaml, len(frames), validation, boxes, background, missing)


_NO_NAMES = ("defect",)
"""Where all are false alarms: a training still wants a class."""


def _frame_name(defect: Defect) -> str:
    return f"{defect.device_id}-{defect.frame_at:%Y%m%dT%H%M%S}{defect.frame_at.microsecond // 1000:03d}"


def _write_picture(store: Store, defect: Defect, directory: Path) -> bool:
    """Have the picture among those that wait to be placed, unless it is placed; False where the store has none."""
    name = f"{_frame_name(defect)}.jpg"
    if any((directory / "images" / part / name).is_file() for part in ("train", "val", "new")):
        return True
    jpeg = store.evidence(defect.event_id)
    if jpeg is None:
        return False
    write_whole(directory / "images" / "new" / name, jpeg)
    return True


def _marks(store: Store, directory: Path, name: str, members: Sequence[Defect], false_alarm: str) -> list[Box]:
    """All that is known to be in a picture: the boxes of its own defects, and of the others that its node told of."""
    real = [defect for defect in members if not _is_false(defect, false_alarm)]
    marks = [box.model_copy(update={"label": defect.label}) for defect in real for box in defect.boxes]
    places = [directory / "images" / part / f"{name}.jpg" for part in ("train", "val", "new")]
    jpeg = next(path for path in places if path.is_file()).read_bytes()
    known = {defect.event_id for defect in members}
    for other in decode(EvidenceMeta, metadata_of(jpeg)).others:
        if other.event_id is not None and other.event_id not in known:
            defect = store.defect(other.event_id)
            if defect is None or not _is_false(defect, false_alarm):
                marks.append(other.model_copy(update={"label": defect.label if defect else other.label}))
    return marks


def _is_false(defect: Defect, false_alarm: str) -> bool:
    """Whether people said that there was nothing. A duplicate is there, and was found before."""
    if defect.false_alarm is not None:
        return defect.false_alarm != "duplicate"
    return bool(false_alarm) and defect.note.strip().lower().startswith(false_alarm.lower())


def _parts(names: Iterable[str]) -> dict[str, str]:
    """By picture train or val: a fifth by the digest of its name, and one of each at least."""
    digests = {name: sha256(name.encode()).digest()[0] / 256 for name in names}
    parts = {name: "val" if digest < _VALIDATION_SHARE else "train" for name, digest in digests.items()}
    by_digest = sorted(digests, key=lambda name: (digests[name], name))
    parts[by_digest[0]], parts[by_digest[-1]] = "val", "train"
    return parts


def _place(directory: Path, name: str, part: str, lines: str) -> None:
    """Picture and label file in the part they belong to, and nowhere else."""
    target = directory / "images" / part / f"{name}.jpg"
    for other in ("train", "val", "new"):
        path = directory / "images" / other / f"{name}.jpg"
        if other != part and path.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            path.replace(target)
            (directory / "labels" / other / f"{name}.txt").unlink(missing_ok=True)
    write_whole(directory / "labels" / part / f"{name}.txt", lines.encode())


def _line(class_id: int, box: Box, polygons: bool) -> str:
    """One line of a YOLO label file: class, then centre, width and height, or the corners of an outline; all 0-1."""
    if polygons:
        x0, y0, x1, y1 = box.xyxyn
        outline = box.mask or [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
        return f"{class_id} " + " ".join(f"{x:.5f} {y:.5f}" for x, y in outline) + "\n"
    return label_line(class_id, box.xyxyn)


def _own(directory: Path) -> set[str]:
    """Pictures that exports wrote here; all others are somebody else's and stay."""
    manifest = directory / _MANIFEST
    return set(json.loads(manifest.read_bytes())) if manifest.is_file() else set()


def _note_own(directory: Path, names: set[str]) -> None:
    write_whole(directory / _MANIFEST, json.dumps(sorted(names), indent=0).encode())


def _remove(directory: Path, names: set[str]) -> None:
    for name in names:
        for part in ("train", "val"):
            (directory / "images" / part / f"{name}.jpg").unlink(missing_ok=True)
            (directory / "labels" / part / f"{name}.txt").unlink(missing_ok=True)
