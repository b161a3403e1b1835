"""Every JSON message of the contract. The models are the truth; `schema.py` publishes their JSON Schema."""

from typing import Annotated, Literal, TypeVar

from pydantic import Field, StringConstraints, ValidationError

from .errors import ContractError, Why
from .ids import BROKER_ID
from .topics import MAX_JSON_BYTES
from .values import (
    Boot,
    Box,
    Count,
    EventId,
    Id,
    ImageRef,
    Json,
    Label,
    Model,
    Number,
    Seconds,
    Sha256,
    Side,
    Text,
    Time,
    Unit,
)  # fmt: skip

MAX_BOXES = 300


class Message(Model):
    """What a person may type by hand needs only `v`."""

    v: Literal[1] = 1


class Envelope(Message):
    """What every message of a program carries: when it was sent, by which process, and its number."""

    ts: Time
    boot: Boot
    seq: Count = 0


class CameraInfo(Model):
    """The camera as it was opened, not as it was asked for. `uri` carries no password."""

    uri: Text
    image_wh: tuple[Side, Side] | None = None
    fps: Number | None = None


class ModelInfo(Model):
    """The detector's model in force."""

    name: Text
    sha256: Sha256
    runtime: Text
    imgsz: Side
    labels: list[Label]
    why: Text | None = None
    """Why this file on this runtime: what else was measured, or that there is no other."""


class TakenBack(Model):
    """A change that was taken back, since camera or detector did not work with it: what was wanted, and why not."""

    settings: dict[str, Json]
    why: Text
    at: Time


class KeptModel(Model):
    """A model that was sent to the node and lies there; `sha256` is that of its archive, and its name in `config`."""

    name: Text
    sha256: Sha256


class ConfigInfo(Model):
    """What the command `config` did to the settings in force, by their names."""

    changed: list[Text] = []
    """What is not as the machine's own settings say."""
    on_probation: list[Text] = []
    """What goes back to what it was unless camera and detector are seen to work with it."""
    taken_back: TakenBack | None = None
    """The last change that did not work, until there is another."""
    models: list[KeptModel] = []


class Info(Envelope):
    """Birth of a program: sent, retained, on every connect and change. `settings` holds no secret."""

    role: Literal["node", "bridge", "web", "broker"]
    id: Id
    version: Text
    started_at: Time
    hostname: Text | None = None
    camera: CameraInfo | None = None
    model: ModelInfo | None = None
    settings: dict[str, Json] = {}
    config: ConfigInfo | None = None
    features: list[Text] = []


class ModelFetch(Model):
    """A model on its way to the node, or the last one that did not come."""

    sha256: Sha256
    name: Text
    state: Literal["fetching", "checking", "failed"]
    size_bytes: Count
    done_bytes: Count = 0
    why: Text | None = None
    """Why it did not come, and what to do."""


class Latency(Model):
    """Milliseconds at the median and at the 95th percentile of the last minute."""

    p50: Number
    p95: Number


class FrameCounts(Model):
    """Frames since the process started; `skipped_*` were replaced by a newer one before they were used."""

    captured: Count = 0
    detected: Count = 0
    published: Count = 0
    skipped_detect: Count = 0
    skipped_publish: Count = 0


class LiveHealth(Model):
    """The live picture as the node sends it now. What its link cannot carry goes by quality, then size, then rate."""

    fps: Number
    """The rate it allows itself, whatever viewers ask for."""
    quality: Annotated[int, Field(ge=1, le=100)]
    image_wh: tuple[Side, Side] | None = None
    """None before the first picture."""
    limited_by: Literal["none", "link"] = "none"
    frame_ms: Number | None = None
    """From handing a picture to the link to its acknowledgement, lately."""
    link_kbit_s: Number | None = None
    """What the link carries, as far as pictures have shown; None while it was not the limit."""


class OutboxHealth(Model):
    """Detections that wait for their receipt; how many were ever confirmed, given up, rejected."""

    depth: Count = 0
    oldest_age_s: Seconds | None = None
    size_bytes: Count = 0
    confirmed: Count = 0
    dropped: Count = 0
    pictures_dropped: Count = 0
    rejected: Count = 0


