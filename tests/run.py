"""All tests, as `make test` runs them: side by side, then alone those that need the machine, then a second try.

`python -m tests.run [PYTEST ARGUMENT …]`; ends with 0 only if all tests are well. What is tried again, and why, is in
tests/README.md.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest

WORKERS = (os.cpu_count() or 1) + 1
"""More than there are cores, since most tests wait most of the time: they take a fifth of a core each."""
BESIDE = ["-n", str(WORKERS), "--dist", "loadfile", "--no-loadscope-reorder", "-m", "not train and not alone"]
"""A file is one worker's: what its tests share is started once. Not sorted by the number of tests, for the longest have
few, and would come last.
"""
ALONE = ["-m", "alone and not train"]
AGAIN = ["--last-failed", "--last-failed-no-failures", "none", "-m", "not train"]
MOST_AGAIN = 5
"""So many may fail from what ran beside them; more is no accident."""
FAILED = Path(".pytest_cache/v/cache/lastfailed")


def run(*arguments: str) -> int:
    """One pytest in a process of its own; its exit code."""
    with subprocess.Popen([sys.executable, "-m", "pytest", "-q", "--durations=15", *arguments]) as process:
        return process.wait()


def failed() -> list[str]:
    """The tests that have failed since the cache was cleared, and were not well after that."""
    return sorted(json.loads(FAILED.read_text())) if FAILED.exists() else []


@contextmanager
def making_ahead() -> Iterator[None]:
    """With what takes minutes to fetch being made meanwhile, before the tests come to it."""
    with subprocess.Popen([sys.executable, "-m", "tests.ahead"]) as ahead:
        try:
            yield
        finally:
            ahead.terminate()


def main(arguments: list[str]) -> int:
    """The exit code of the first pytest that could not do its work, or 1 for failed tests, or 0."""
    signal.signal(signal.SIGINT, lambda *_: None)  # each pytest ends by itself what it has started
    with making_ahead() if not arguments else nullcontext():
        return _passes(arguments)


def _passes(arguments: list[str]) -> int:
    codes = []
    for part in (["--cache-clear", *BESIDE], ALONE):
        codes.append(run(*part, *arguments))
        if codes[-1] not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED):
            return codes[-1]
    if pytest.ExitCode.TESTS_FAILED not in codes:
        return min(codes)
    first = failed()
    if not 0 < len(first) <= MOST_AGAIN:
        print(f"\n{len(first)} tests failed; up to {MOST_AGAIN} would have been tried again.")
        return pytest.ExitCode.TESTS_FAILED
    print(f"\n{len(first)} failed. Once more, alone:", *first, sep="\n  ", flush=True)
    if (code := run(*AGAIN, *arguments)) != pytest.ExitCode.OK or failed():
        return code or pytest.ExitCode.TESTS_FAILED
    print("\nWELL ONLY AT THE SECOND TRY, so to be mended:", *first, sep="\n  ")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
