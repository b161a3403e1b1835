"""Health of the bridge: what it stored, what it could not and why, on the wire and in the log when it changes."""

import logging
import threading
import time
from collections.abc import Callable

import psutil

from glassline.contract import Reason, from_unix, to_rfc3339
from glassline.contract.messages import Health, StoreHealth
from glassline.link import Link
from glassline.store import Store

from .inbox import Inbox
from .presence import Presence
from .receipts import Receipts
from .writer import Writer

log = logging.getLogger(__name__)

OVERLOADED_FOR_S = 30.0
MAX_ERROR = 1000


class HealthReporter:
    """Reads the parts' own figures. `on_report` gets how it is in one sentence."""

    def __init__(
        self,
        *,
        link: Link,
        store: Store,
        inbox: Inbox,
        presence: Presence,
        receipts: Receipts,
        writer: Writer,
        period_s: float,
        on_report: Callable[[str], None],
    ) -> None:
        self._link, self._store, self._inbox, self._presence = link, store, inbox, presence
        self._receipts, self._writer, self._period_s, self._on_report = receipts, writer, period_s, on_report
        self._began_s = time.monotonic()
        self._dropped, self._dropped_s = 0, -OVERLOADED_FOR_S
        self._last_reasons: list[str] = []
        self._wake, self._stopping = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="health", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(1)

    def now(self) -> None:
        """Report at once."""
        self._wake.set()

    def report(self) -> Health:
        """The state of the bridge at this moment."""
        now_s, fault = time.monotonic(), self._writer.fault
        reasons = [fault.code] if fault else []
        if self._overloaded(now_s):
            reasons.append(Reason.BRIDGE_OVERLOADED)
        return Health(
            **self._link.envelope(),
            state="failed" if fault else "degraded" if reasons else "ok",
            reasons=list(reasons),
            uptime_s=round(now_s - self._began_s, 1),
            memory_mb=round(psutil.Process().memory_info().rss / 1e6, 1),
            store=self._store_health(now_s),
            counters={
                **self._link.counters,
                **self._receipts.counters,
                **self._writer.counters,
                **self._store.counters,
            },
        )

    def _store_health(self, now_s: float) -> StoreHealth:
        fault, last_s, done = self._writer.fault, self._writer.last_commit_s, self._store.counters
        error = f"since {to_rfc3339(from_unix(fault.since_s))}: {fault.sentence}"[:MAX_ERROR] if fault else None
        return StoreHealth(
            kind=self._store.kind,
            ok=fault is None and last_s is not None,
            error=error,
            last_commit_age_s=None if last_s is None else round(now_s - last_s, 1),
            rows=done.get("rows", 0),
            images=done.get("images", 0),
            dead_letters=done.get("dead_letters", 0),
            orphans=done.get("orphans", 0),
            dropped=self._inbox.dropped,
        )

    def _in_words(self) -> str:
        """The first thing that is wrong, or what has been done."""
        fault, link = self._writer.fault, self._link.state
        if fault is not None:
            return f"{fault.sentence}."
        if not link.connected:
            return f"{link.sentence}."
        return f"Stored {self._store.counters.get('rows', 0)} detections since its start."

    def _overloaded(self, now_s: float) -> bool:
        dropped = self._inbox.dropped
        if dropped > self._dropped:
            self._dropped, self._dropped_s = dropped, now_s
        return now_s - self._dropped_s < OVERLOADED_FOR_S

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                health = self.report()
                self._link.publish("health", health.to_json())
                self._presence.see(self._link.id)
                self._on_report(self._in_words())
                if health.reasons != self._last_reasons:
                    self._last_reasons = health.reasons
                    log.warning("health is %s: %s", health.state, ", ".join(health.reasons) or "nothing hurts")
            except Exception:
                log.exception("health")
            self._wake.wait(self._period_s)
            self._wake.clear()
