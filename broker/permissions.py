"""What the contract lets an account do, asked once per topic and remembered."""

from dataclasses import dataclass
from functools import lru_cache

from glassline.contract import ContractError, Role, parse
from glassline.contract.roles import allowed, filter_covers, may_clear
from glassline.contract.topics import EVERYTHING, MAX_TOPIC_CHARACTERS, SPECS


@dataclass(frozen=True)
class Account:
    """Whom a connection speaks for. `role` None: nobody asked (a broker on loopback without accounts)."""

    id: str
    role: Role | None
    stamp: str | None = None
    """Changes when the account does, so that connections made before can be ended."""


ANYBODY = Account("anybody", None)


@dataclass(frozen=True)
class Ruling:
    """The answer to a publish. `kind` is the topic's kind in the contract, or `other`."""

    allowed: bool
    retain: bool
    kind: str
    max_bytes: int
    max_per_s: float
    counts_for: str = ""
    """All topics of this name share `max_per_s`."""


_NOWHERE = Ruling(False, False, "other", 0, 1)


def may_publish(role: Role | None, id: str, topic: str) -> Ruling:
    """Whether the account may publish to `topic`, how much, and whether the contract retains it."""
    # What is remembered must be short: a topic may be 65 kB long, and there is no end of topics.
    return _NOWHERE if len(topic) > MAX_TOPIC_CHARACTERS else _ruling(role, id, topic)


@lru_cache(maxsize=8192)
def _ruling(role: Role | None, id: str, topic: str) -> Ruling:
    try:
        address = parse(topic)
    except ContractError:
        return _NOWHERE
    spec, may = SPECS[address.kind], role is None or allowed(role, id, "publish", topic)
    counts_for = f"{address.id}/{address.kind}"
    if role is not None and not may and may_clear(role, id, topic):
        return Ruling(True, spec.retain, address.kind, 0, spec.max_per_s, counts_for)
    return Ruling(may, spec.retain, address.kind, spec.max_bytes, spec.max_per_s, counts_for)


@lru_cache(maxsize=8192)
def may_subscribe(role: Role | None, id: str, filter: str) -> bool:
    """Whether all that `filter` can ever match is the account's to read."""
    if not is_filter(filter):
        return False
    return filter_covers(EVERYTHING, filter) if role is None else allowed(role, id, "receive", filter)


def is_filter(text: str) -> bool:
    """Whether `text` is a topic filter: `+` and `#` only as whole levels, `#` only at the end (MQTT 3.1.1, 4.7.1)."""
    levels = text.split("/")
    if not text or "\0" in text or "#" in levels[:-1]:
        return False
    return all(level in {"+", "#"} or not {"+", "#"} & set(level) for level in levels)
