"""Nodes that find without end, over one connection: `python -m workbench.bench.finds URL COUNT`.

They are so many that none sends more often than the contract allows. Together they have a window of detections without
receipt, and send again what is not receipted for a while. Prints `done`, and at the end of its input the detections per
second from the first publish to the last receipt.
"""

import json
import queue
import sys
import time
from datetime import UTC, datetime
from itertools import cycle

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from glassline.contract import Box, new_boot, new_event_id, topic_of
from glassline.contract.messages import Detection, Receipt
from glassline.contract.topics import filter_of
from glassline.link import BrokerAddress
from glassline.store import DetectionItem

NODES = [f"bench-{number}" for number in range(50)]
Payloads = dict[str, tuple[str, bytes]]
"""Topic and payload by event."""
WINDOW = 500
RESEND_S = 2.0


def detections(count: int) -> list[DetectionItem]:
    """So many different ones."""
    now = datetime.now(UTC)
    box = Box(label="scratch", score=0.75, xyxyn=(0.1, 0.2, 0.3, 0.4))
    fields = {
        "ts": now, "boot": new_boot(), "rev": 0, "phase": "new", "label": "scratch", "score": 0.75, "boxes": [box],
        "first_at": now, "last_at": now, "frame_at": now, "confirmed_at": now, "frames_confirmed": 3, "model": "bench",
    }  # fmt: skip
    made = (Detection.model_validate(fields | {"event_id": new_event_id()}) for _ in range(count))
    return [DetectionItem(device_id=id, detection=detection) for id, detection in zip(cycle(NODES), made)]


class Nodes:
    """Sends and waits for receipts."""

    def __init__(self, address: BrokerAddress) -> None:
        self._receipts: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._waiting: Payloads = {}
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="bench-nodes")
        self._client.max_inflight_messages_set(WINDOW)
        self._client.on_message = self._on_message
        self._client.connect(address.host, address.port)
        self._client.subscribe(filter_of("receipt"), 1)
        self._client.loop_start()

    def run(self, payloads: Payloads) -> float:
        """Seconds from the first publish to the last receipt."""
        began_s = time.monotonic()
        for event_id, (topic, payload) in payloads.items():
            self._send(event_id, topic, payload)
            while len(self._waiting) >= WINDOW:
                self._take()
        while self._waiting:
            self._take()
        return time.monotonic() - began_s

    def _send(self, event_id: str, topic: str, payload: bytes) -> None:
        self._waiting[event_id] = topic, payload
        self._client.publish(topic, payload, 1)

    def _take(self) -> None:
        try:
            self._waiting.pop(self._receipts.get(timeout=RESEND_S), None)
        except queue.Empty:
            for event_id, (topic, payload) in list(self._waiting.items()):
                self._send(event_id, topic, payload)

    def _on_message(self, client: mqtt.Client, userdata: object, message: mqtt.MQTTMessage) -> None:
        self._receipts.put(Receipt.model_validate_json(message.payload).event_id)


def main(url: str, count: str) -> None:
    items = detections(int(count) + 1)
    payloads = {
        item.detection.event_id: (topic_of("detection", item.device_id), item.detection.to_json()) for item in items
    }
    first = items[0].detection.event_id
    nodes = Nodes(BrokerAddress.parse(url))
    nodes.run({first: payloads.pop(first)})  # until everybody is there
    seconds = nodes.run(payloads)
    print("done", flush=True)
    sys.stdin.read()
    print(json.dumps({"per_s": round(len(payloads) / seconds, 1)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
