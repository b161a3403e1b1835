"""Where the fuzzer begins: real encodings of every message and of pictures, and its dictionary of words."""

import json
from pathlib import Path

import cv2
import numpy as np

from glassline.contract import from_unix
from glassline.contract.frames import embed, embed_frame
from glassline.contract.messages import FrameMeta
from glassline.contract.schema import PUBLISHED, json_schema
from glassline.contract.topics import SPECS, topic_of

_EVENT = "01890a5d-ac96-774b-bcce-b302099a8057"
_ENVELOPE = {"v": 1, "ts": "2026-01-31T12:00:00.250Z", "boot": "0123abcd", "seq": 3}
_BOX = {"label": "scratch", "score": 0.5, "xyxyn": [0.1, 0.2, 0.3, 0.4], "track": 1, "event_id": _EVENT}
_MASKED = _BOX | {"mask": [[0.1, 0.1], [0.2, 0.1], [0.2, 0.2]]}
_IMAGE = {"sha256": "0" * 64, "size_bytes": 1000, "image_wh": [640, 480]}
EXAMPLES = {
    "Info": _ENVELOPE | {
        "role": "node", "id": "pi-1", "version": "0.1", "started_at": _ENVELOPE["ts"], "hostname": "pi",
        "camera": {"uri": "scene:", "image_wh": [640, 480], "fps": 15},
        "model": {"name": "n", "sha256": "0" * 64, "runtime": "onnx", "imgsz": 640, "labels": ["scratch"]},
        "settings": {"a": [1, None, {"b": 0.5}], "c": True}, "features": ["ping"],
    },
    "Health": _ENVELOPE | {
        "state": "ok", "uptime_s": 1, "reasons": ["camera.no_frames"], "inference_ms": {"p50": 1, "p95": 2},
        "frames": {"captured": 1}, "outbox": {"depth": 1}, "store": {"kind": "sqlite", "ok": True}, "clock": "synced",
        "counters": {"refused_frame_truncated": 2}, "viewers": 1,
    },
    "FrameMeta": _ENVELOPE | {"image_wh": [32, 24], "boxes": [_MASKED], "boxes_age_ms": 1.5, "truncated": True},
    "Detection": _ENVELOPE | {
        "event_id": _EVENT, "rev": 2, "phase": "end", "label": "chip", "score": 1, "boxes": [_BOX],
        "first_at": _ENVELOPE["ts"], "last_at": 1800000000, "frame_at": "2100-01-01T00:00:00+14:00",
        "confirmed_at": "1970-01-01T00:00:00Z", "frames_confirmed": 4, "model": "n", "image": _IMAGE,
        "clock": "unsynced", "monotonic_s": 4.5,
    },
    "EvidenceMeta": {"v": 1, "event_id": _EVENT, "rev": 0},
    "Receipt": _ENVELOPE | {"event_id": _EVENT, "rev": 2, "row": "rejected", "image": "none", "error": "<b>ü"},
    "Review": _ENVELOPE | {"event_id": _EVENT},
    "Alert": _ENVELOPE | {"code": "a.b", "sentence": "s", "since": _ENVELOPE["ts"], "cleared": True},
    "Probe": {"v": 1, "nonce": "abc"},
    "Command": {"v": 1, "id": "x", "args": {"detect_fps": 5, "deep": [[[{}]]]}, "ts": _ENVELOPE["ts"], "ttl_s": 3},
    "Reply": _ENVELOPE | {"id": "x", "status": "error", "data": {}, "error": {"code": "c", "message": "m"}},
    "Lease": {"v": 1, "max_fps": 15, "ttl_s": 5},
}  # fmt: skip
_ODD = ['{"v":1,"args":{"x":NaN}}', '{"v":1,"args":{"x":-1e999}}', '{"v":1,"max_fps":1e400}', "[" * 300, '{"v":1}\0']
_WORDS = [
    "NaN", "Infinity", "-Infinity", "1e999", "\\ud800", "\\u0000", "null", "true", "-0", "[[[[", "{}", "1970-",
    "9999-12-31T", "glass/v1/", "/", "+", "#", "..", "online", "offline",
]  # fmt: skip
_MARKERS = [0xD8, 0xD9, 0xE0, 0xE1, 0xFE, 0xC0, 0xC1, 0xC2, 0xC4, 0xDA, 0xDB, 0xDD, 0xD0, 0x01, 0xFF]


def message_seeds() -> list[bytes]:
    """Every message, some that are odd, topics and status words, each behind the byte that chooses its decoder."""
    plain = [bytes([i]) + json.dumps(EXAMPLES[model.__name__]).encode() for i, model in enumerate(PUBLISHED)]
    command = next(i for i, model in enumerate(PUBLISHED) if model.__name__ == "Command")
    odd = [bytes([command]) + text.encode() for text in _ODD]
    topics = [topic_of(kind, "pi-1", "web-1" if spec.has_rest else "") for kind, spec in SPECS.items()]
    at = len(PUBLISHED)
    return plain + odd + [bytes([at]) + topic.encode() for topic in topics] + [bytes([at + 1]) + b"online"]


def frame_seeds() -> list[bytes]:
    """Small pictures with and without metadata, grey, progressive, cut, with segments that lie."""
    bgr = np.random.default_rng(1).integers(0, 255, (24, 32, 3), np.uint8)
    meta = FrameMeta(ts=from_unix(1_800_000_000), boot="0123abcd", seq=7, image_wh=(32, 24))

    def encoded(picture: np.ndarray, *options: int) -> bytes:
        return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 30, *options])[1].tobytes()

    plain = encoded(bgr)
    framed = embed_frame(plain, meta)
    evidence = embed(plain, json.dumps(EXAMPLES["EvidenceMeta"]).encode())
    full = embed_frame(plain, FrameMeta.model_validate(EXAMPLES["FrameMeta"]))
    return [
        plain, framed, evidence, full, encoded(bgr[:, :, 0]), encoded(bgr, cv2.IMWRITE_JPEG_PROGRESSIVE, 1),
        encoded(bgr, cv2.IMWRITE_JPEG_RST_INTERVAL, 1), framed[:-2], framed[:200], framed + bytes(20),
        framed.replace(b"\xff\xfe", b"\xff\xfe\xff", 1), plain[:2] + b"\xff\xfe\x00\x01{}" + plain[2:],
        plain.replace(b"\x00\x18\x00\x20", b"\xff\xdc\xff\xdc", 1), embed(framed, b"made by somebody"),
    ]  # fmt: skip


def write(target: str, folder: Path) -> None:
    """Write the seeds of a target into `folder`, and its dictionary beside it (libFuzzer's form)."""
    folder.mkdir(parents=True, exist_ok=True)
    seeds = {"frames": frame_seeds, "messages": message_seeds}[target]()
    for number, seed in enumerate(seeds):
        (folder / f"seed-{number:03d}").write_bytes(seed)
    keys = {key for schema in json_schema()["$defs"].values() for key in schema.get("properties", {})}
    words = [json.dumps(f'"{word}"') for word in sorted(keys)] + [json.dumps(word) for word in _WORDS]
    markers = [f'"\\xFF\\x{marker:02X}"' for marker in _MARKERS]
    folder.with_suffix(".dict").write_text("\n".join([*words, *markers]) + "\n")
