"""How large and how often live pictures are sent, so that a slow link shows now and not a while ago.

First the quality goes, then the size, then the rate. A picture is to be on the way for at most a part of its interval:
the rest is for evidence. It is encoded at the step that stands; if that does not fit what the link carries, and has not
for a while, the next smaller ones are tried, and if a larger one would have fitted for a while, that.
"""

from collections.abc import Callable, Sized
from typing import NamedTuple, TypeVar

from ..uplink.speed import FRESH_PROBE_S, Speed

ROOM, TIGHT = 0.7, 0.85
"""Parts of an interval: what a picture may take when its step is chosen, and what it may grow to before it falls."""
QUALITIES = (70, 60, 50)
SCALES = (0.75, 0.5, 0.375, 0.25)
LEAST_WIDTH = 320
"""A smaller picture shows no defect."""
LEAST_FPS = 1.0
"""Below this it would take long to notice that the link is well again."""
FALL_AFTER_S, RISE_AFTER_S = 1.0, 1.0
HOPELESS = 3.0
"""A picture so many times too large falls at once."""
RELAPSE_S, RISE_AFTER_MOST_S = 10.0, 16.0
"""A fall so soon after a rise doubles the patience before the next one, up to here; a fall much later restores it."""
PROBE_EACH_S, PROBE_IN_DOUBT_EACH_S = 1.0, 0.3
RISE_BYTES = 1.15
"""The next larger step has at least so many times the bytes: unless that fits, it is not even encoded."""


P = TypeVar("P", bound=Sized)
"""A picture as it is encoded; its length is its size in bytes."""


class Step(NamedTuple):
    """JPEG quality 1-100, and width and height in parts of the camera's."""

    quality: int
    scale: float


def ladder(quality: int, width: int) -> list[Step]:
    """From what was asked for down to the least that is worth sending."""
    qualities = [quality, *(q for q in QUALITIES if q < quality)]
    scales = [scale for scale in SCALES if width * scale >= LEAST_WIDTH]
    return [*(Step(q, 1.0) for q in qualities), *(Step(qualities[-1], scale) for scale in scales)]


class Pace:
    """One thread asks; any thread reads `step`, `max_fps` and `limited`. `now_s` is monotonic."""

    def __init__(self, *, speed: Speed) -> None:
        self.step: Step | None = None
        """Of the last picture."""
        self.max_fps = float("inf")
        self._speed = speed
        self._at, self._slowed = 0, False
        self._too_large_since_s: float | None = None
        self._room_since_s: float | None = None
        self._rose_s = float("-inf")
        self._rise_after_s = RISE_AFTER_S

    @property
    def limited(self) -> bool:
        """Whether the link is what limits the picture."""
        return self._at > 0 or self._slowed

    def fit(self, encode: Callable[[Step], P], steps: list[Step], *, interval_s: float, now_s: float) -> P:
        """The picture as it is to be sent, when one each `interval_s` is wanted. `encode` makes it at a step."""
        at, last = min(self._at, len(steps) - 1), len(steps) - 1
        picture = encode(steps[at])
        bytes_per_s, most_bytes_per_s = self._speed.bytes_per_s(now_s), self._speed.at_most_bytes_per_s(now_s)
        if bytes_per_s is not None and most_bytes_per_s is not None:
            interval_bytes = bytes_per_s * interval_s
            if self._must_fall(len(picture), most_bytes_per_s * interval_s, now_s):
                while at < last and len(picture) > interval_bytes * ROOM:
                    at += 1
                    picture = encode(steps[at])
                self._slowed = at == last
            elif at > 0 and self._may_rise(len(picture), interval_bytes, now_s):
                while at > 0 and len(larger := encode(steps[at - 1])) <= interval_bytes * ROOM:
                    at, picture, self._rose_s = at - 1, larger, now_s
            self._slowed = self._slowed and at == last and len(picture) > interval_bytes * ROOM
            self.max_fps = max(LEAST_FPS, bytes_per_s * ROOM / len(picture)) if self._slowed else float("inf")
        self._at, self.step = at, steps[at]
        return picture

    def fit_once(self, encode: Callable[[Step], P], steps: list[Step], *, within_s: float, now_s: float) -> P:
        """One picture as good as it gets, if that takes no longer than `within_s`; what is sent otherwise stays."""
        most_bytes = self._speed.carried_in(within_s, now_s)
        for step in steps[:-1]:
            if len(picture := encode(step)) <= most_bytes:
                return picture
        return encode(steps[-1])

    def wants_probe(self, interval_s: float, now_s: float) -> bool:
        """Whether the latency is to be measured now: pictures take long, and it is not known why."""
        age_s = self._speed.probe_age_s(now_s)
        if self.limited:
            return age_s > PROBE_EACH_S
        return (self._speed.took_s(now_s) or 0.0) > interval_s * ROOM and age_s > PROBE_IN_DOUBT_EACH_S

    def _must_fall(self, size_bytes: int, interval_bytes: float, now_s: float) -> bool:
        """Whether the picture has been too large for a while, and that is known to be the reason for its delay."""
        tight_bytes = interval_bytes * TIGHT
        if size_bytes <= tight_bytes or self._speed.probe_age_s(now_s) > FRESH_PROBE_S:
            self._too_large_since_s = None
            return False
        self._room_since_s = None
        self._too_large_since_s = self._too_large_since_s or now_s
        if now_s - self._too_large_since_s < FALL_AFTER_S and size_bytes < HOPELESS * tight_bytes:
            return False
        self._too_large_since_s = None
        if now_s - self._rose_s < RELAPSE_S:
            self._rise_after_s = min(2 * self._rise_after_s, RISE_AFTER_MOST_S)
        elif now_s - self._rose_s > RISE_AFTER_MOST_S:
            self._rise_after_s = RISE_AFTER_S
        return True

    def _may_rise(self, size_bytes: int, interval_bytes: float, now_s: float) -> bool:
        """Whether there has been room for more for a while."""
        if size_bytes * RISE_BYTES > interval_bytes * ROOM:
            self._room_since_s = None
            return False
        self._room_since_s = self._room_since_s or now_s
        if now_s - self._room_since_s < self._rise_after_s:
            return False
        self._room_since_s = None
        return True
