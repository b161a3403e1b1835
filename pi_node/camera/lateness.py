"""How late the pictures of a stream come, by the times that it gives them itself."""

WINDOW_S = 30.0


class Lateness:
    """Against the least late of the last half minute to minute, so that two clocks may drift apart."""

    def __init__(self) -> None:
        self._least: list[float] = []
        """Of this window and the one before."""
        self._since_s = 0.0
        self._last_s = 0.0

    def of(self, stream_s: float, now_s: float) -> float:
        """Seconds that a picture is late which is of `stream_s` by the stream's clock and came at `now_s` by ours."""
        offset_s = now_s - stream_s
        if stream_s < self._last_s:  # the stream's clock began anew
            self._least = []
        self._last_s = stream_s
        if not self._least:
            self._least, self._since_s = [offset_s], now_s
        elif now_s - self._since_s > WINDOW_S:
            self._least, self._since_s = [offset_s, self._least[0]], now_s
        else:
            self._least[0] = min(self._least[0], offset_s)
        return offset_s - min(self._least)
