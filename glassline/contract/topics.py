"""Every topic of the contract in one table; nobody else formats or splits a topic string.

>>> topic_of("detection", "pi-1")
'glass/v1/pi-1/detection'
>>> parse("glass/v1/pi-1/cmd/ping")
Address(id='pi-1', kind='cmd', rest='ping')
"""

from dataclasses import dataclass
from typing import Literal, get_args

from .errors import ContractError
from .ids import check_id, is_id

ROOT = "glass/v1"
EVERYTHING = f"{ROOT}/#"
MAX_PAYLOAD_BYTES = 2_000_000
MAX_EVIDENCE_BYTES = 1_500_000
MAX_JSON_BYTES = 200_000
MAX_SMALL_BYTES = 32_000
"""For messages of which the largest known is a tenth of that; kept per program, so that they must not be large."""
MAX_TOPIC_CHARACTERS = 100

Kind = Literal[
    "status", "info", "health", "frame", "frame/meta", "detection", "evidence", "receipt",
    "review", "alert", "probe", "cmd", "reply", "viewers",
]  # fmt: skip


@dataclass(frozen=True)
class TopicSpec:
    """What the contract says of one kind of topic below `glass/v1/<id>/`."""

    kind: Kind
    payload: str
    qos: int
    retain: bool
    max_bytes: int
    max_per_s: float
    """How many an id may send, `rates.BURST_S` worth of them at once; what is more is dropped and counted."""
    has_rest: bool = False
    """Whether one more level follows the kind: the command's name, the web's id."""


_J, _S = MAX_JSON_BYTES, MAX_SMALL_BYTES
SPECS: dict[Kind, TopicSpec] = {
    s.kind: s
    for s in (
        TopicSpec("status", "the plain word online or offline; the will says offline", 1, True, 16, 5),
        TopicSpec("info", "JSON Info: who this is, on every connect and change", 1, True, _S, 5),
        TopicSpec("health", "JSON Health, every 5 s", 0, False, _S, 10),
        TopicSpec("frame", "JPEG with JSON FrameMeta in a COM segment", 1, False, MAX_PAYLOAD_BYTES, 150),
        TopicSpec("frame/meta", "JSON FrameMeta; off unless asked for", 0, False, _J, 150),
        TopicSpec("detection", "JSON Detection: its whole state at its rev", 1, False, _J, 200),
        TopicSpec("evidence", "JPEG with JSON EvidenceMeta in a COM segment", 1, False, MAX_EVIDENCE_BYTES, 200),
        TopicSpec("receipt", "JSON Receipt, after the commit; <id> is the node's", 1, False, _S, 2000),
        TopicSpec("review", "JSON Review: a hint to read the store again; <id> is the web's", 1, False, _S, 50),
        TopicSpec("alert", "JSON Alert", 1, False, _S, 10),
        TopicSpec("probe", "JSON Probe: sent to oneself; only its echo proves that publishing works", 1, False, _S, 50),
        TopicSpec("cmd", "JSON Command; retained ones are ignored", 1, False, _S, 50, has_rest=True),
        TopicSpec("reply", "JSON Reply to the command of that name", 1, False, _S, 50, has_rest=True),
        TopicSpec("viewers", "JSON Lease of the web named last", 0, False, _S, 50, has_rest=True),
    )
}
assert set(SPECS) == set(get_args(Kind))
RETAINED = tuple(kind for kind, spec in SPECS.items() if spec.retain)
"""An empty payload clears them, and says nothing."""


@dataclass(frozen=True)
class Address:
    """A topic taken apart: whose it is, of which kind, and the last level where the kind has one."""

    id: str
    kind: Kind
    rest: str = ""


def topic_of(kind: Kind, id: str, rest: str = "") -> str:
    """The topic of `kind` for `id`. `rest` is the command's name or the web's id where the kind has one."""
    check_id(id)
    if SPECS[kind].has_rest:
        return f"{ROOT}/{id}/{kind}/{check_id(rest)}"
    if rest:
        raise ValueError(f"{kind} has no further level, got {rest!r}")
    return f"{ROOT}/{id}/{kind}"


def filter_of(kind: Kind, id: str = "+", rest: str = "+") -> str:
    """A subscription filter for `kind`; ids left out match every id."""
    return f"{ROOT}/{id}/{kind}/{rest}" if SPECS[kind].has_rest else f"{ROOT}/{id}/{kind}"


def parse(topic: str) -> Address:
    """Take a topic apart; raise ContractError for anything the contract does not name."""
    if len(topic) <= MAX_TOPIC_CHARACTERS and topic.startswith(ROOT + "/"):
        id, _, tail = topic[len(ROOT) + 1 :].partition("/")
        if is_id(id):
            if tail in SPECS and not SPECS[tail].has_rest:
                return Address(id, tail)
            head, _, rest = tail.partition("/")
            if head in SPECS and SPECS[head].has_rest and is_id(rest):
                return Address(id, head, rest)
    raise ContractError(f"no topic of the contract: {topic[:120]!r:.130}", why="topic")
