"""Detections with pictures go through MQTT and the bridge into a Supabase project that dies again and again.

`python -m tests.chaos.supabase --count 10000 --seed 1`: the server is killed and started ten times, and for 30 s a
gateway answers 503 instead of it. The last line says what became of everything that was planted; the exit code is 0 if
all is there.
"""

import argparse
import hashlib
import queue
import random
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from glassline.contract.messages import Health
from glassline.contract.topics import topic_of
from glassline.program import write_secret
from glassline.store import every_defect
from glassline.store.supabase import SupabaseStore
from tests.bridge.harness import ROLES, InsistentNode, bridge_process, online
from tests.chaos.gateway import Gateway
from tests.store.samples import make_detection, make_evidence
from tests.support.clients import connected
from tests.support.mosquitto import mosquitto
from workbench.supabase import LocalSupabase

KILLS = 10
CLOSED_S = 30.0
WINDOW = 150
RESEND_S = 6.0
PATIENCE_S = 300.0


class Chaos:
    """Kills and starts the server at random while `planted` grows, and closes the gateway once."""

    def __init__(self, server: LocalSupabase, gateway: Gateway, *, count: int, seed: int) -> None:
        self.kills = 0
        self._server, self._gateway, self._random = server, gateway, random.Random(seed)
        strikes = sorted(self._random.sample(range(count // 20, count - count // 20), KILLS + 1))
        self._closing = self._random.choice(strikes)
        self._strikes = strikes
        self._planted = 0
        self._stop = threading.Event()
        self._failed: Exception | None = None
        self._thread = threading.Thread(target=self._run)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()
        if self._failed is not None:
            raise self._failed

    def planted(self, number: int) -> None:
        self._planted = number

    def _run(self) -> None:
        try:
            self._strike()
        except Exception as error:
            self._failed = error
            print(f"the server does not come up any more: {error}", flush=True)

    def _strike(self) -> None:
        while self._strikes and not self._stop.is_set():
            if self._planted < self._strikes[0]:
                time.sleep(0.01)
            elif (strike := self._strikes.pop(0)) == self._closing:
                print(f"{strike} planted: the gateway answers 503 for {CLOSED_S:g} s", flush=True)
                self._gateway.closed = True
                self._stop.wait(CLOSED_S)
                self._gateway.closed = False
            else:
                self.kills += 1
                print(f"{strike} planted: kill -9 number {self.kills}", flush=True)
                self._server.kill()
                self._stop.wait(self._random.uniform(0, 2))
                self._server.start()


def plant(node: InsistentNode, chaos: Chaos, count: int, *, randomness: random.Random) -> dict[str, str]:
    """Send so many; return the SHA-256 of each one's picture once all are receipted."""
    digests = {}
    for number in range(1, count + 1):
        detection = make_detection()
        jpeg = make_evidence(detection.event_id, size_bytes=randomness.randrange(2_000, 20_000))
        digests[detection.event_id] = hashlib.sha256(jpeg).hexdigest()
        node.put(make_detection(detection.event_id, image=jpeg), jpeg)
        chaos.planted(number)
        while len(node.waiting) >= WINDOW:
            time.sleep(0.005)
        if number % 500 == 0:
            print(f"{number} planted, {len(node.waiting)} without receipt", flush=True)
    until = time.monotonic() + PATIENCE_S
    while not node.is_done() and time.monotonic() < until:
        time.sleep(0.1)
    return digests


def compare(store: SupabaseStore, digests: dict[str, str]) -> Counter[str]:
    """What is stored, beside what was planted."""
    rows = [defect.event_id for defect in every_defect(store)]

    def right(event_id: str) -> bool:
        return hashlib.sha256(store.evidence(event_id) or b"").hexdigest() == digests.get(event_id)

    with ThreadPoolExecutor(4) as pool:
        wrong = sum(not one for one in pool.map(right, set(rows)))
    lost = len(set(digests) - set(rows))
    return Counter(stored=len(set(rows)), lost=lost, duplicated=len(rows) - len(set(rows)), images_wrong=wrong)


def run(count: int, seed: int) -> int:
    print(f"seed {seed}", flush=True)
    faults: Counter[str] = Counter()
    with TemporaryDirectory() as name, mosquitto(ROLES) as broker:
        folder = Path(name)
        with LocalSupabase(folder / "project") as server, Gateway(server.url) as gateway:
            write_secret(folder / "key", server.secret_key)
            with online(broker):
                flags = ("--store", f"supabase:{gateway.url}", "--store-key-file", str(folder / "key"))
                bridge = bridge_process(broker, folder, *flags, "--health-s", "1")
            with connected(broker, "watch") as watch, connected(broker, "pi-1") as client:
                watch.subscribe(topic_of("health", "bridge-1"), qos=0)
                client.subscribe(topic_of("receipt", "pi-1"))
                node = InsistentNode(client, "pi-1", resend_s=RESEND_S)
                chaos = Chaos(server, gateway, count=count, seed=seed)
                chaos.start()
                began_s = time.monotonic()
                digests = plant(node, chaos, count, randomness=random.Random(seed))
                seconds = time.monotonic() - began_s
                chaos.stop()
                node.stop()
                faults = said_by(watch.messages)
            bridge.terminate()
            bridge.communicate(timeout=20)
            with SupabaseStore(server.url, server.secret_key) as store:
                found = compare(store, digests)
    print(f"{chaos.kills} kills, {seconds:.0f} s; the bridge's health said:")
    for sentence, times in faults.most_common():
        print(f"  {times} x {sentence}")
    print(f"planted {len(digests)} " + " ".join(f"{name} {number}" for name, number in found.items()))
    return 0 if found == Counter(stored=count, lost=0, duplicated=0, images_wrong=0) and chaos.kills == KILLS else 1


def said_by(messages: "queue.Queue[tuple[str, bytes, int, bool]]") -> Counter[str]:
    """What was wrong with the store, by its sentence without the time."""
    found: Counter[str] = Counter()
    while not messages.empty():
        health = Health.model_validate_json(messages.get()[1])
        if health.store and health.store.error:
            found[health.store.error.partition(": ")[2][:160]] += 1
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    chosen = parser.parse_args()
    sys.exit(run(chosen.count, chosen.seed))
