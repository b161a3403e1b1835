"""How many detections a second go end to end, without pictures: `python -m tests.bridge.throughput [COUNT]`.

A node publishes with a window of unreceipted detections; mosquitto (and the embedded broker), the bridge and the node
are processes of their own.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from glassline.contract import topic_of
from tests.bridge.harness import ROLES, bridge_process, node, online
from tests.store.samples import make_detection
from tests.support.embedded_broker import RunningBroker, broker_process
from tests.support.mosquitto import mosquitto

WINDOW = 500


def rate(broker: Callable[..., AbstractContextManager[RunningBroker]], count: int) -> float:
    """Detections per second from the first publish to the last receipt."""
    payloads = [make_detection().to_json() for _ in range(count)]
    topic = topic_of("detection", "pi-1")
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder, broker(ROLES) as at:
        with online(at):
            process = bridge_process(at, Path(folder))
        try:
            with node(at) as pi:
                began_s, received = time.monotonic(), 0
                for i, payload in enumerate(payloads):
                    pi.client.client.publish(topic, payload, 1)
                    while i - received >= WINDOW:
                        pi.client.next()
                        received += 1
                while received < count:
                    pi.client.next()
                    received += 1
                return count / (time.monotonic() - began_s)
        finally:
            process.terminate()
            process.wait(10)


if __name__ == "__main__":
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    for name, broker in (("mosquitto", mosquitto), ("embedded", broker_process)):
        print(f"{name}: {rate(broker, wanted):.0f} detections/s")
