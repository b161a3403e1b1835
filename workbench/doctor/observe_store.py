"""Bridge and store: as the bridge reports them, and the store as it was found here."""

from glassline.contract import Reason
from glassline.diagnosis import Hop, Observation, observe_bridge

from .heard import Heard
from .machine import BRIDGE, HOPS
from .sight import Sight


def observe_bridge_and_store(sight: Sight) -> list[Observation]:
    """Both hops. One bridge that is there is enough, so the others count only while none is."""
    reported = _reported(sight)
    seen = sight.store_seen
    if seen is not None and seen.is_unusable and not any(one.state == "ok" for one in reported):
        facts = {"program": seen.program, "error": seen.why.rstrip("."), "file": sight.machine.file_name}
        wrong = Observation(hop=HOPS[seen.program], state="failed", code=Reason.SETTINGS_WRONG, facts=facts, via=())
        return [wrong, Observation(hop=Hop.STORE, state="unknown")]
    return [*reported, *_found(sight, [one for one in reported if one.hop is Hop.STORE])]


def _reported(sight: Sight) -> list[Observation]:
    unseen = [Observation(hop=Hop.BRIDGE, state="unknown"), Observation(hop=Hop.STORE, state="unknown")]
    if BRIDGE in sight.broken:
        return [Observation(hop=Hop.STORE, state="unknown")]
    if not sight.hears_all or sight.speaks_alone:
        return unseen
    heard = sight.heard(BRIDGE)
    there = [one for one in heard if one.status == "online" and one.health is not None]
    seen: list[Observation] = []
    for one in there or heard or [Heard(sight.own_id(BRIDGE) or "bridge-1")]:
        seen += observe_bridge(sight.seen(one))
    return sight.seen_directly(BRIDGE, seen)


def _found(sight: Sight, reported: list[Observation]) -> list[Observation]:
    """The store of this machine at first hand. What the bridge complains of itself is not said twice."""
    seen = sight.store_seen
    if seen is None or any(one.state in ("failed", "degraded") for one in reported):
        return []
    facts: dict[str, str | float | int] = {"id": seen.id, "error": seen.error, "file": sight.machine.file_name}
    if not seen.done:
        return [Observation(hop=Hop.STORE, state="unknown", facts={"why": "It has given no answer yet."})]
    if seen.code is Reason.STORE_DOWN and any(one.state == "ok" for one in reported):
        why = f"The bridge writes it, but the doctor cannot: {seen.error}."
        return [Observation(hop=Hop.STORE, state="unknown", facts={"why": why})]
    if seen.code is not None:
        return [Observation(hop=Hop.STORE, state="failed", age_s=0.0, code=seen.code, facts=facts, via=())]
    low = facts | {"disk_free_mb": seen.disk_free_mb or 0}
    found = [
        Observation(hop=Hop.STORE, state="degraded", age_s=0.0, code=Reason.DISK_FULL, facts=low, via=())
    ] if seen.is_low else []  # fmt: skip
    if seen.took_ms is not None:
        found.append(Observation(hop=Hop.STORE, state="ok", age_s=0.0, via=()))
    elif seen.why:
        found.append(Observation(hop=Hop.STORE, state="unknown", facts={"why": seen.why}, via=()))
    return found
