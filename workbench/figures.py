"""What a node measures of itself and of its machine, as lines for a person."""

from collections.abc import Iterator

from glassline.contract.messages import Health, Info, OutboxHealth
from glassline.diagnosis import age_text
from pi_node.report.status_file import NodeStatus

_FLAGS = ((0x1, "too little voltage"), (0xE, "slowed down"))
_EARLIER_BITS = 16
"""A Pi's firmware keeps each flag a second time, for what was so at any time since the machine was started."""


def figures(status: NodeStatus) -> list[tuple[str, str]]:
    """(name, value) of whatever is known."""
    health, info = status.health, status.info
    told = [*_all(health, info), ("broker", status.link.sentence)]
    return [(name, value) for name, value in told if value]


def _all(health: Health, info: Info) -> Iterator[tuple[str, str]]:
    yield "processor", "" if health.cpu_temp_c is None else f"{health.cpu_temp_c:.0f} °C"
    yield "power", _power(health.throttled)
    yield "memory", _memory(health)
    yield "disk", "" if health.disk_free_mb is None else f"{_size(health.disk_free_mb)} free"
    yield "Wi-Fi", "" if health.wifi is None else f"{health.wifi.signal_dbm:.0f} dBm on {health.wifi.interface}"
    yield "clock", {"synced": "set", "unsynced": "not set yet"}.get(health.clock or "", "")
    yield "camera", _rate(health.capture_fps, info.settings.get("camera_fps"))
    yield "detector", _detector(health, info)
    yield "outbox", _outbox(health.outbox)
    yield "running for", age_text(health.uptime_s)


def _power(throttled: str | None) -> str:
    """A Pi's flags in words: those of now, and those of earlier that are over."""
    try:
        flags = int(throttled or "", 16)
    except ValueError:
        return ""
    now = [word for mask, word in _FLAGS if flags & mask]
    earlier = [word for mask, word in _FLAGS if flags & mask << _EARLIER_BITS and not flags & mask]
    said = [", ".join(now) or "good", f"earlier since the start: {', '.join(earlier)}" if earlier else ""]
    return "; ".join(filter(None, said))


def _memory(health: Health) -> str:
    own = "" if health.memory_mb is None else f"{_size(health.memory_mb)} of its own"
    free = "" if health.memory_free_mb is None else f"{_size(health.memory_free_mb)} free"
    return ", ".join(filter(None, (own, free)))


def _detector(health: Health, info: Info) -> str:
    parts = [_rate(health.detect_fps, info.settings.get("detect_fps"))]
    if health.inference_ms is not None:
        parts.append(f"{health.inference_ms.p50:.0f} ms each (95 %: {health.inference_ms.p95:.0f})")
    if health.detect_share is not None and health.detect_share < 1:
        parts.append(f"may work {100 * health.detect_share:.0f} % of the time")
    return ", ".join(filter(None, parts))


def _outbox(outbox: OutboxHealth | None) -> str:
    if outbox is None:
        return ""
    waiting = f"{outbox.depth} waiting, {_size(outbox.size_bytes / 1e6)}, of {outbox.confirmed} found"
    given_up = f"; given up: {outbox.pictures_dropped} pictures, {outbox.dropped} detections"
    return waiting + (given_up if outbox.pictures_dropped or outbox.dropped else "")


def _rate(reached: float | None, asked: object) -> str:
    if reached is None:
        return ""
    of = f" of {asked:g}" if isinstance(asked, int | float) else ""
    return f"{reached:.1f}{of} pictures a second"


def _size(size_mb: float) -> str:
    return f"{size_mb / 1000:.1f} GB" if size_mb >= 1000 else f"{size_mb:.0f} MB"
