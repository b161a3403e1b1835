"""The ear of systemd for tests: a socket that keeps what a program says to it."""

import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


class Notified:
    """What was said at `environ`'s NOTIFY_SOCKET, with the instant (monotonic seconds) at which it came."""

    def __init__(self, path: Path, watchdog_s: float | None) -> None:
        self.environ = {"NOTIFY_SOCKET": str(path)}
        if watchdog_s is not None:
            self.environ["WATCHDOG_USEC"] = str(round(watchdog_s * 1e6))
        self.heard: list[tuple[float, str]] = []
        self._plug = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._plug.bind(str(path))
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while text := self._plug.recv(4096).decode():
            with self._changed:
                self.heard.append((time.monotonic(), text))
                self._changed.notify_all()

    def said(self, text: str) -> list[float]:
        """The instants at which `text` was said."""
        return [at_s for at_s, said in self.heard if said == text]

    @property
    def statuses(self) -> list[str]:
        return [text.removeprefix("STATUS=") for _, text in self.heard if text.startswith("STATUS=")]

    def wait_for(self, condition: Callable[[], object], timeout_s: float = 15) -> bool:
        """Whether `condition` comes true in time."""
        with self._changed:
            return bool(self._changed.wait_for(condition, timeout_s))

    def close(self) -> None:
        self._plug.sendto(b"", self._plug.getsockname())
        self._thread.join(5)
        self._plug.close()


@contextmanager
def notified(folder: Path, *, watchdog_s: float | None = None) -> Iterator[Notified]:
    """Listen on a socket in `folder`."""
    ear = Notified(folder / "notify", watchdog_s)
    try:
        yield ear
    finally:
        ear.close()


@contextmanager
def ended(process: "subprocess.Popen[bytes]") -> Iterator["subprocess.Popen[bytes]"]:
    """A process that is ended with the block."""
    try:
        yield process
    finally:
        process.terminate()
        process.wait(15)
