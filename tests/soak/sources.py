"""Four devices without cameras: frames with one in flight, and a detection now and then that insists on its receipt.

Detectors would need more than this machine has; what they send is what the others have to cope with.
"""

import threading
import time

from glassline.contract import from_unix
from glassline.contract.frames import embed, embed_frame
from glassline.contract.messages import Detection, EvidenceMeta, FrameMeta, Receipt, decode
from glassline.contract.topics import filter_of
from glassline.link import Sent
from tests.web.publishers import BOX, NodeLike
from workbench.bench.pictures import IMAGE_WH, pictures

FRAME_BYTES = 50_000
DETECTION_S = 3.0
RESEND_S = 5.0
HEALTH_S = 2.0


class Source(NodeLike):
    """One device. `frames_sent` holds when each acknowledged frame was captured, monotonic seconds by number."""

    def __init__(self, broker: str, id: str, password: str, *, fps: float) -> None:
        super().__init__(broker, id, password=password)
        self.frames_sent: dict[int, float] = {}
        self.frames_lost = 0
        self.detections = 0
        self.waiting: dict[str, tuple[Detection, float]] = {}
        self._fps = fps
        self._jpegs = pictures(8, FRAME_BYTES - 450)
        self._ending = threading.Event()
        self.link.on(filter_of("receipt", id), self._on_receipt)

    def run_frames(self) -> None:
        """Publish until the end, like a node: what is due while another is in flight is left out, and never a burst."""
        interval_s = 1 / self._fps
        seq, due_s = 0, time.monotonic()
        while not self._ending.wait(max(0.0, due_s - time.monotonic())):
            due_s = max(due_s + interval_s, time.monotonic() + 0.75 * interval_s)
            seq += 1
            captured_s = time.monotonic()
            meta = FrameMeta(ts=from_unix(time.time()), boot=self.boot, seq=seq, image_wh=IMAGE_WH, boxes=[BOX])
            frame = embed_frame(self._jpegs[seq % len(self._jpegs)], meta)
            if self.link.publish_and_wait("frame", frame, timeout_s=10) is Sent.ACKNOWLEDGED:
                self.frames_sent[seq] = captured_s
            else:
                self.frames_lost += 1

    def run_rest(self) -> None:
        """Health, and a detection each 3 s; detections without a receipt are sent again."""
        health_s = detection_s = time.monotonic()
        while not self._ending.wait(0.1):
            now_s = time.monotonic()
            if now_s >= health_s:
                health_s = now_s + HEALTH_S
                self.publish_health()
            if now_s >= detection_s:
                detection_s = now_s + DETECTION_S
                self.detections += 1
                self._announce(self.detection(), now_s)
            for detection, sent_s in list(self.waiting.values()):
                if now_s - sent_s > RESEND_S:
                    self._announce(detection, now_s)

    def _announce(self, detection: Detection, now_s: float) -> None:
        self.waiting[detection.event_id] = detection, now_s
        self.link.publish("detection", detection.to_json())
        self.link.publish("evidence", self.evidence_of(detection.event_id))

    def evidence_of(self, event_id: str) -> bytes:
        return embed(self._jpegs[0], EvidenceMeta(event_id=event_id, rev=0).to_json())

    def _on_receipt(self, address: object, payload: bytes, retained: bool) -> None:
        receipt = decode(Receipt, payload)
        if receipt.row == "stored" and receipt.image == "stored":
            self.waiting.pop(receipt.event_id, None)

    def stop_sending(self) -> None:
        """No more frames or detections; the link stays."""
        self._ending.set()
        for thread in self._threads:
            thread.join(15)

    def __enter__(self) -> "Source":
        super().__enter__()
        self._background(self.run_frames)
        self._background(self.run_rest)
        return self

    def __exit__(self, *error: object) -> None:
        self._ending.set()
        super().__exit__(*error)
