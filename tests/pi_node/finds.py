"""Detections and receipts as outboxes get them."""

from glassline.contract import from_unix
from glassline.contract.messages import Detection, Receipt

NOW = 1_800_000_000.0
ENVELOPE = {"ts": from_unix(NOW), "boot": "0123abcd", "seq": 1}


def detection(event_id, rev=0, at_s=NOW):
    times = dict.fromkeys(("first_at", "last_at", "frame_at", "confirmed_at"), from_unix(at_s))
    facts = {"phase": "new", "label": "scratch", "score": 0.9, "boxes": [], "frames_confirmed": 3, "model": "m"}
    return Detection(**ENVELOPE, event_id=event_id, rev=rev, **facts, **times)


def receipt(event_id, rev, row="stored", image="stored"):
    return Receipt(**ENVELOPE, event_id=event_id, rev=rev, row=row, image=image)
