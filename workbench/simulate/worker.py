"""Some devices of the fleet in one process: `python -m workbench.simulate.worker`.

It reads JSON lines: first {"stills": folder, "plans": […], "resting": bool}, later {"rest": true}: plant nothing more.
It writes what its devices report, a line each second, and ends at the end of its input.
"""

import json
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil

from glassline.program import run_logging
from glassline.program.settings import EXIT_SETTINGS
from pi_node.outbox import OutboxError

from .device import Device, Plan
from .stills import load

REPORT_S = 1.0


def main() -> int:
    """Exit codes: 0 told to end, 2 it cannot run at all."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for who started this, and ends it
    run_logging("simulate")
    told = json.loads(sys.stdin.readline())
    stills = load(Path(told["stills"]))
    devices = [Device(Plan(**plan), stills) for plan in told["plans"]]
    try:
        for device in devices:
            device.start()
        if told["resting"]:
            _rest(devices)
        _report_until_end(devices)
    except OutboxError as error:
        print(error, file=sys.stderr)
        return EXIT_SETTINGS
    finally:
        with ThreadPoolExecutor(len(devices)) as pool:
            list(pool.map(Device.stop, devices))
    return 0


def _rest(devices: list[Device]) -> None:
    for device in devices:
        device.rest()


def _report_until_end(devices: list[Device]) -> None:
    ended = threading.Event()

    def listen() -> None:
        for _ in sys.stdin:
            _rest(devices)
        ended.set()

    threading.Thread(target=listen, name="listen", daemon=True).start()
    while not ended.wait(REPORT_S):
        _write({"devices": [device.report() for device in devices], **_cost()})


def _cost() -> dict[str, float]:
    memory = psutil.Process().memory_info()
    return {"cpu_s": time.process_time(), "memory_mb": float(memory.rss) / 1e6}


def _write(line: dict[str, Any]) -> None:
    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    sys.exit(main())
