"""The sender: brings the outbox to the bridge, again and again until the receipt comes."""

import logging
import queue
import random
import threading
import time

from glassline.contract.messages import Receipt, decode
from glassline.contract.topics import Address
from glassline.link import Link, Sent
from glassline.program import shown

from ..outbox import Outbox, OutboxError, Parcel
from .speed import Speed
from .way import Way

log = logging.getLogger(__name__)

FIRST_WAIT_S, LAST_WAIT_S = 4.0, 15.0
WINDOW, WINDOW_BYTES = 8, 300_000
"""So much may be under way without a receipt: a backlog drains beside the live picture, not instead of it."""
SILENCE_S = 10.0
"""When no receipt came for so long, the bridge is only probed: one parcel at a time."""
QUIET_S = 2.0
"""A receipt after so long without one says that the bridge is back: what it missed need not wait for its turn."""
PAUSE_S = 0.02
MAX_RECEIPTS = 1000
"""What waits while the disk is slow; a window holds eight."""
HOPELESS_S = 10.0
"""A picture from better days that would take longer waits for them, its detection goes: twice as long without a sign
from the broker, and the connection counts as dead."""


class Sender:
    """`on_receipt` takes receipts from the network thread; the rest runs on a thread of its own."""

    def __init__(self, *, link: Link, way: Way, speed: Speed, outbox: Outbox) -> None:
        self._link, self._way, self._speed, self._outbox = link, way, speed, outbox
        self._receipts: queue.Queue[Receipt] = queue.Queue(MAX_RECEIPTS)
        self._receipt_s = time.monotonic()
        self._receipted_s: float | None = None
        self._wake, self._reconnected = threading.Event(), threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sender", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """One last round for what is due, then end within 1 s or so."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(2)

    @property
    def receipt_age_s(self) -> float | None:
        """Seconds since a bridge last said that something is stored; None: never."""
        return None if self._receipted_s is None else time.monotonic() - self._receipted_s

    def wake(self) -> None:
        """There is something new in the outbox."""
        self._wake.set()

    def on_connected(self) -> None:
        """A new connection: the broker may have forgotten everything."""
        self._reconnected.set()
        self._wake.set()

    def on_receipt(self, address: Address, payload: bytes, retained: bool) -> None:
        """Take a receipt; a retained one is nobody's and is ignored."""
        if not retained:
            receipt = decode(Receipt, payload)
            self._receipted_s = time.monotonic()
            try:
                self._receipts.put_nowait(receipt)
            except queue.Full:
                self._link.tally.note("receipts_dropped", "more receipts come than the outbox takes: it asks again")
            self._wake.set()

    def _run(self) -> None:
        while True:
            last = self._stopping.is_set()
            try:
                if self._reconnected.is_set():
                    self._reconnected.clear()
                    self._outbox.all_due()
                    self._receipt_s = time.monotonic()
                busy = self._settle() | self._send()
            except OutboxError as error:
                log.error("%s", error)
                busy = not self._stopping.wait(1)
            except Exception:
                log.exception("sender")
                busy = not self._stopping.wait(1)
            if last:
                return
            if busy:
                self._stopping.wait(PAUSE_S)
            else:
                self._wake.wait(0.5)
                self._wake.clear()

    def _settle(self) -> bool:
        receipts = []
        while not self._receipts.empty():
            receipts.append(self._receipts.get())
        if not receipts:
            return False
        for receipt in receipts:
            if receipt.row == "rejected" or receipt.image == "rejected":
                sentence = f"detection {receipt.event_id} rev {receipt.rev} was refused: {shown(receipt.error or '')}"
                self._link.tally.note("detections_refused", sentence)
        self._outbox.settle(receipts)
        now_s = time.monotonic()
        if now_s - self._receipt_s > QUIET_S:
            self._outbox.all_due()
        self._receipt_s = now_s
        return True

    def _send(self) -> bool:
        if not self._link.state.connected:
            return False
        now_s = time.monotonic()
        number, size_bytes = self._outbox.under_way(now_s - FIRST_WAIT_S)
        window = WINDOW if now_s - self._receipt_s < SILENCE_S else 1
        if number >= window or size_bytes >= WINDOW_BYTES:
            return False
        return any(self._send_one(parcel) for parcel in self._outbox.due(now_s, 1))

    def _send_one(self, parcel: Parcel) -> bool:
        # The detection goes first: a picture that arrives alone waits in a small quota.
        sent = parcel.detection is None or self._link.publish("detection", parcel.detection)
        if sent and parcel.evidence is not None:
            sent = self._send_picture(parcel.evidence)
        if sent:
            wait_s = min(FIRST_WAIT_S * 2 ** min(parcel.attempts, 8), LAST_WAIT_S) * random.uniform(0.8, 1.2)
            now_s = time.monotonic()
            self._outbox.mark_sent(parcel, now_s, now_s + wait_s)
        return sent

    def _send_picture(self, jpeg: bytes) -> bool:
        """False if it did not get through; one that has no chance on this link is left for later."""
        self._way.let_live_go_first()
        with self._way.turn():
            if len(jpeg) > self._speed.carried_in(HOPELESS_S, time.monotonic()):
                return True
            return self._way.send("evidence", jpeg) is Sent.ACKNOWLEDGED
