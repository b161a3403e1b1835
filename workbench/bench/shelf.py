"""A store as a workshop has it after two months: many defects, most of them reviewed, some with a note."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice

from glassline.contract import Box, new_boot, new_event_id
from glassline.contract.messages import Detection
from glassline.store import FALSE_ALARMS, Defect, DefectFilter, DetectionItem, Review, Status, Store, every_page

DAYS, DEVICES = 60, 20
LABELS = {"scratch": 40.0, "crack": 25.0, "chip": 20.0, "bubble": 10.0, "stain": 4.9, "inclusion": 0.1}
"""With their share in percent."""
NOTES = ("Kratzer links oben", "seen before on this pane", "polished out", "rim, does not matter", "batch 7")
STATUSES: dict[Status, int] = {"pending": 20, "reviewed": 60, "resolved": 20}
NOTED_SHARE, FALSE_SHARE = 0.05, 0.03
AT_ONCE = 500


def fill(store: Store, count: int, *, now: datetime, seed: int = 1) -> None:
    """Store so many defects of the last 60 days, and review them, as nodes and people would."""
    rng = random.Random(seed)
    items = _items(count, now, rng)
    while batch := list(islice(items, AT_ONCE)):
        store.apply(batch)
    for page in every_page(store, DefectFilter()):
        store.review_many([review for defect in page if (review := _review(defect, rng))], by="bench")


def _items(count: int, now: datetime, rng: random.Random) -> Iterator[DetectionItem]:
    labels, weights = list(LABELS), list(LABELS.values())
    fields = {"ts": now, "boot": new_boot(), "rev": 2, "phase": "end", "frames_confirmed": 9, "model": "glassline-n"}
    for nth in range(count):
        at = now - timedelta(days=DAYS) * ((count - nth) / count)
        label, score = rng.choices(labels, weights)[0], round(rng.betavariate(6, 2), 5)
        boxes = [Box(label=label, score=score, xyxyn=(0.1, 0.2, 0.3, 0.4), track=nth)]
        said = {"event_id": new_event_id(at.timestamp()), "label": label, "score": score, "boxes": boxes}
        times = dict.fromkeys(("first_at", "last_at", "frame_at", "confirmed_at"), at)
        detection = Detection.model_validate(fields | said | times)
        yield DetectionItem(device_id=f"pi-{rng.randrange(DEVICES) + 1}", detection=detection)


def _review(defect: Defect, rng: random.Random) -> Review | None:
    [status] = rng.choices(list(STATUSES), list(STATUSES.values()))
    if status == "pending":
        return None
    note = f"{rng.choice(NOTES)}, {rng.randrange(10_000)}" if rng.random() < NOTED_SHARE / 0.8 else None
    false_alarm = rng.choice(FALSE_ALARMS) if rng.random() < FALSE_SHARE / 0.8 else None
    return Review(event_id=defect.event_id, version=defect.version, status=status, note=note, false_alarm=false_alarm)


def now() -> datetime:
    """To the minute, so that the youngest defects are not of this very moment."""
    return datetime.now(UTC).replace(second=0, microsecond=0)
