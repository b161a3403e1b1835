"""The hops of the chain, what each says when it is well, and through which others it is seen."""

from enum import StrEnum
from typing import Literal

State = Literal["ok", "degraded", "failed", "unknown"]


class Hop(StrEnum):
    """In chain order, as people see it. Live pictures skip detector, bridge and store, storing skips web and you."""

    CAMERA = "camera"
    DETECTOR = "detector"
    NODE = "node"
    BROKER = "broker"
    BRIDGE = "bridge"
    STORE = "store"
    WEB = "web"
    YOU = "you"


CHAIN_ORDER = {hop: place for place, hop in enumerate(Hop)}

SEEN_THROUGH: dict[Hop, tuple[Hop, ...]] = {
    Hop.CAMERA: (Hop.BROKER, Hop.NODE),
    Hop.DETECTOR: (Hop.BROKER, Hop.NODE),
    Hop.NODE: (Hop.BROKER,),
    Hop.BROKER: (),
    Hop.BRIDGE: (Hop.BROKER,),
    Hop.STORE: (Hop.BROKER, Hop.BRIDGE),
    Hop.WEB: (),
    Hop.YOU: (Hop.WEB,),
}
"""For an observer elsewhere: the hops that stand between it and this one, nearest to the observer first."""

WELL: dict[Hop, str] = {
    Hop.CAMERA: "Gives pictures.",
    Hop.DETECTOR: "Looks at the pictures.",
    Hop.NODE: "Runs and reports itself.",
    Hop.BROKER: "Accepts and delivers.",
    Hop.BRIDGE: "Runs and reports itself.",
    Hop.STORE: "Takes what the bridge writes.",
    Hop.WEB: "Answers.",
    Hop.YOU: "The picture arrives here.",
}

WHILE: dict[Hop, str] = {
    Hop.CAMERA: "the camera gives no pictures",
    Hop.DETECTOR: "the detector does not work",
    Hop.NODE: "the node is not heard",
    Hop.BROKER: "the broker cannot be reached",
    Hop.BRIDGE: "the bridge is not heard",
    Hop.STORE: "the store cannot be written",
    Hop.WEB: "the web does not answer",
    Hop.YOU: "the picture does not arrive here",
}
