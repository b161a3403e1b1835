"""How many detections a second go end to end, without pictures: `python -m tests.bridge.throughput [COUNT]`.

A node publishes with a window of unreceipted detections; mosquitto (and the embedded broker), the bridge and the node
are processes of their own.
"""

import queue
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from glassline.contract import topic_of
from tests.bridge.harness import ROLES, Node, bridge_process, node, online
from tests.store.samples import make_detection
from tests.support.embedded_broker import RunningBroker, broker_process
from tests.support.mosquitto import mosquitto

WINDOW = 500
RESEND_S = 2.0


class Load:
    """A node with a window of unreceipted detections; what is not receipted for a while is sent again."""

    def __init__(self, pi: Node) -> None:
        self.resent = 0
        self._pi, self._waiting = pi, dict[str, bytes]()

    def run(self, count: int) -> float:
        """Detections per second from the first publish to the last receipt."""
        payloads = [(detection.event_id, detection.to_json()) for detection in (make_detection() for _ in range(count))]
        began_s = time.monotonic()
        for event_id, payload in payloads:
            self._send(event_id, payload)
            while len(self._waiting) >= WINDOW:
                self._take_receipt()
        while self._waiting:
            self._take_receipt()
        return count / (time.monotonic() - began_s)

    def _send(self, event_id: str, payload: bytes) -> None:
        self._waiting[event_id] = payload
        self._pi.client.client.publish(topic_of("detection", self._pi.id), payload, 1)

    def _take_receipt(self) -> None:
        try:
            self._waiting.pop(self._pi.receipt(RESEND_S).event_id, None)
        except queue.Empty:
            self.resent += len(self._waiting)
            for event_id, payload in list(self._waiting.items()):
                self._send(event_id, payload)


def measure(broker: Callable[..., AbstractContextManager[RunningBroker]], count: int) -> tuple[float, int]:
    """(detections per second, detections sent again)."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder, broker(ROLES) as at:
        with online(at):
            process = bridge_process(at, Path(folder))
        try:
            with node(at) as pi:
                load = Load(pi)
                return load.run(count), load.resent
        finally:
            process.terminate()
            process.wait(10)


if __name__ == "__main__":
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    for name, broker in (("mosquitto", mosquitto), ("embedded", broker_process)):
        per_s, resent = measure(broker, wanted)
        print(f"{name}: {per_s:.0f} detections/s, {resent} sent again")
