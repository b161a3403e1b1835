"""Waits until the demo shows a picture, says where to look, and stays as long as the demo's process PID.

`python -m workbench.demo.guide URL CONFIG PID`
"""

import signal
import sys
import time
from collections.abc import Callable

import httpx

from workbench.keep import watch

PATIENCE_S = 45.0


def main(url: str, config: str, pid: str) -> int:
    """Runs until it is told to end or the demo is gone."""
    is_alive = watch(int(pid))
    print("starting broker, bridge, web and node …", flush=True)
    if _wait_for_picture(url, is_alive):
        print(f"ready: open {url} in a browser. Ctrl-C ends everything.", flush=True)
    elif is_alive():
        print(f"no picture after {PATIENCE_S:g} s. Ask what is wrong: glassline doctor --config {config}", flush=True)
    while is_alive():
        time.sleep(1)
    return 0


def _wait_for_picture(url: str, is_alive: Callable[[], bool]) -> bool:
    until_s = time.monotonic() + PATIENCE_S
    while is_alive() and time.monotonic() < until_s:
        try:
            devices = httpx.get(f"{url}/api/devices", timeout=2).raise_for_status().json()["devices"]
            if any(httpx.get(f"{url}/api/devices/{d['deviceId']}/snapshot.jpg", timeout=2).is_success for d in devices):
                return True
        except httpx.HTTPError:
            pass
        time.sleep(0.3)
    return False


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    sys.exit(main(*sys.argv[1:]))
