"""From what the doctor has seen to observations of the hops."""

from glassline.contract import Reason
from glassline.diagnosis import Hop, Observation

from .machine import HOPS, Machine
from .observe_node import observe_its_link, observe_node
from .observe_store import observe_bridge_and_store
from .observe_web import observe_web_and_you
from .sight import Sight
from .way import Way


def observe_shared(sight: Sight) -> list[Observation]:
    """What all nodes have in common: settings, the broker, bridge and store."""
    return [
        *observe_settings(sight.machine), *observe_broker(sight), *observe_its_link(sight),
        *observe_bridge_and_store(sight),
    ]  # fmt: skip


def observe_chain_of(sight: Sight, id: str | None) -> list[Observation]:
    """Camera, detector and node, and its pictures in the web and here. `id` None: no node is known at all."""
    return [*observe_node(sight, id), *observe_web_and_you(sight, id)]


def observe_settings(machine: Machine) -> list[Observation]:
    """Programs of this machine that cannot start with their settings, or whose settings are not ours to read."""
    closed = [
        Observation(
            hop=HOPS[setup.program],
            state="unknown",
            facts={"why": f"{setup.closed} is not yours to read: run it with sudo."},
            via=(),
        )
        for setup in machine.programs.values()
        if setup.closed
    ]
    return closed + [
        Observation(
            hop=HOPS[setup.program],
            state="failed",
            code=Reason.SETTINGS_WRONG,
            facts={"program": setup.program, "error": "; ".join(setup.problems), "file": machine.file_name},
            via=(),
        )
        for setup in machine.programs.values()
        if setup.problems
    ]


def observe_broker(sight: Sight) -> list[Observation]:
    """The broker, once for each program of this machine that must reach it."""
    last_s = max((one.health_at_s for one in sight.programs.values() if one.health_at_s), default=0.0)
    seen = [_alone(sight, way) if sight.speaks_alone else way.observation for way in sight.ways]
    fresh = [
        Observation(hop=one.hop, state="ok", age_s=sight.age_s(max(last_s, way.at_s)))
        for way, one in zip(sight.ways, seen, strict=True)
        if one.state == "ok"
    ]
    return [one for one in seen if one.state != "ok"] + fresh or [Observation(hop=Hop.BROKER, state="unknown")]


def _alone(sight: Sight, way: Way) -> Observation:
    facts: dict[str, str | float | int] = {
        "program": way.program, "id": way.id, "address": str(way.address), "file": sight.machine.file_name,
        "backend_url_set": sight.machine.backend_url_set,
    }  # fmt: skip
    return Observation(hop=Hop.BROKER, state="failed", code=Reason.BROKER_LOCALHOST, facts=facts)
