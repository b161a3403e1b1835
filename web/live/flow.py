"""What is under way to one viewer, known by the marks (WebSocket pings) that go out behind its pictures.

A picture that the kernel, a tunnel or a proxy took has not arrived; it has when the ping behind it is answered. A
viewer that keeps up is asked now and then. One that does not is asked after every picture, and has only one or two
under way, or as many more as its round trip needs (Little's law): what it sees is new, and nothing piles up before it.
"""

from collections import deque

MARK_S = 0.5
LATE_S = 0.25
CALM_S = 3.0
RATE_S = 0.5
SLOW_FPS = 5.0


class Flow:
    """Belongs to the writer thread. All instants are monotonic seconds; time is an argument."""

    def __init__(self, now_s: float) -> None:
        self._sent = self._arrived = 0
        self._marks: deque[tuple[int, int, float]] = deque()
        """Outstanding: number, pictures sent up to it, instant."""
        self._answers = False
        self._marked_s = now_s
        self._trip_s = 1e9
        self._per_s = 0.0
        self._counted: tuple[int, float] = (0, now_s)
        self._strained_s = now_s
        self._begun_s: float | None = None
        self.busy_s = 0.0
        """Grows by how long each picture took beyond the round trip."""

    def room(self, now_s: float) -> bool:
        """Whether another picture may go out; always to a viewer that never answered, since it cannot be known."""
        if not self._answers:
            return True
        if self._marks and now_s - self._marks[0][2] > self._trip_s + LATE_S:
            self.strain(now_s)
        if not self.careful(now_s):
            return True
        return self._sent - self._arrived < self._under_way()

    def _under_way(self) -> int:
        """One where a picture takes long and the round trip is short beside it; else one more, so that none waits."""
        return 1 + int(self._per_s * self._trip_s + (0.8 if self._per_s < SLOW_FPS else 1.0))

    def careful(self, now_s: float) -> bool:
        """Whether each picture is marked: at first, and while it did not keep up lately."""
        return now_s - self._strained_s < CALM_S

    def strain(self, now_s: float) -> None:
        """It does not keep up."""
        self._strained_s = now_s

    def wants_mark(self, now_s: float) -> bool:
        """Whether the next picture should carry a mark."""
        if not self._answers:
            return not self._marks
        return self.careful(now_s) or now_s - self._marked_s >= MARK_S

    def is_stuck(self) -> bool:
        """Whether pictures are under way without a mark that would tell of their arrival."""
        return self._sent > self._arrived and not self._marks

    def picture(self, now_s: float) -> None:
        """A picture is begun."""
        self._sent += 1
        self._begun_s = now_s

    def mark(self, number: int, now_s: float) -> None:
        """Mark `number` is sent, behind all pictures begun so far."""
        self._marked_s = now_s
        self._marks.append((number, self._sent, now_s))

    def written(self, now_s: float) -> None:
        """The socket took all of what went out: what can be known of a viewer that does not answer."""
        if self._begun_s is not None and not self._answers:
            self.busy_s += now_s - self._begun_s
        self._begun_s = None

    def answer(self, number: int, now_s: float) -> None:
        """Mark `number` came back; one that is not outstanding says nothing."""
        if all(number != mark[0] for mark in self._marks):
            return
        self._answers = True
        while True:
            known, sent, at_s = self._marks.popleft()
            if known == number:
                break
        self._arrived = sent
        self._trip_s = min(self._trip_s, now_s - at_s)
        self.busy_s += now_s - at_s - self._trip_s
        count, since_s = self._counted
        if now_s - since_s >= RATE_S:
            self._per_s = (sent - count) / (now_s - since_s)
            self._counted = sent, now_s

    def unanswered_s(self, now_s: float) -> float:
        """For how long the oldest mark has been outstanding."""
        return now_s - self._marks[0][2] if self._marks else 0.0

    def idle_s(self, now_s: float) -> float:
        """For how long nothing was marked."""
        return now_s - self._marked_s

    @property
    def answers(self) -> bool:
        """Whether it ever answered a mark."""
        return self._answers
