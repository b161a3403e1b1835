"""Makes and fetches what takes minutes, in the order in which tests want it: `python -m tests.ahead`.

`make test` runs it beside the first tests. Whoever wants the same meanwhile waits for it; what cannot be made here is
said by the test that needs it.
"""

import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from subprocess import CalledProcessError

import pytest

from tests.deploy.test_lock import PYTHONS, wheels_of
from tests.support.debian import bookworm, bookworm_arm64, trixie, trixie_arm64
from tests.support.wheels import packages_of
from workbench.flash.lock import LockError

PI = ("pi", "ncnn")
WANTED: tuple[Callable[[], object], ...] = (
    trixie,
    partial(packages_of, PI),
    *(partial(wheels_of, python) for python in PYTHONS),
    bookworm,
    partial(packages_of, PI, "3.11"),
    trixie_arm64,
    bookworm_arm64,
)


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    for make in WANTED:
        with suppress(pytest.skip.Exception, AssertionError, CalledProcessError, LockError, OSError):
            make()


if __name__ == "__main__":
    main()
