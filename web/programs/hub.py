"""What this web has heard of every program, by its own monotonic clock. Nothing here does I/O."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

from glassline.contract import ContractError
from glassline.contract.ids import BROKER_ID
from glassline.contract.messages import SILENT_S, Health, Info, decode, decode_info, decode_status
from glassline.contract.topics import Address

from ..live.intake import Picture
from .clock import NodeClock
from .signs import Signs

MAX_PROGRAMS = 200
MAX_PICTURES_BYTES = 40_000_000
"""Of the newest pictures together: 200 kB for each of so many programs."""
SMOOTHING = 0.2


@dataclass
class Heard:
    """One program. Times are on the web's monotonic clock; None: never, or not known."""

    id: str
    status: Literal["online", "offline"] | None = None
    status_at_s: float | None = None
    """None for a retained status: nobody knows how old it is."""
    info: Info | None = None
    health: Health | None = None
    health_at_s: float | None = None
    picture: Picture | None = None
    interval_s: float | None = None
    """Between pictures, smoothed."""
    heard_at_s: float = 0.0
    refused: Counter[str] = field(default_factory=Counter)
    """What this web did not take from it, by the fault."""
    clock: NodeClock = field(default_factory=NodeClock)
    signs: Signs = field(default_factory=Signs)
    other_version_at_s: float | None = None
    """When something of another contract version last came from it."""

    @property
    def is_known(self) -> bool:
        """Whether it ever said anything itself."""
        said = (self.status, self.info, self.health, self.picture, self.other_version_at_s)
        return any(one is not None for one in said)

    @property
    def role(self) -> str | None:
        """As it says itself; whoever sends pictures is a node."""
        return self.info.role if self.info else "node" if self.picture else None

    def picture_age_s(self, now_s: float) -> float | None:
        """Seconds since the newest picture was taken, plus nothing for the quickest way here."""
        return None if self.picture is None else max(0.0, now_s - self.clock.at(self.picture.ts_s))

    def is_heard(self, now_s: float) -> bool:
        """Online as the contract says: not `offline`, and health within 15 s."""
        return self.status != "offline" and self.health_at_s is not None and now_s - self.health_at_s <= SILENT_S


class Hub:
    """Takes messages on the network thread and pictures on the writer thread; answers anybody.

    `changed(id)` is called after something other than a picture was heard of a program.
    """

    def __init__(self, *, changed: Callable[[str], None]) -> None:
        self.counters: Counter[str] = Counter()
        self._changed = changed
        self._lock = threading.RLock()
        self._programs: dict[str, Heard] = {}
        self._pictures_bytes = 0

    def on_message(self, address: Address, payload: bytes, retained: bool) -> None:
        """Take a `status`, `info` or `health`; raises ContractError for what is broken."""
        now_s = time.monotonic()
        match address.kind:
            case "status":
                status = decode_status(payload)
                program = self._program(address.id)
                program.status, program.status_at_s = status, None if retained else now_s
            case "info":
                info = decode_info(payload, address.id)
                program = self._program(address.id)
                program.info = info
                if not retained:
                    program.signs.lives.note(info.boot, now_s)
            case "health":
                health = decode(Health, payload)
                program = self._program(address.id)
                program.health, program.health_at_s = health, now_s
                program.signs.note(health, now_s, time.time())
                if address.id == BROKER_ID:
                    self._note_the_refused(health)
                program.clock.note(health.boot, health.ts.timestamp(), now_s)
            case _:
                raise ContractError(f"expected status, info or health, got {address.kind}")
        self._program(address.id).heard_at_s = now_s
        self._changed(address.id)

    def forget(self, id: str) -> None:
        """Know nothing more of a program."""
        with self._lock:
            program = self._programs.get(id)
            if program is not None and not program.is_heard(time.monotonic()):
                self._keep_picture(program, None)
                del self._programs[id]

    def on_picture(self, picture: Picture) -> bool:
        """Keep the newest picture of a device. True if it is the first ever, or of another size than before."""
        with self._lock:
            program = self._program(picture.device_id)
            before = program.picture
            self._keep_picture(program, picture)
            program.heard_at_s = picture.arrived_s
            if before is not None:
                gap_s = picture.arrived_s - before.arrived_s
                smooth_s = gap_s if program.interval_s is None else program.interval_s
                program.interval_s = smooth_s + (gap_s - smooth_s) * SMOOTHING
            return before is None or before.image_wh != picture.image_wh or before.meta.boot != picture.meta.boot

    def clock_of(self, id: str) -> NodeClock | None:
        """The clock of a program, or None where too many are known already."""
        try:
            return self._program(id).clock
        except ContractError:
            return None

    def on_refused(self, id: str, why: str) -> None:
        """Count what was not taken from a program, if it is known; who speaks another version is known by that."""
        with self._lock:
            if why == "other_version":
                with suppress(ContractError):  # there is no room for one more
                    self._program(id).other_version_at_s = time.monotonic()
            if id in self._programs:
                self._programs[id].refused[why] += 1

    def refused(self, id: str) -> dict[str, int]:
        """What was not taken from a program, here and, as it says itself, at the broker."""
        with self._lock:
            program = self._programs.get(id)
            here = Counter() if program is None else program.refused
            reports = [one.health.denied for one in self._programs.values() if one.role == "broker" and one.health]
        denied = sum(report.get(id, 0) for report in reports)
        return dict(here + Counter({"denied": denied}))

    def get(self, id: str) -> Heard | None:
        """What is known of a program."""
        with self._lock:
            return self._programs.get(id)

    def all(self) -> list[Heard]:
        """All programs, by id."""
        with self._lock:
            return sorted(self._programs.values(), key=lambda program: program.id)

    def _note_the_refused(self, health: Health) -> None:
        """Whom the broker does not let in is known by that alone, and for as long: or nobody would see it try."""
        refused = health.turned_away_ages_s.keys() | health.denied_ages_s.keys()
        for id in refused:
            with suppress(ContractError):  # there is no room for one more
                self._program(id)
        with self._lock:
            for id in [one.id for one in self._programs.values() if not one.is_known and one.id not in refused]:
                del self._programs[id]

    def _program(self, id: str) -> Heard:
        with self._lock:
            if id not in self._programs:
                if len(self._programs) >= MAX_PROGRAMS:
                    self._forget_one()
                self._programs[id] = Heard(id)
            return self._programs[id]

    def _forget_one(self) -> None:
        """Make room: whoever is not there and was silent longest goes; nobody who is there does."""
        now_s = time.monotonic()
        away = [program for program in self._programs.values() if not program.is_heard(now_s)]
        if not away:
            raise ContractError(f"expected at most {MAX_PROGRAMS} programs, got one more", why="too_many")
        gone = min(away, key=lambda program: program.heard_at_s)
        self._keep_picture(gone, None)
        del self._programs[gone.id]
        self.counters["programs_forgotten"] += 1

    def _keep_picture(self, program: Heard, picture: Picture | None) -> None:
        """Replace the newest picture of a program; where all together are too large, the oldest goes."""
        self._pictures_bytes += (len(picture.jpeg) if picture else 0) - (
            len(program.picture.jpeg) if program.picture else 0
        )
        program.picture = picture
        while self._pictures_bytes > MAX_PICTURES_BYTES:
            held = [one for one in self._programs.values() if one.picture is not None and one is not program]
            oldest = min(held, key=lambda one: one.heard_at_s)
            self._pictures_bytes -= len(oldest.picture.jpeg) if oldest.picture else 0
            oldest.picture = None
            self.counters["pictures_forgotten"] += 1
