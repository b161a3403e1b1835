"""Camera, detector and node: at first hand on their own machine, else as they were heard at the broker."""

from dataclasses import replace

from glassline.contract import Reason
from glassline.diagnosis import Hop, Observation, observe_device

from .heard import Heard
from .idle_node import observe_idle
from .machine import NODE
from .node_at_hand import FRESH_S, NodeAtHand
from .sight import SILENT_S, Sight

_NEVER_SET_UP = (
    Reason.BROKER_NOT_ENROLLED, Reason.BROKER_NOT_JOINED, Reason.BROKER_ADDRESS_UNSET, Reason.BROKER_ADDRESS_INVALID,
    Reason.BROKER_LOCALHOST,
)  # fmt: skip
"""While its settings lead nowhere, to start the node is not the next thing to do."""


def observe_node(sight: Sight, id: str | None) -> list[Observation]:
    """The first three hops of one node. `id` None: no node is known at all."""
    at_hand = sight.at_hand if sight.at_hand is not None and sight.at_hand.id == id else None
    if at_hand is not None and NODE in sight.broken and not at_hand.runs:
        return _unseen()[:2]
    heard = sight.programs.get(id or "")
    if at_hand is not None and not _is_heard(sight, heard):
        return _at_first_hand(sight, at_hand, heard or Heard(at_hand.id))
    if sight.listener is None or not (sight.hears_all or at_hand is not None):
        return _unseen()
    seen = sight.seen(heard or Heard(id or "(of any name)"))
    if at_hand is not None:
        seen = at_hand.seen(seen)
    return sight.seen_directly(NODE if at_hand is not None else "", observe_device(seen))


def observe_its_link(sight: Sight) -> list[Observation]:
    """The broker as the node of this machine finds it, where the doctor came through and the node does not."""
    way = sight.way_of(NODE)
    if sight.at_hand is None or way is None or way.observation.state != "ok":
        return []
    found = sight.at_hand.observe_link()
    return [found] if found is not None else []


def _is_heard(sight: Sight, heard: Heard | None) -> bool:
    return heard is not None and heard.status != "offline" and heard.health is not None


def _at_first_hand(sight: Sight, at_hand: NodeAtHand, heard: Heard) -> list[Observation]:
    seen = sight.seen(heard)
    if at_hand.fresh is not None:
        silent_there = sight.hears_all and sight.listened_s >= SILENT_S
        seen = replace(at_hand.seen(seen), silent_s=SILENT_S if silent_there else FRESH_S)
        return [one.without_broker for one in observe_device(seen)]
    idle = observe_idle(sight.machine, runs=at_hand.runs)
    if at_hand.hangs:
        if any(one.code is Reason.DISK_FULL for one in idle):
            return [*idle, *_unseen(why="It says nothing on this machine, whose disk is full.")]
        return [*(one.without_broker for one in observe_device(at_hand.seen(seen))), *idle]
    if at_hand.runs:
        camera, detector, node = _unseen(why="The node has left no word on this machine that may be read here.")
        return [camera, detector, replace(node, state="ok", via=())]
    if (way := sight.way_of(NODE)) is not None and way.observation.code in _NEVER_SET_UP:
        return _unseen(why="It does not run on this machine, and would not know where the broker is.")
    gone = Observation(hop=Hop.NODE, state="failed", code=Reason.NODE_OFFLINE, facts={"id": at_hand.id}, via=())
    full = [one for one in idle if one.code is Reason.DISK_FULL]
    rest = [one for one in idle if one.code is not Reason.DISK_FULL]
    return [*_unseen(why="Nothing can be seen of it while the node does not run.")[:2], *full, gone, *rest]


def _unseen(why: str = "") -> list[Observation]:
    facts = {"why": why} if why else {}
    return [Observation(hop=hop, state="unknown", facts=facts) for hop in (Hop.CAMERA, Hop.DETECTOR, Hop.NODE)]
