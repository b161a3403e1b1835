"""TCP ports of this machine for what a test starts."""

import os
import random
import socket
from functools import cache

FIRST, COUNT = 10_000, 20_000
"""Below what the kernel gives to connections that go out, so that none of those takes a port between the look at it
and the start of the program that is to listen there.
"""


@cache
def _ports() -> list[int]:
    """Those of this worker of pytest-xdist, in an order of its own: beside it others look for theirs."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    mine = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    ports = list(range(FIRST + mine, FIRST + COUNT, workers))
    random.SystemRandom().shuffle(ports)
    return ports


def free_port() -> int:
    """A port on which nobody listens now, and which was not given before in this process."""
    while True:
        port = _ports().pop()
        with socket.socket() as plug:
            try:
                plug.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
