"""A node as far as the live picture goes: one frame in flight, at a steady pace, whatever anybody asks for.

`python -m workbench.bench.publisher BROKER ID FPS SIZE_BYTES` runs until its input ends, then prints JSON
{"sent": {seq: Unix seconds of capture}, "lost": n}: what the broker acknowledged, and what it did not.
"""

import json
import sys
import threading
import time
from datetime import UTC, datetime
from itertools import count, cycle

from glassline.contract import Box, from_unix, new_boot
from glassline.contract.frames import embed_frame
from glassline.contract.messages import CameraInfo, FrameMeta, Health, Info
from glassline.link import BrokerAddress, Link, Sent

from .pictures import IMAGE_WH, pictures
from .until_told import end_of_input

DIFFERENT_PICTURES = 8
ACK_TIMEOUT_S = 10.0
HEALTH_S = 5.0
COM_BYTES = 450
"""About what the metadata takes; the frame as a whole has the wanted size."""
BOXES = [
    Box(label=label, score=0.87, xyxyn=(at, 0.3, at + 0.15, 0.5), track=number)
    for number, (label, at) in enumerate([("scratch", 0.2), ("chip", 0.6)])
]


class Publisher:
    """Sends frames until told to end."""

    def __init__(self, *, broker: str, id: str, fps: float, size_bytes: int) -> None:
        self.sent: dict[int, float] = {}
        self.lost = 0
        self._fps, self._size_bytes = fps, size_bytes
        self._began_s = time.monotonic()
        self._link = Link(address=BrokerAddress.parse(broker), id=id, boot=new_boot(), birth=self._birth)

    def run(self, ending: threading.Event) -> None:
        """Publish at the pace; a frame whose time has passed while another was in flight is left out."""
        jpegs = cycle(pictures(DIFFERENT_PICTURES, self._size_bytes - COM_BYTES))
        with self._link:
            threading.Thread(target=self._keep_healthy, args=(ending,), daemon=True).start()
            due_s = time.monotonic()
            for seq in count(1):
                if ending.wait(max(0.0, due_s - time.monotonic())):
                    return
                due_s = max(due_s + 1 / self._fps, time.monotonic() - 1 / self._fps)
                self._send(seq, next(jpegs))

    def _send(self, seq: int, jpeg: bytes) -> None:
        captured_s = time.time()
        meta = FrameMeta(
            ts=from_unix(captured_s), boot=self._link.boot, seq=seq, image_wh=IMAGE_WH, boxes=BOXES, fps=self._fps
        )
        if self._link.publish_and_wait("frame", embed_frame(jpeg, meta), timeout_s=ACK_TIMEOUT_S) is Sent.ACKNOWLEDGED:
            self.sent[seq] = captured_s
        else:
            self.lost += 1

    def _keep_healthy(self, ending: threading.Event) -> None:
        while not ending.wait(HEALTH_S if self._link.state.connected else 0.1):
            health = Health(
                **self._link.envelope(), state="ok", uptime_s=time.monotonic() - self._began_s,
                capture_fps=self._fps, publish_fps=self._fps, last_frame_age_s=0.0,
            )  # fmt: skip
            self._link.publish("health", health.to_json())

    def _birth(self) -> Info:
        return Info(
            **self._link.envelope(), role="node", id=self._link.id, version="bench", started_at=datetime.now(UTC),
            camera=CameraInfo(uri="scene:bench", image_wh=IMAGE_WH, fps=self._fps),
        )  # fmt: skip


def main(broker: str, id: str, fps: str, size_bytes: str) -> int:
    """Run; the result goes to standard output."""
    publisher = Publisher(broker=broker, id=id, fps=float(fps), size_bytes=int(size_bytes))
    publisher.run(end_of_input())
    print(json.dumps({"sent": publisher.sent, "lost": publisher.lost}))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
