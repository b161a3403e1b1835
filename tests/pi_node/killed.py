"""An outbox whose program is killed at random instants, again and again: `python -m tests.pi_node.killed DB LOG KILLS`.

Each program puts and settles detections as fast as it can, and writes into LOG what it is about to do and what is done.
"""

import os
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from glassline.contract import new_event_id
from pi_node.outbox import Outbox

from .finds import detection, receipt

CAP_BYTES = 10**9
MOST_S = 0.08
"""Of a program's life: opening takes a third of it."""


def picture(event_id: str, rev: int) -> bytes:
    """The picture that a detection gets with this rev; odd revs keep the one before."""
    return f"{event_id} {rev - rev % 2} ".encode() * 400


def work(path: Path, note: Callable[[str], None]) -> None:
    """Until killed."""
    box = Outbox(path=path, cap_bytes=CAP_BYTES)
    box.open()
    open_revs: dict[str, int] = {}
    while True:
        if open_revs and random.random() < 0.5:
            event_id, rev = random.choice(list(open_revs.items()))
            rev += 1
        else:
            event_id, rev = new_event_id(), 0
        note(f"puts {event_id} {rev}")
        box.put(detection(event_id, rev), None if rev % 2 else picture(event_id, rev))
        note(f"put {event_id} {rev}")
        open_revs[event_id] = rev
        if len(open_revs) > 3:
            event_id, rev = open_revs.popitem()
            note(f"settles {event_id} {rev}")
            box.settle([receipt(event_id, rev)])
            note(f"settled {event_id} {rev}")


def main(path: str, log: str, kills: str) -> None:
    fd = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for _ in range(int(kills)):
        pid = os.fork()
        if not pid:
            random.seed()
            work(Path(path), lambda line: os.write(fd, line.encode() + b"\n"))
        time.sleep(random.uniform(0, MOST_S))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