class WifiHealth(Model):
    """The wireless interface over which the broker is reached."""

    interface: Label
    signal_dbm: Number


class StoreHealth(Model):
    """What the bridge has done with the store."""

    kind: Text
    ok: bool
    error: Text | None = None
    last_commit_age_s: Seconds | None = None
    rows: Count = 0
    images: Count = 0
    dead_letters: Count = 0
    orphans: Count = 0
    dropped: Count = 0


SILENT_S = 15.0
"""Offline is who says so, and who gave no health for longer, whatever `status` says."""


class Health(Envelope):
    """State of a program, each 5 s. Keys that do not belong to its role are left out."""

    state: Literal["ok", "degraded", "failed"]
    reasons: list[Text] = []
    uptime_s: Seconds
    cpu_temp_c: Number | None = None
    memory_mb: Number | None = None
    """Of the program itself."""
    memory_free_mb: Number | None = None
    """Of its machine."""
    disk_free_mb: Number | None = None
    throttled: Text | None = None
    """A Pi's firmware flags, hexadecimal: bit 0 too little voltage, 1-3 slowed down; 16 and 17-19 the same at any time
    since the machine was started."""
    wifi: WifiHealth | None = None
    clock: Literal["synced", "unsynced"] | None = None
    capture_fps: Number | None = None
    detect_fps: Number | None = None
    detect_share: Unit | None = None
    """The part of its time that the detector may work: less than 1 while the machine is hot or throttled."""
    publish_fps: Number | None = None
    inference_ms: Latency | None = None
    last_frame_age_s: Seconds | None = None
    same_frame_s: Seconds | None = None
    """For how long the camera has given the very same picture, where that is a fault of the camera."""
    camera_holder: Text | None = None
    """The program that holds the camera, where that is another one."""
    last_detect_age_s: Seconds | None = None
    frames: FrameCounts | None = None
    live: LiveHealth | None = None
    model_fetch: ModelFetch | None = None
    outbox: OutboxHealth | None = None
    store: StoreHealth | None = None
    viewers: Count | None = None
    counters: dict[Label, Count] = {}
    """What was refused, dropped or failed, by name."""
    denied: dict[Id, Count] = {}
    """Of a broker: how many messages it did not take, by the account that sent them."""
    denied_ages_s: dict[Id, Seconds] = {}
    """Of a broker: seconds since it last did not take one for want of permission, by account."""
    turned_away_ages_s: dict[Id, Seconds] = {}
    """Of a broker: seconds since it last refused the password of an account that it knows."""


class FrameMeta(Envelope):
    """Metadata of one live frame; `ts` is the instant of capture, `seq` counts captured frames."""

    image_wh: tuple[Side, Side]
    boxes: Annotated[list[Box], Field(max_length=MAX_BOXES)] = []
    boxes_age_ms: Number | None = None
    """How far the boxes were carried forward from the last frame that the detector saw."""
    inference_ms: Number | None = None
    fps: Number | None = None
    truncated: bool = False
    """Masks or boxes were left out, since a COM segment holds 65,533 bytes."""


class Detection(Envelope):
    """The tracked, confirmed find: its whole state at `rev`. `boxes` belong to the picture taken at `frame_at`."""

    event_id: EventId
    rev: Annotated[int, Field(ge=0, le=2**31 - 1)]
    phase: Literal["new", "update", "end"]
    label: Label
    score: Unit
    boxes: Annotated[list[Box], Field(max_length=MAX_BOXES)]
    first_at: Time
    last_at: Time
    frame_at: Time
    confirmed_at: Time
    frames_confirmed: Count
    model: Text
    model_sha256: Sha256 | None = None
    image: ImageRef | None = None
    clock: Literal["synced", "unsynced"] = "synced"
    monotonic_s: Seconds | None = None


