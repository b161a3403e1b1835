"""A node that finds without end: `python -m workbench.bench.finds URL COUNT`.

It has a window of detections without receipt and sends again what is not receipted for a while. Prints `done`, and at
the end of its input the detections per second from the first publish to the last receipt.
"""

import json
import queue
import sys
import time
from datetime import UTC, datetime

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from glassline.contract import Box, new_boot, new_event_id, topic_of
from glassline.contract.messages import Detection, Receipt
from glassline.link import BrokerAddress
from glassline.store import DetectionItem

NODE = "bench-node"
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
    return [DetectionItem(device_id=NODE, detection=detection) for detection in made]


class Node:
    """Sends and waits for receipts."""

    def __init__(self, address: BrokerAddress) -> None:
        self._receipts: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._waiting: dict[str, bytes] = {}
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=NODE)
        self._client.max_inflight_messages_set(WINDOW)
        self._client.on_message = self._on_message
        self._client.connect(address.host, address.port)
        self._client.subscribe(topic_of("receipt", NODE), 1)
        self._client.loop_start()

    def run(self, payloads: dict[str, bytes]) -> float:
        """Seconds from the first publish to the last receipt."""
        began_s = time.monotonic()
        for event_id, payload in payloads.items():
            self._send(event_id, payload)
            while len(self._waiting) >= WINDOW:
                self._take()
        while self._waiting:
            self._take()
        return time.monotonic() - began_s

    def _send(self, event_id: str, payload: bytes) -> None:
        self._waiting[event_id] = payload
        self._client.publish(topic_of("detection", NODE), payload, 1)

    def _take(self) -> None:
        try:
            self._waiting.pop(self._receipts.get(timeout=RESEND_S), None)
        except queue.Empty:
            for event_id, payload in list(self._waiting.items()):
                self._send(event_id, payload)

    def _on_message(self, client: mqtt.Client, userdata: object, message: mqtt.MQTTMessage) -> None:
        self._receipts.put(Receipt.model_validate_json(message.payload).event_id)


def main(url: str, count: str) -> None:
    items = [item.detection for item in detections(int(count) + 1)]
    payloads = {detection.event_id: detection.to_json() for detection in items}
    first = items[0].event_id
    node = Node(BrokerAddress.parse(url))
    node.run({first: payloads.pop(first)})  # until everybody is there
    seconds = node.run(payloads)
    print("done", flush=True)
    sys.stdin.read()
    print(json.dumps({"per_s": round(len(payloads) / seconds, 1)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
