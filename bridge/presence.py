"""Who was seen: the store remembers devices, since brokers forget retained messages."""

import threading
import time
from dataclasses import dataclass
from typing import Any

from glassline.contract.messages import decode_info, decode_status
from glassline.contract.topics import Address
from glassline.program import Tally

HEARD_EVERY_S = 30.0
MAX_DEVICES = 1000


@dataclass(frozen=True)
class Note:
    """What is to be remembered of one device; None leaves what is stored."""

    role: str | None = None
    status: str | None = None
    info: dict[str, Any] | None = None
    seen: bool = False

    def over(self, older: "Note") -> "Note":
        """Both in one: what this one says, and of `older` what it does not."""
        return Note(
            role=self.role or older.role,
            status=self.status or older.status,
            info=self.info or older.info,
            seen=self.seen or older.seen,
        )


class Presence:
    """Gathers notes on the network thread, one per device; the writer takes them to the store."""

    def __init__(self, *, tally: Tally) -> None:
        self._tally = tally
        self._notes: dict[str, Note] = {}
        self._heard_s: dict[str, float] = {}
        self._lock = threading.Lock()

    def on_status(self, address: Address, payload: bytes, retained: bool) -> None:
        self._note(address.id, status=decode_status(payload), seen=not retained)

    def on_info(self, address: Address, payload: bytes, retained: bool) -> None:
        info = decode_info(payload, address.id)
        self._note(address.id, role=info.role, info=info.to_dict(), seen=not retained)

    def on_health(self, address: Address, payload: bytes, retained: bool) -> None:
        """Health comes each 5 s from everybody; it is noted each 30 s."""
        now_s = time.monotonic()
        if retained or now_s - self._heard_s.get(address.id, -HEARD_EVERY_S) < HEARD_EVERY_S:
            return
        if len(self._heard_s) >= MAX_DEVICES:
            self._heard_s.clear()
        self._heard_s[address.id] = now_s
        self.see(address.id)

    def see(self, device_id: str) -> None:
        """This device is there now."""
        self._note(device_id, seen=True)

    def take(self) -> tuple[str, Note] | None:
        """The oldest note, with its device's id; None if there is none."""
        with self._lock:
            for device_id in self._notes:
                return device_id, self._notes.pop(device_id)
        return None

    def put_back(self, device_id: str, note: Note) -> None:
        """What was taken could not be remembered now; what was heard since is newer."""
        with self._lock:
            self._notes[device_id] = self._notes.get(device_id, Note()).over(note)

    def _note(
        self,
        device_id: str,
        *,
        role: str | None = None,
        status: str | None = None,
        info: dict[str, Any] | None = None,
        seen: bool,
    ) -> None:
        with self._lock:
            if device_id not in self._notes and len(self._notes) >= MAX_DEVICES:
                sentence = f"{MAX_DEVICES} devices wait to be remembered: {device_id} and others are not"
                self._tally.note("devices_too_many", sentence, who=device_id)
                return
            said = Note(role=role, status=status, info=info, seen=seen)
            self._notes[device_id] = said.over(self._notes.get(device_id, Note()))
