"""Waiting for what must come, instead of for a time."""

import time
from collections.abc import Callable
from typing import Any


def until(condition: Callable[[], Any], timeout_s: float = 15.0, *, what: str | Callable[[], object] = "") -> Any:
    """Wait until `condition` gives something true, and return that; after `timeout_s` fail, and say for `what`."""
    end_s = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= end_s:
            raise AssertionError(f"not within {timeout_s} s: {(what() if callable(what) else what) or condition}")
        time.sleep(0.02)
