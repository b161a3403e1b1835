"""The node of this machine at first hand: what it says of itself in its file, without any network."""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from glassline.diagnosis import Observation, ProgramSeen, observe_link
from glassline.program.settings import Settings
from pi_node.report.own_view import link_facts
from pi_node.report.status_file import SERVER_FILE, NodeStatus, read_status

from .machine import NODE, Machine
from .running import Running, is_running, running

FRESH_S = 15.0
LINK_DOWN_S = 15.0
"""A link that broke is tried again after 10 s at most: so long is no sign yet of a node that knows another way."""


@dataclass(frozen=True, kw_only=True)
class NodeAtHand:
    """`runs` is what the process table says; `status` its newest word, `age_s` ago, if its process still lives."""

    id: str
    runs: bool
    status: NodeStatus | None = None
    age_s: float | None = None

    @property
    def fresh(self) -> NodeStatus | None:
        """Its word, if it may still be believed."""
        return self.status if self.age_s is not None and self.age_s <= FRESH_S else None

    @property
    def hangs(self) -> bool:
        """It lives, and has stopped to say anything."""
        return self.status is not None and self.fresh is None

    def seen(self, heard: ProgramSeen) -> ProgramSeen:
        """`heard` with what the node says of itself, where that is fresher."""
        status, age_s = self.status, self.age_s
        if status is None or age_s is None:
            return heard
        if heard.health_age_s is None or age_s < heard.health_age_s:
            heard = replace(
                heard, health=status.health, health_age_s=age_s, info=status.info, listened_s=float("inf")
            )  # fmt: skip
        return replace(heard, status="online", status_age_s=age_s)

    def observe_link(self) -> Observation | None:
        """The broker, if the node itself cannot come through, and has not for a while."""
        status = self.fresh
        if status is None or status.link.connected or status.link.code is None or status.link.since_s < LINK_DOWN_S:
            return None
        facts = {**link_facts(status), "file": status.settings_file or ""}
        age_s = status.link.since_s + (self.age_s or 0.0)
        return observe_link(connected=False, code=status.link.code, age_s=age_s, facts=facts)


def node_at_hand(machine: Machine) -> NodeAtHand | None:
    """The node that is set up on this machine; None: none is."""
    setup = machine.programs.get(NODE)
    if setup is None or setup.settings is None:
        return None
    id = setup.text("id")
    process = _process(machine.file)
    folder, environ = _whereabouts(setup.settings, process)
    status = read_status(folder, id, environ)
    if status is None or not status.is_alive():
        return NodeAtHand(id=id, runs=is_running(NODE, machine.file))
    return NodeAtHand(id=id, runs=True, status=status, age_s=status.age_s(time.time()))


def memory_of_server(machine: Machine) -> Path | None:
    """Where the node of this machine keeps in mind at which place it found its server."""
    setup = machine.programs.get(NODE)
    if setup is None or setup.settings is None:
        return None
    folder, environ = _whereabouts(setup.settings, _process(machine.file))
    return folder / environ.get("GLASS_STATE_DIR", "") / SERVER_FILE


def _process(file: Path | None) -> Running | None:
    ours = file.resolve() if file else None
    return next((one for one in running() if one.program == NODE and one.config == ours and one.cwd), None)


def _whereabouts(settings: Settings, process: Running | None) -> tuple[Path, Mapping[str, str]]:
    """The state folder of a node, and the environment that it runs in."""
    state_dir = Path(str(getattr(settings, "state_dir", "")))
    if process is None or process.cwd is None:
        return state_dir, os.environ
    return process.cwd / state_dir, process.environ
