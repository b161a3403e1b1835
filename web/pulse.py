"""What the web does by the clock: leases, health, and telling pages what changed."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from .live.fanout import Fanout
from .live.leases import Leases, wanted_fps
from .programs.views import Views

log = logging.getLogger(__name__)

TICK_S = 0.5
CHAIN_S = 1.0
CHAIN_AGES_S = 2.0
HEALTH_S = 5.0
SECOND_S = 1.0


class Pulse:
    """One thread; `publish_health` is called on it every 5 s, `every_second` as it says."""

    def __init__(
        self, *, views: Views, fanout: Fanout, leases: Leases, publish_health: Callable[[], None],
        every_second: Callable[[], None],
    ) -> None:  # fmt: skip
        self._views, self._fanout, self._leases = views, fanout, leases
        self._publish_health, self._every_second = publish_health, every_second
        self._lock = threading.Lock()
        self._changed: set[str] = set()
        self._online: dict[str, bool] = {}
        self._chains: dict[str | None, tuple[dict[str, Any], float]] = {}
        self._bell = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="pulse", daemon=True)

    def start(self) -> None:
        """Begin to beat."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopping = True
        self._bell.set()
        self._thread.join(2)

    def touch(self, id: str) -> None:
        """Something was heard of a program: tell the pages now."""
        with self._lock:
            self._changed.add(id)
        self._bell.set()

    def wake(self) -> None:
        """A viewer came, went or changed what it watches: see to the leases now."""
        self._bell.set()

    def _run(self) -> None:
        chain_at_s = health_at_s = second_at_s = 0.0
        while not self._stopping:
            self._bell.wait(TICK_S)
            self._bell.clear()
            try:
                now_s = time.monotonic()
                if now_s >= second_at_s:
                    second_at_s = now_s + SECOND_S
                    self._every_second()
                self._leases.update(wanted_fps(self._fanout.viewers))
                if self._tell_devices() or now_s >= chain_at_s:
                    chain_at_s = now_s + CHAIN_S
                    self._tell_chains(now_s)
                if now_s >= health_at_s:
                    health_at_s = now_s + HEALTH_S
                    self._publish_health()
            except Exception:
                self._fanout.counters["pulse_failed"] += 1
                log.exception("in the pulse")

    def _tell_devices(self) -> bool:
        """Push the programs that spoke, and those that fell silent; whether any came or went."""
        online = self._views.online()
        flipped = {id for id, there in online.items() if self._online.get(id) != there}
        self._online = online
        with self._lock:
            changed, self._changed = self._changed, set()
        for id in sorted(changed | flipped) if self._fanout.viewers else ():
            shape = self._views.device(id)
            if shape is not None:
                self._fanout.post({"type": "device", "device": shape})
        return bool(flipped)

    def _tell_chains(self, now_s: float) -> None:
        """Push the chain of what is watched, and the one without a device: on change, and every 2 s for its ages."""
        if not self._fanout.viewers:
            return
        wanted: list[str | None] = [None, *wanted_fps(self._fanout.viewers)]
        self._chains = {id: told for id, told in self._chains.items() if id in wanted}
        for id in wanted:
            chain = self._views.own_chain() if id is None else self._views.chain(id)
            if chain is None:
                continue
            gist = {hop["hop"]: (hop["state"], hop["code"], hop["explained_by"]) for hop in chain["hops"]}
            told, told_at_s = self._chains.get(id, ({}, 0.0))
            if gist != told or now_s - told_at_s >= CHAIN_AGES_S:
                self._chains[id] = gist, now_s
                self._fanout.post({"type": "chain", "chain": chain}, device_id=id)
