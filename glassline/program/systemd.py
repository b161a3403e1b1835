"""What a program tells the systemd that started it: that it serves, how it fares, that it lives (sd_notify(3)).

    systemd = Systemd()
    systemd.ready()        # it serves now
    systemd.status("…")    # one line for `systemctl status`
    systemd.alive()        # feeds the watchdog; cheap enough for every turn of a loop

Where no systemd listens, all of this does nothing.
"""

import logging
import os
import socket
import time
from collections.abc import Mapping

from .shown import masked, one_line

log = logging.getLogger(__name__)

SEND_S = 1.0
"""For how long a systemd that does not read may hold a program up."""
FEEDS_A_PERIOD = 4
MAX_STATUS = 400


class Systemd:
    """Thread-safe. What cannot be delivered is given up: none of it may keep a program from its work."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        name = environ.get("NOTIFY_SOCKET", "")
        self._address = "\0" + name[1:] if name.startswith("@") else name
        period_us = environ.get("WATCHDOG_USEC", "")
        self._feed_each_s = int(period_us) / 1e6 / FEEDS_A_PERIOD if period_us.isdigit() else None
        self._fed_s = float("-inf")
        self._ready, self._status = False, ""

    @property
    def watches(self) -> bool:
        """Whether the unit has a watchdog."""
        return self._feed_each_s is not None

    def ready(self) -> None:
        """The program serves; only the first call counts."""
        if not self._ready:
            self._ready = True
            self._send("READY=1")

    def status(self, sentence: str) -> None:
        """What `systemctl status` shows; sent when it is another one than before."""
        sentence = one_line(masked(sentence))[:MAX_STATUS]
        if sentence != self._status:
            self._status = sentence
            self._send(f"STATUS={sentence}")

    def alive(self) -> None:
        """Feed the watchdog, where there is one."""
        now_s = time.monotonic()
        if self._feed_each_s is not None and now_s - self._fed_s >= self._feed_each_s:
            self._fed_s = now_s
            self._send("WATCHDOG=1")

    def start_again(self) -> None:
        """Have the watchdog end the program now, with SIGABRT, and the unit start it again."""
        self._send("WATCHDOG=trigger")

    def stopping(self) -> None:
        """The program has begun to end."""
        self._send("STOPPING=1")

    def _send(self, text: str) -> None:
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as plug:
            plug.settimeout(SEND_S)
            try:
                plug.sendto(text.encode(), self._address)
            except OSError as error:
                log.debug("systemd was not told %s: %s", text, error)
