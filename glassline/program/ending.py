"""How a program is told to end: SIGTERM and SIGINT, as something that its main thread can wait for."""

import contextlib
import queue
import signal


class EndSignals:
    """Catches SIGTERM and SIGINT from `catch` on.

    A handler interrupts the main thread anywhere, also inside a `threading.Event` whose lock it holds, so it must not
    set one. `queue.SimpleQueue.put` is reentrant.
    """

    def __init__(self) -> None:
        self._told = False
        self._came: queue.SimpleQueue[None] = queue.SimpleQueue()

    def catch(self) -> None:
        """Call in the main thread, before anything is started that has to be ended."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._on_signal())

    def wait(self, timeout_s: float | None = None) -> bool:
        """Whether one came, now or within `timeout_s`; returns as soon as it does."""
        if not self._told:
            with contextlib.suppress(queue.Empty):
                self._came.get(timeout=timeout_s)
        return self._told

    def _on_signal(self) -> None:
        self._told = True
        self._came.put(None)
