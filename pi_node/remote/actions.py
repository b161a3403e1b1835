"""What the commands do: arguments in, data of the reply out."""

from collections.abc import Callable
from typing import Any

from glassline.link import Link

from ..config.in_force import Config
from ..config.probation import Probation
from ..config.trial import MOST_S
from ..detection.inspection import Inspection
from ..health.reporter import HealthReporter
from ..live.picture import Live
from ..models import Fetching
from ..report.self_report import SelfReport
from .commands import Action


class Actions:
    """`restart` ends the process, a moment later, so that it is started anew."""

    def __init__(
        self,
        *,
        link: Link,
        live: Live,
        inspection: Inspection,
        config: Config,
        probation: Probation,
        fetching: Fetching,
        self_report: SelfReport,
        health: Callable[[], HealthReporter],
        restart: Callable[[], None],
    ) -> None:
        self._link, self._live, self._inspection, self._config = link, live, inspection, config
        self._probation, self._fetching, self._self_report = probation, fetching, self_report
        self._health, self._restart = health, restart

    def by_name(self) -> dict[str, Action]:
        """The commands of the contract that this node obeys."""
        return {
            "ping": lambda args: {"pong": args},
            "snapshot": self._on_snapshot,
            "config": self._on_config,
            "restart": self._on_restart,
            "doctor": self._on_doctor,
            "model": self._fetching.order,
        }

    def _on_snapshot(self, args: dict[str, Any]) -> dict[str, Any]:
        self._live.snapshot()
        return {"sent": "the newest frame, on the frame topic"}

    def _on_config(self, args: dict[str, Any]) -> dict[str, Any]:
        card = self._inspection.card
        if args:
            self._probation.change(args, labels=None if card is None else card.labels)
        else:
            self._link.reannounce()
        names = sorted(self._config.on_probation)
        waits = {"on_probation": names, "decided_within_s": MOST_S} if names else {}
        return self._config.running().model_dump(mode="json") | waits

    def _on_doctor(self, args: dict[str, Any]) -> dict[str, Any]:
        return self._self_report.examined(self._health().report())

    def _on_restart(self, args: dict[str, Any]) -> dict[str, Any]:
        self._restart()
        return {"restarting": True}
