"""Several processes on one file, and processes that die."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from glassline.store import DefectFilter, open_store
from tests.store.samples import detection_item, make_detection

OPENER = """
import sys
from glassline.store import open_store
sys.stdin.readline()
with open_store(sys.argv[1]) as store:
    store.remember("web-" + sys.argv[2], role="web")
print("ok")
"""

WRITER = """
import sys
from glassline.contract import new_event_id
from glassline.store import open_store
from tests.store.samples import *

store = open_store(sys.argv[1])
store.open()
print("ready", flush=True)
while True:
    events = [new_event_id() for _ in range(3)]
    items = []
    for event in events:
        jpeg = make_evidence(event, size_bytes=20_000)
        items += [detection_item(make_detection(event, image=jpeg)), evidence_item(event, jpeg)]
    for outcome in store.apply(items):
        sys.stdout.write(f"{outcome.event_id} {outcome.image}\\n")
    sys.stdout.flush()
"""


def start(program: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.getcwd()},
    )


def test_processes_that_start_at_once_make_one_store(tmp_path: Path) -> None:
    url = f"sqlite:{tmp_path}/var/glass.db"
    openers = [start(OPENER, url, str(i)) for i in range(4)]
    for opener in openers:
        assert opener.stdin is not None
        opener.stdin.write("go\n")
        opener.stdin.flush()
    assert [opener.communicate(timeout=60)[0] for opener in openers] == ["ok\n"] * 4
    with open_store(url) as store:
        assert [device.device_id for device in store.devices()] == ["web-0", "web-1", "web-2", "web-3"]


def test_nothing_that_was_said_to_be_stored_is_lost_when_the_writer_is_killed(tmp_path: Path) -> None:
    url = f"sqlite:{tmp_path}/glass.db"
    said: set[str] = set()
    for _ in range(4):
        writer = start(WRITER, url)
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
        threading.Timer(random.uniform(0.05, 0.4), writer.send_signal, [signal.SIGKILL]).start()
        for line in writer.stdout:
            if line.endswith("\n"):
                event_id, image = line.split()
                assert image == "stored"
                said.add(event_id)
        assert writer.wait(timeout=30) == -signal.SIGKILL
    assert len(said) > 10
    with open_store(url) as store:
        assert store.check() is None
        for event_id in said:
            evidence = store.evidence(event_id)
            assert evidence is not None
            assert event_id.encode() in evidence
            assert len(evidence) > 20_000
        stored = store.counts(DefectFilter())["pending"]
        assert len(said) <= stored <= len(said) + 4 * 3, "at most the batch in hand was stored and not yet said"


def test_readers_see_whole_batches_and_never_wait_for_the_writer(tmp_path: Path) -> None:
    url = f"sqlite:{tmp_path}/glass.db"
    stop = threading.Event()
    seen: list[int] = []
    slowest_s = 0.0
    with open_store(url) as bridge, open_store(url) as web:

        def write() -> None:
            while not stop.is_set():
                bridge.apply([detection_item(make_detection()) for _ in range(50)])

        writer = threading.Thread(target=write)
        writer.start()
        try:
            while len(seen) < 60:
                began = time.monotonic()
                seen.append(web.counts(DefectFilter())["pending"])
                slowest_s = max(slowest_s, time.monotonic() - began)
        finally:
            stop.set()
            writer.join()
    assert {count % 50 for count in seen} == {0}
    assert seen == sorted(seen)
    assert slowest_s < 1
