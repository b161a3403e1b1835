"""From what the doctor has seen to observations of the hops."""

from dataclasses import replace

from glassline.contract import Reason
from glassline.diagnosis import Hop, Observation, age_text, observe_bridge, observe_device

from .listening import Heard
from .machine import BRIDGE, HOPS, NODE, WEB, Machine
from .running import is_running
from .sight import PICTURE_S, SILENT_S, Sight

LOCKED = (
    "People sign in at the web, so its pictures cannot be seen from here: run the doctor as the user of the web, "
    "in the folder where it runs."
)


def observe_settings(machine: Machine) -> list[Observation]:
    """Programs of this machine that cannot start with their settings."""
    return [
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
    seen = [way.observation for way in sight.ways]
    fresh = [
        Observation(hop=one.hop, state="ok", age_s=sight.age_s(max(last_s, way.at_s)))
        for way, one in zip(sight.ways, seen, strict=True)
        if one.state == "ok"
    ]
    return [one for one in seen if one.state != "ok"] + fresh or [Observation(hop=Hop.BROKER, state="unknown")]


def observe_nodes_chain(sight: Sight, id: str | None) -> list[Observation]:
    """Camera and node, and its pictures in the web and here. `id` None: no node is known at all."""
    return [*_node(sight, id), *_web(sight, id)]


def observe_bridges(sight: Sight) -> list[Observation]:
    """Bridge and store. One bridge that is there is enough, so the others count only while none is."""
    unseen = [Observation(hop=Hop.BRIDGE, state="unknown"), Observation(hop=Hop.STORE, state="unknown")]
    if BRIDGE in sight.broken:
        return [Observation(hop=Hop.STORE, state="unknown")]
    if not sight.hears_all:
        return unseen
    heard = sight.heard(BRIDGE)
    there = [one for one in heard if one.status == "online" and one.health is not None]
    seen: list[Observation] = []
    for one in there or heard or [Heard(sight.own_id(BRIDGE) or "bridge-1")]:
        seen += observe_bridge(sight.seen(one))
    return sight.seen_directly(BRIDGE, seen)


def _node(sight: Sight, id: str | None) -> list[Observation]:
    unseen = [Observation(hop=Hop.CAMERA, state="unknown"), Observation(hop=Hop.NODE, state="unknown")]
    own = id is not None and id == sight.own_id(NODE)
    if own and NODE in sight.broken:
        return unseen[:1]
    heard = sight.programs.get(id or "")
    if sight.listener is None or not (sight.hears_all or own):
        return unseen
    if heard is None and not sight.hears_all:
        return _node_as_a_process(sight, id or "")
    heard = heard or Heard(id or "(of any name)")
    seen = observe_device(sight.seen(heard))
    return sight.seen_directly(NODE if own else "", seen)


def _node_as_a_process(sight: Sight, id: str) -> list[Observation]:
    """A node's account may not hear the node itself: then the process table of this machine tells."""
    camera = Observation(hop=Hop.CAMERA, state="unknown", facts={"why": "A node's account may not hear of it."})
    if is_running(NODE, sight.machine.file):
        return [camera, Observation(hop=Hop.NODE, state="ok", via=())]
    return [
        camera, Observation(hop=Hop.NODE, state="failed", code=Reason.NODE_OFFLINE, facts={"id": id}, via=()),
    ]  # fmt: skip


def _web(sight: Sight, id: str | None) -> list[Observation]:
    """The web and you: at first hand where the web is set up here, else as the broker tells."""
    you = Observation(hop=Hop.YOU, state="unknown")
    if WEB in sight.broken:
        return [you]
    if sight.look is None:
        return [_web_elsewhere(sight), you]
    seen, look = sight.look.seen, sight.look
    if seen.code is not None:
        facts: dict[str, str | float | int] = {
            "address": look.address, "error": seen.error, "file": sight.machine.file_name,
        }  # fmt: skip
        return [Observation(hop=Hop.WEB, state="failed", code=seen.code, facts=facts), you]
    age_s = sight.age_s(seen.answered_at_s)
    if seen.locked:
        return [Observation(hop=Hop.WEB, state="ok", age_s=age_s), replace(you, facts={"why": LOCKED})]
    picture_age_s = sight.age_s(seen.picture_at_s.get(id or ""))
    if picture_age_s is not None and picture_age_s < PICTURE_S:
        here = Observation(hop=Hop.YOU, state="ok", age_s=picture_age_s)
        return [Observation(hop=Hop.WEB, state="ok", age_s=age_s), here]
    none = Observation(hop=Hop.YOU, state="unknown", facts={"why": "No picture has come here."})
    waited_s = picture_age_s or sight.age_s(seen.watched_since_s) or 0.0
    if age_s is None or (waited_s < PICTURE_S and not seen.error):
        return [Observation(hop=Hop.WEB, state="unknown" if age_s is None else "ok", age_s=age_s), none]
    missing = Observation(
        hop=Hop.WEB, state="failed", age_s=waited_s, code=Reason.WEB_NO_FRAMES, facts={"id": id or "any node"}
    )
    return [missing, none]


def _web_elsewhere(sight: Sight) -> Observation:
    webs = sight.heard(WEB)
    if not webs:
        return Observation(hop=Hop.WEB, state="unknown")
    best = min(webs, key=lambda one: (one.status != "online", one.health is None))
    if best.status == "online" and best.health is not None:
        return Observation(hop=Hop.WEB, state="ok", age_s=sight.age_s(best.health_at_s), via=())
    if best.status == "online" and sight.listened_s < SILENT_S:
        return Observation(hop=Hop.WEB, state="unknown", facts={"why": "Not heard yet: programs speak every 5 s."})
    silent = f"it has said nothing to the broker for {age_text(sight.listened_s)}"
    error = "it is offline at the broker" if best.status == "offline" else silent
    where = best.info.hostname if best.info is not None and best.info.hostname else best.id
    facts = {"address": where, "host": where, "error": error}
    return Observation(hop=Hop.WEB, state="failed", code=Reason.WEB_DOWN, facts=facts, via=())
