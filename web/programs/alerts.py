"""Alerts over MQTT: what is the first cause of a device's trouble, once it has stood for a while, and that it is gone.

Of several webs the one whose id comes first tells it; the others follow, and take over where they left off. What stands
is kept in a file: a web that begins anew tells the end of what it told before.
"""

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from glassline.contract import Reason
from glassline.contract.messages import Alert
from glassline.link import EnvelopeFields
from glassline.writing import write_whole

log = logging.getLogger(__name__)

STANDS_S = 5.0
"""For so long a cause must be there, or be gone, before anybody is told."""


@dataclass(frozen=True)
class Cause:
    """The first cause of a device's trouble."""

    code: Reason
    sentence: str


@dataclass
class _Device:
    seen: Cause | None = None
    seen_at_s: float = 0.0
    told: Cause | None = None
    since: datetime | None = None
    """When what was told began."""


class Alerts:
    """Belongs to one thread. `publish` sends one and says whether it went; `envelope` gives its head.

    `memory` is the file of what stands.
    """

    def __init__(
        self, *, publish: Callable[[Alert], bool], envelope: Callable[[], EnvelopeFields], memory: Path
    ) -> None:
        self._publish, self._envelope, self._memory = publish, envelope, memory
        self._devices = _remembered(memory)
        self._kept = _standing(self._devices)

    def look(self, causes: Mapping[str, Cause | None], *, is_speaker: bool, now_s: float, now: datetime) -> None:
        """Take what is wrong with each device now; tell what has stood. A device that is not named is gone."""
        for id in [id for id in self._devices if id not in causes]:
            self._settle(id, None, is_speaker, now)
            del self._devices[id]
        for id, cause in causes.items():
            device = self._devices.setdefault(id, _Device(seen_at_s=now_s))
            if _code(cause) != _code(device.seen):
                device.seen_at_s = now_s
            device.seen = cause
            if _code(cause) != _code(device.told) and now_s - device.seen_at_s >= STANDS_S:
                self._settle(id, cause, is_speaker, now)
        self._keep()

    def _keep(self) -> None:
        standing = _standing(self._devices)
        if standing != self._kept:
            self._kept = standing
            try:
                write_whole(self._memory, json.dumps(standing, ensure_ascii=False).encode())
            except OSError as error:
                log.warning("after a restart nobody is told that an alert is over: %s", error)

    def _settle(self, id: str, cause: Cause | None, is_speaker: bool, now: datetime) -> None:
        """What was told is over, and `cause` is told; what cannot be sent now is tried again at the next look."""
        device = self._devices[id]
        if device.told is not None and device.since is not None:
            if is_speaker and not self._tell(id, device.told, device.since, cleared=True):
                return
            device.told = device.since = None
        if cause is not None and (not is_speaker or self._tell(id, cause, now, cleared=False)):
            device.told, device.since = cause, now

    def _tell(self, id: str, cause: Cause, since: datetime, *, cleared: bool) -> bool:
        told = {"device_id": id, "code": cause.code, "sentence": cause.sentence[:1000], "since": since}
        return self._publish(Alert(**self._envelope(), **told, cleared=cleared))


def _standing(devices: Mapping[str, _Device]) -> dict[str, dict[str, str]]:
    return {
        id: {"code": one.told.code, "sentence": one.told.sentence, "since": one.since.isoformat()}
        for id, one in devices.items()
        if one.told is not None and one.since is not None
    }


def _remembered(memory: Path) -> dict[str, _Device]:
    try:
        kept = json.loads(memory.read_bytes())
        return {
            id: _Device(told=Cause(Reason(one["code"]), one["sentence"]), since=datetime.fromisoformat(one["since"]))
            for id, one in kept.items()
        }
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, LookupError, AttributeError, TypeError) as error:
        log.warning("%s is not read, so nobody is told that alerts of before are over: %s", memory, error)
        return {}


def _code(cause: Cause | None) -> Reason | None:
    return None if cause is None else cause.code
