"""The probe of a store: a marked row that is written and read back, and that nobody ever sees."""

import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

from glassline.store import DefectFilter, Store
from tests.store.inside import Inside
from tests.store.samples import detection_item, make_detection

PROBES = 10


def test_a_probe_shows_in_no_list_and_no_count_while_a_bridge_writes(store: Store, inside: Inside) -> None:
    seen: list[int] = []
    stopping = threading.Event()

    def look() -> None:
        with inside.store() as other:
            while not stopping.is_set():
                seen.append(sum(other.counts(DefectFilter(device_ids=("probe",))).values()))
                seen.append(len(other.defects(DefectFilter(device_ids=("probe",))).defects))

    def write() -> None:
        with inside.store() as bridge:
            for _ in range(PROBES):
                assert bridge.apply([detection_item(make_detection())])[0].row == "stored"

    threads = [threading.Thread(target=look), threading.Thread(target=write)]
    for thread in threads:
        thread.start()
    for _ in range(PROBES):
        store.probe()
    threads[1].join()
    stopping.set()
    threads[0].join()
    assert seen
    assert set(seen) == {0}
    assert sum(store.counts(DefectFilter()).values()) == PROBES
    assert store.dead_letters() == []
    assert not [name for name in inside.pictures() if "probe" in name]


PROBE_FOR_EVER = """
import sys
from pathlib import Path
from glassline.store import open_store
with open_store(f"sqlite:{sys.argv[1]}") as store:
    print("probing", flush=True)
    while True:
        store.probe()
"""


def test_a_probe_that_is_killed_leaves_no_row(path: Path) -> None:
    for _ in range(5):
        with subprocess.Popen([sys.executable, "-c", PROBE_FOR_EVER, str(path)], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"probing\n"
            time.sleep(random.uniform(0.05, 0.2))
            process.send_signal(signal.SIGKILL)
        with sqlite3.connect(path) as db:
            assert db.execute("SELECT count(*) FROM defects").fetchone() == (0,)
