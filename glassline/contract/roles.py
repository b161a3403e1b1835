"""Who may write and read which topic: the one table from which every broker's permissions are made."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from .topics import EVERYTHING, RETAINED, Kind, filter_of


class Role(StrEnum):
    """What an account is for."""

    NODE = "node"
    BRIDGE = "bridge"
    WEB = "web"
    OBSERVER = "observer"


@dataclass(frozen=True)
class Grant:
    """One permission: publish to, or receive from, all topics that `pattern` matches."""

    access: Literal["publish", "receive"]
    pattern: str
    only_clears: bool = False
    """Only to clear what is retained, by an empty payload. mosquitto cannot tell: it lets all through."""


_OWN: tuple[Kind, ...] = ("status", "info", "health", "probe")


def grants(role: Role, id: str) -> list[Grant]:
    """All permissions of the account `id` in `role`, as MQTT filters; whatever none matches is denied."""
    clear: list[str] = []
    publish: list[str] = [filter_of("probe", id)]
    receive: list[str] = [filter_of("probe", id)]
    if role is not Role.OBSERVER:
        publish = [filter_of(kind, id) for kind in _OWN]
    match role:
        case Role.NODE:
            own: tuple[Kind, ...] = ("frame", "frame/meta", "detection", "evidence", "alert", "reply")
            publish += [filter_of(kind, id) for kind in own]
            receive += [filter_of(kind, id) for kind in ("cmd", "receipt", "viewers")]
        case Role.BRIDGE:
            publish += [filter_of("receipt"), filter_of("alert", id)]
            receive += [filter_of(k) for k in ("detection", "evidence", "status", "info", "health")]
        case Role.WEB:
            publish += [
                filter_of("review", id),
                filter_of("alert", id),
                filter_of("cmd"),
                filter_of("viewers", rest=id),
            ]
            clear = [filter_of(kind) for kind in RETAINED]
            receive = [EVERYTHING]
        case Role.OBSERVER:
            receive = [EVERYTHING]
    may = [Grant("publish", p) for p in publish] + [Grant("receive", p) for p in receive]
    return may + [Grant("publish", p, only_clears=True) for p in clear]


def filter_covers(pattern: str, wanted: str) -> bool:
    """Whether every topic that the filter (or topic) `wanted` matches is also matched by `pattern`.

    >>> filter_covers("glass/v1/+/status", "glass/v1/pi-1/status")
    True
    >>> filter_covers("glass/v1/pi-1/status", "glass/v1/+/status")
    False
    """
    have, want = pattern.split("/"), wanted.split("/")
    for i, level in enumerate(have):
        if level == "#":
            return not (i == 0 and want[0].startswith("$"))
        if i >= len(want) or want[i] == "#" or (level != want[i] and (level != "+" or want[i] == "")):
            return False
        if level == "+" and i == 0 and want[0].startswith("$"):
            return False
    return len(have) == len(want)


def allowed(role: Role, id: str, access: Literal["publish", "receive"], topic: str) -> bool:
    """Whether `id` in `role` may publish to, or receive from (a filter too), `topic`."""
    return any(not grant.only_clears for grant in _matching(role, id, access, topic))


def may_clear(role: Role, id: str, topic: str) -> bool:
    """Whether `id` in `role` may clear what is retained under `topic`, by an empty payload."""
    return bool(_matching(role, id, "publish", topic))


def _matching(role: Role, id: str, access: Literal["publish", "receive"], topic: str) -> list[Grant]:
    if access == "publish" and any(c in topic for c in "+#\0"):
        return []
    return [grant for grant in grants(role, id) if grant.access == access and filter_covers(grant.pattern, topic)]


def client_id_allowed(role: Role, id: str, client_id: str, other_ids: frozenset[str]) -> bool:
    """Whether the account may connect under `client_id`.

    A program's client id is its id, so that a second copy replaces the first and no stale will outlives it;
    `<id>.something` is free for its tools, such as the doctor. An observer takes any that belongs to nobody else.
    """
    if role is not Role.OBSERVER:
        return client_id == id or client_id.startswith(id + ".")
    return client_id.partition(".")[0] not in other_ids - {id}
