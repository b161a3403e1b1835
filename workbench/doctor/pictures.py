"""Pictures on their way: when each was seen at the broker, and when it came out of the web."""

import threading
import time
from dataclasses import dataclass, field

from glassline.contract import ContractError
from glassline.contract.frames import extract
from glassline.contract.messages import FrameMeta, decode

KEPT = 200


@dataclass(frozen=True, kw_only=True)
class Passage:
    """One picture of a node. `web_s` is how long after the broker it, or one taken later, came out of the web."""

    seq: int
    web_s: float | None
    web_seq: int | None
    taken_ts: float
    """When it was taken, Unix seconds by the node's clock."""
    broker_unix: float
    """When it was seen at the broker, Unix seconds by this machine's clock."""


@dataclass
class _Seen:
    at_s: float
    unix: float
    meta: FrameMeta


@dataclass
class _Stream:
    broker: list[_Seen] = field(default_factory=list)
    web: list[_Seen] = field(default_factory=list)


class Pictures:
    """Filled by two threads; instants on the monotonic clock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._streams: dict[str, _Stream] = {}

    def at_broker(self, id: str, jpeg: bytes) -> None:
        """A picture came from the broker. ContractError if it is none of ours."""
        self._note(id, jpeg, web=False)

    def in_web(self, id: str, jpeg: bytes) -> None:
        """A picture came out of the web. ContractError if it is none of ours."""
        self._note(id, jpeg, web=True)

    def broker_at_s(self, id: str) -> float | None:
        """When the last one was seen at the broker."""
        with self._lock:
            seen = self._streams.get(id, _Stream()).broker
            return seen[-1].at_s if seen else None

    def web_at_s(self, id: str) -> float | None:
        """When the last new one came out of the web. The first of all may be an old one and does not count."""
        with self._lock:
            seen = self._streams.get(id, _Stream()).web
            return seen[-1].at_s if len(seen) > 1 else None

    def in_web_count(self, id: str) -> int:
        """How many different ones came out of the web."""
        with self._lock:
            return len(self._streams.get(id, _Stream()).web)

    def passage(self, id: str) -> Passage | None:
        """The newest one that was seen at the broker and then, it or a later one, in the web; else the newest."""
        with self._lock:
            stream = self._streams.get(id)
            if stream is None or not stream.broker:
                return None
            for seen in reversed(stream.broker):
                later = next((one for one in stream.web if _same_or_later(one, seen)), None)
                if later is not None:
                    return _passage(seen, later)
            return _passage(stream.broker[-1], None)

    def _note(self, id: str, jpeg: bytes, *, web: bool) -> None:
        at_s, unix = time.monotonic(), time.time()
        com = extract(jpeg)
        if com is None:
            raise ContractError("expected a picture with metadata, got none", why="no_metadata")
        meta = decode(FrameMeta, com)
        with self._lock:
            stream = self._streams.setdefault(id, _Stream())
            seen = stream.web if web else stream.broker
            if not seen or (seen[-1].meta.boot, seen[-1].meta.seq) != (meta.boot, meta.seq):
                seen.append(_Seen(at_s, unix, meta))
                del seen[:-KEPT]


def _same_or_later(one: _Seen, than: _Seen) -> bool:
    return one.meta.boot == than.meta.boot and one.meta.seq >= than.meta.seq


def _passage(seen: _Seen, later: _Seen | None) -> Passage:
    return Passage(
        seq=seen.meta.seq, web_s=None if later is None else max(0.0, later.at_s - seen.at_s),
        web_seq=None if later is None else later.meta.seq, taken_ts=seen.meta.ts.timestamp(), broker_unix=seen.unix,
    )  # fmt: skip
