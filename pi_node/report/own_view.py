"""The chain as the node itself sees it, without a network: for its journal, for `cmd/doctor`, for `glassline status`.

Camera, detector and node are seen at first hand, the broker by the node's own link. Of what is behind the broker only
that is known which came back: a receipt tells of the bridge, a lease of the web.
"""

from dataclasses import replace

from glassline.contract import Reason
from glassline.diagnosis import Hop, Observation, ProgramSeen, Verdict, age_text, diagnose, observe_device, observe_link
from glassline.link.address import PREDECESSOR_SETTING

from .status_file import NodeStatus

LATELY_S = 60.0
PROGRAM = "pi_node"


def judge(status: NodeStatus, *, age_s: float = 0.0, is_alive: bool = True) -> Verdict:
    """The verdict on what a node said `age_s` ago. One that is dead, or silent for long, is itself the cause."""
    seen = ProgramSeen(
        id=status.info.id, status="online" if is_alive else "offline", status_age_s=age_s, health=status.health,
        health_age_s=age_s, info=status.info,
    )  # fmt: skip
    file = {"file": status.settings_file} if status.settings_file else {}
    own = [replace(one.without_broker, facts={**file, **one.facts}) for one in observe_device(seen)]
    return diagnose([*own, *(replace(one, facts={**file, **one.facts}) for one in _behind(status, age_s, own))])


def _behind(status: NodeStatus, age_s: float, own: list[Observation]) -> list[Observation]:
    """Broker, bridge and web. Of a node that does not run nothing is known of them."""
    if any(one.code in (Reason.NODE_OFFLINE, Reason.NODE_SILENT) for one in own):
        hops = (Hop.BROKER, Hop.BRIDGE, Hop.WEB)
        return [Observation(hop=hop, state="unknown", via=(Hop.NODE,)) for hop in hops]
    web = replace(_web(status, age_s), via=(Hop.BROKER,))
    return [_broker(status, age_s), _bridge(status, age_s), web]


def _broker(status: NodeStatus, age_s: float) -> Observation:
    link = status.link
    if not link.connected and link.code is None:
        return Observation(hop=Hop.BROKER, state="unknown", facts={"why": f"Not yet: {link.sentence}."})
    if link.code is Reason.BROKER_LOST and Reason.NODE_TWICE in status.health.reasons:
        return Observation(hop=Hop.BROKER, state="ok", age_s=link.since_s + age_s)
    since_s = age_s if link.connected else link.since_s + age_s
    return observe_link(connected=link.connected, code=link.code, age_s=since_s, facts=link_facts(status))


def link_facts(status: NodeStatus) -> dict[str, str | float | int]:
    """What sentences about a node's way to the broker may name."""
    link = status.link
    return {
        "program": PROGRAM, "id": status.info.id, "role": "node", "address": link.address,
        "error": link.sentence.rpartition("cannot be used: ")[2], "password_file": status.password_file or "",
        "backend_url_set": PREDECESSOR_SETTING in link.sentence, **link.facts,
    }  # fmt: skip


def _bridge(status: NodeStatus, age_s: float) -> Observation:
    if status.receipt_age_s is None:
        return Observation(hop=Hop.BRIDGE, state="unknown", facts={"why": "No receipt has come since the node began."})
    receipt_age_s = status.receipt_age_s + age_s
    if receipt_age_s <= LATELY_S:
        return Observation(hop=Hop.BRIDGE, state="ok", age_s=receipt_age_s)
    waiting = status.health.outbox is not None and status.health.outbox.depth
    what = "though something waits for one" if waiting else "and nothing waits for one"
    why = f"The last receipt came {age_text(receipt_age_s)} ago, {what}."
    return Observation(hop=Hop.BRIDGE, state="unknown", facts={"why": why})


def _web(status: NodeStatus, age_s: float) -> Observation:
    if not status.asked_by or status.asked_age_s is None:
        return Observation(hop=Hop.WEB, state="unknown", facts={"why": "No web asks for pictures now."})
    return Observation(hop=Hop.WEB, state="ok", age_s=status.asked_age_s + age_s)
