"""What the web answers about programs and their chains, from what it heard and what the store remembers."""

import time
from collections.abc import Callable
from typing import Any

from glassline.diagnosis import Verdict

from ..api.shapes import chain_json, device_json, remembered_json
from ..catalogue import Catalogue
from ..live.leases import Leases
from .alerts import Cause
from .hub import Heard, Hub
from .observations import BrokerView, judge, judge_server


class Views:
    """Answers as JSON shapes; `broker` gives the link's state now."""

    def __init__(self, *, hub: Hub, catalogue: Catalogue, leases: Leases, broker: Callable[[], BrokerView]) -> None:
        self._hub, self._catalogue, self._leases, self._broker = hub, catalogue, leases, broker

    def _verdict(self, device: Heard) -> Verdict:
        """The chain of a device up to here; of a bridge or a web what is known of it."""
        if device.role in ("bridge", "web", "broker"):
            return judge_server(programs=[device], broker=self._broker(), now_s=time.monotonic())
        return judge(
            device, programs=self._hub.all(), broker=self._broker(), watched_s=self._leases.watched_s(device.id),
            now_s=time.monotonic(),
        )  # fmt: skip

    def chain(self, id: str) -> dict[str, Any] | None:
        """The verdict on a device as JSON, or None if nobody ever heard of it."""
        program = self._hub.get(id) or (Heard(id) if id in self._catalogue.devices else None)
        return None if program is None else chain_json(id, self._verdict(program))

    def own_chain(self) -> dict[str, Any]:
        """The chain as it is without any device: what stands between here and whoever may come."""
        verdict = judge_server(programs=self._hub.all(), broker=self._broker(), now_s=time.monotonic())
        return chain_json(None, verdict)

    def device(self, id: str) -> dict[str, Any] | None:
        """A program as JSON, or None if nobody ever heard of it."""
        program, remembered = self._hub.get(id), self._catalogue.devices.get(id)
        if program is None:
            return None if remembered is None else remembered_json(remembered)
        now_s = time.monotonic()
        return device_json(
            program, remembered=remembered, refused=self._hub.refused(id), connected=self._broker().connected,
            verdict=self._verdict(program), now_s=now_s,
        )  # fmt: skip

    def devices(self) -> list[dict[str, Any]]:
        """All programs, heard or remembered, by id; those that are retired are not listed."""
        ids = {program.id for program in self._hub.all()} | self._catalogue.devices.keys()
        shapes = (self.device(id) for id in sorted(ids))
        return [shape for shape in shapes if shape is not None and shape["retired_at"] is None]

    def causes(self) -> dict[str, Cause | None]:
        """What is wrong first with each node that was heard, by id; None: nothing."""
        found = {}
        for program in self._hub.all():
            if program.role == "node":
                cause = self._verdict(program).first_cause
                found[program.id] = Cause(cause.code, cause.sentence) if cause and cause.code else None
        return found

    def speaks_first(self, id: str) -> bool:
        """Whether no web is there whose id comes before this one's."""
        now_s = time.monotonic()
        return not any(one.role == "web" and one.id < id and one.is_heard(now_s) for one in self._hub.all())

    def online(self) -> dict[str, bool]:
        """Who is there, by id."""
        now_s, connected = time.monotonic(), self._broker().connected
        return {program.id: connected and program.is_heard(now_s) for program in self._hub.all()}