class EvidenceMeta(Message):
    """COM metadata of an evidence picture: which detection, and from which rev on, it belongs to."""

    event_id: EventId
    rev: Annotated[int, Field(ge=0, le=2**31 - 1)]
    others: Annotated[list[Box], Field(max_length=MAX_BOXES)] = []
    """Other detections that the picture shows, each with its event id: who trains on it must know of them."""


class Receipt(Envelope):
    """Sent after the commit. The outbox may forget every rev up to this one."""

    event_id: EventId
    rev: Annotated[int, Field(ge=0, le=2**31 - 1)]
    row: Literal["stored", "rejected"]
    image: Literal["stored", "missing", "rejected", "none"]
    error: Text | None = None


class Review(Envelope):
    """A hint that a person reviewed this defect: receivers read the store again.

    Where many were reviewed at once, `event_ids` names them all, `event_id` among them.
    """

    event_id: EventId
    event_ids: Annotated[list[EventId], Field(min_length=1, max_length=200)] | None = None


class Alert(Envelope):
    """A cause that diagnosis named, and later that it cleared; `since` is the same in both."""

    device_id: Id | None = None
    """Whose chain it is on."""
    code: Text
    sentence: Text
    since: Time
    cleared: bool = False


class Probe(Message):
    """Sent to oneself to see one's own echo."""

    nonce: Annotated[str, StringConstraints(min_length=1, max_length=64)]


class Command(Message):
    """An order to a node; its name is in the topic. It is void `ttl_s` after `ts`, where `ts` is given."""

    id: Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.-]+$")] = "by-hand"
    args: dict[str, Json] = {}
    ts: Time | None = None
    ttl_s: Annotated[float, Field(gt=0, le=3600)] = 30.0


class ReplyError(Model):
    """Why a command failed and what to do."""

    code: Text
    message: Text
    hint: Text = ""
    fields: dict[Label, Text] = {}
    """What is wrong, by the name of the argument, where it can be told."""


class Reply(Envelope):
    """The answer to the command with the same `id`."""

    id: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    status: Literal["ok", "error"]
    data: dict[str, Json] = {}
    error: ReplyError | None = None


class Lease(Message):
    """Somebody watches at this web: frames are wanted, at most `max_fps`, for `ttl_s` from receipt on."""

    max_fps: Annotated[float, Field(ge=0, le=120)] = 10.0
    ttl_s: Annotated[float, Field(gt=0, le=60)] = 15.0


M = TypeVar("M", bound=Message)


_WHY: dict[str, Why] = {"json_invalid": "not_json", "too_deep": "too_deep", "finite_number": "not_finite"}
"""By pydantic's name of the fault; all others are wrong values."""


def decode(model: type[M], payload: bytes, *, max_bytes: int = MAX_JSON_BYTES) -> M:
    """Decode JSON bytes into `model`; raise ContractError that says expected and got."""
    if len(payload) > max_bytes:
        sentence = f"{model.__name__}: expected at most {max_bytes} bytes, got {len(payload)}"
        raise ContractError(sentence, why="too_large")
    try:
        return model.model_validate_json(payload)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "payload"
        why = "too_deep" if "recursion limit" in first["msg"] else _WHY.get(first["type"], "wrong_value")
        if first["loc"] == ("v",):
            why = "other_version"
        raise ContractError(f"{model.__name__}: {where[:120]}: {first['msg'][:300]}", why=why) from None


def decode_info(payload: bytes, id: str) -> Info:
    """Decode an `info` that came under the topic of `id`; nobody announces another."""
    info = decode(Info, payload)
    if info.id != id:
        raise ContractError(f"info: expected the id of its topic, {id}, got {info.id}", why="wrong_id")
    if (info.role == "broker") != (id == BROKER_ID):
        raise ContractError(f"info: expected the broker to be called {BROKER_ID} and nobody else so", why="wrong_id")
    return info


def decode_status(payload: bytes) -> Literal["online", "offline"]:
    """Decode the plain word of a `status` topic."""
    match payload:
        case b"online":
            return "online"
        case b"offline":
            return "offline"
    raise ContractError(f"status: expected online or offline, got {payload[:40]!r}")
