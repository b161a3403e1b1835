"""The way of a picture through the web: intake, hub, and out to all who watch, on the writer thread."""

import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from glassline.contract.topics import Address
from glassline.program import Tally, log_frame

from ..api.shapes import clock_json
from ..programs.hub import MAX_PROGRAMS, Hub
from .fanout import Fanout
from .intake import Intake, Picture
from .viewer import Viewer
from .wire import frame_message

log = logging.getLogger(__name__)

CLOCK_STEP_S = 0.005


class Live:
    """Feeds the fan-out. `appeared(device_id)` is called when a device's picture is new in size or boot."""

    def __init__(self, *, hub: Hub, stall_s: float, appeared: Callable[[str], None], tally: Tally) -> None:
        self.intake = Intake(clock_of=hub.clock_of, tally=tally, on_refused=hub.on_refused)
        self.fanout = Fanout(stall_s=stall_s, intake=self._pump)
        self._hub, self._appeared = hub, appeared
        self._told: OrderedDict[str, tuple[str, float]] = OrderedDict()

    def on_frame(self, address: Address, payload: bytes, retained: bool) -> None:
        """Take a payload from the network thread; a retained one is nobody's present."""
        if retained:
            self.intake.counters["frames_retained"] += 1
            return
        self.intake.offer(address.id, payload)
        self.fanout.wake()

    def watch(self, viewer: Viewer, wanted_fps: Mapping[str, float]) -> set[str]:
        """Change what a viewer watches; of what is new it gets the newest picture at once, however old. What is new."""
        new = viewer.watch(wanted_fps)
        for device_id in new:
            program = self._hub.get(device_id)
            if program is not None and program.picture is not None:
                self.fanout.tell(viewer, clock_event(device_id, clock_json(program)))
                self.fanout.show(viewer, device_id, frame_message(device_id, program.picture.jpeg))
        return new

    def _pump(self) -> None:
        for picture in self.intake.take():
            log_frame("in", picture.device_id, picture.meta.seq, len(picture.jpeg))
            if self._hub.on_picture(picture):
                self._appeared(picture.device_id)
            self._tell_clock(picture)
            viewers = self.fanout.picture(picture.device_id, frame_message(picture.device_id, picture.jpeg))
            self.fanout.counters["pictures_out"] += viewers
            log_frame(f"out to {viewers}", picture.device_id, picture.meta.seq, len(picture.jpeg))

    def _tell_clock(self, picture: Picture) -> None:
        """Tell the watchers when the node's clock is seen in a new light."""
        program = self._hub.get(picture.device_id)
        if program is None:
            return
        boot, offset_s = self._told.get(picture.device_id, ("", 0.0))
        clock = program.clock
        if clock.boot != boot or abs(clock.least_s - offset_s) > CLOCK_STEP_S:
            self._told[picture.device_id] = clock.boot, clock.least_s
            if len(self._told) > MAX_PROGRAMS:
                self._told.popitem(last=False)
            self.fanout.post(clock_event(picture.device_id, clock_json(program)), device_id=picture.device_id)


def clock_event(device_id: str, clock: dict[str, Any]) -> dict[str, Any]:
    """How to tell the age of that device's pictures."""
    return {"type": "clock", "device_id": device_id, **clock}
