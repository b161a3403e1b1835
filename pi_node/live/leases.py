"""Who wants live frames, and how many: one lease per web, renewed while somebody watches there."""

from glassline.contract.messages import Lease

IDLE_FPS = 0.1
"""Without a viewer, one frame in 10 s still shows that the chain is whole."""

MAX_LEASES = 64


class Leases:
    """Not thread-safe by need: dictionary operations suffice. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._until_fps: dict[str, tuple[float, float]] = {}
        self._renewed_s: float | None = None

    def renew(self, web_id: str, lease: Lease, now_s: float) -> None:
        """Take a web's lease; the number of webs is bounded, the one that lapses first goes."""
        self._until_fps[web_id] = now_s + lease.ttl_s, lease.max_fps
        self._renewed_s = now_s
        if len(self._until_fps) > MAX_LEASES:
            del self._until_fps[min(self._until_fps, key=lambda id: self._until_fps[id][0])]

    def wanted_fps(self, now_s: float) -> float:
        """The highest rate of all live leases; IDLE_FPS without one."""
        live = [fps for until_s, fps in list(self._until_fps.values()) if until_s > now_s]
        return max(live, default=0.0) or IDLE_FPS

    def count(self, now_s: float) -> int:
        """Webs at which somebody watches."""
        return len(self.asked_by(now_s))

    def asked_by(self, now_s: float) -> list[str]:
        """The ids of the webs at which somebody watches."""
        return [id for id, (until_s, fps) in list(self._until_fps.items()) if until_s > now_s and fps > 0]

    def asked_age_s(self, now_s: float) -> float | None:
        """Seconds since a web last asked for pictures, or gave that back; None: never."""
        return None if self._renewed_s is None else now_s - self._renewed_s
