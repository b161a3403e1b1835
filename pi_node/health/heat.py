"""Heat: where the machine gets too hot, or its firmware slows it down, the detector is the one that does less.

The share of the time that the detector may work falls by half at a time and rises again the same way: at once where it
gets hot, and by one more step for as long as that does not help; back only after it has been well below that for a
while, and for a longer one each time that it got hot again soon after (hysteresis, so that it does not swing).
"""

import logging

from .host import Host

log = logging.getLogger(__name__)

STEPS = (1.0, 0.5, 0.25, 0.125)
FALL_EACH_S = 15.0
RISE_AFTER_S, RISE_AFTER_MOST_S = 60.0, 960.0
RELAPSE_S = 180.0
HYSTERESIS_C = 6.0
READ_EACH_S = 1.0


class Heat:
    """One thread asks for `share`; any thread reads `current_share`. `hot_c` is the limit in degrees Celsius."""

    def __init__(self, *, host: Host, hot_c: float) -> None:
        self._host, self._hot_c = host, hot_c
        self._step = 0
        self._read_s = self._fell_s = float("-inf")
        self._not_cool_s = self._rose_s = float("-inf")
        self._rise_after_s = RISE_AFTER_S

    @property
    def current_share(self) -> float:
        """The share that is allowed at this moment."""
        return STEPS[self._step]

    def share(self, now_s: float) -> float:
        """The part of its time that the detector may work, 0-1. `now_s` is monotonic."""
        if now_s - self._read_s >= READ_EACH_S:
            self._read_s = now_s
            self._judge(self._host.cpu_temp_c(), self._host.is_throttled(), now_s)
        return self.current_share

    def _judge(self, temp_c: float | None, throttled: bool, now_s: float) -> None:
        hot = throttled or (temp_c is not None and temp_c >= self._hot_c)
        cool = not throttled and (temp_c is None or temp_c < self._hot_c - HYSTERESIS_C)
        if not cool:
            self._not_cool_s = now_s
        if hot and now_s - self._fell_s >= FALL_EACH_S and self._step < len(STEPS) - 1:
            if self._rose_s >= self._fell_s:  # the first fall after a rise: did that last?
                relapse = now_s - self._rose_s < RELAPSE_S
                self._rise_after_s = min(2 * self._rise_after_s, RISE_AFTER_MOST_S) if relapse else RISE_AFTER_S
            self._fell_s = now_s
            self._go_to(self._step + 1, temp_c, throttled)
        elif cool and self._step and now_s - self._not_cool_s >= self._rise_after_s:
            self._not_cool_s = self._rose_s = now_s
            self._go_to(self._step - 1, temp_c, throttled)

    def _go_to(self, step: int, temp_c: float | None, throttled: bool) -> None:
        self._step = step
        why = f"{temp_c} °C" if temp_c is not None else "no temperature"
        log.warning(
            "the detector may work %g %% of the time: %s%s", 100 * STEPS[step], why, ", throttled" if throttled else ""
        )
