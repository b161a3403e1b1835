"""One examination: the ways to the broker, what is heard there, and the web, put together into a verdict a device."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from glassline.diagnosis import Verdict, diagnose

from .listening import Listener
from .machine import BRIDGE, NODE, WEB, Machine
from .observations import observe_bridges, observe_broker, observe_nodes_chain, observe_settings
from .sight import Sight, watch
from .way import Way, walk_all

if TYPE_CHECKING:
    from .web_look import WebLook


@dataclass(frozen=True, kw_only=True)
class Examination:
    """What was found: the verdict on `device` (None: no node is known), those on the others, and how long it took."""

    machine: Machine
    device: str | None
    verdict: Verdict
    others: dict[str, Verdict] = field(default_factory=dict)
    took_s: float = 0.0

    @property
    def ok(self) -> bool:
        return self.verdict.ok and all(other.ok for other in self.others.values())

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON. Never a secret."""
        return self.verdict.to_dict() | {
            "ok": self.ok,
            "device": self.device,
            "others": {id: other.to_dict() for id, other in self.others.items()},
            "file": str(self.machine.file) if self.machine.file else None,
            "programs": {name: setup.to_dict() for name, setup in self.machine.programs.items()},
            "took_s": round(self.took_s, 1),
        }


def examine(machine: Machine, *, device: str | None, timeout_s: float, progress: Callable[[str], None]) -> Examination:
    """Walk the chain from here, within about `timeout_s`. `progress` is told what is done now."""
    began_s = time.monotonic()
    progress("asking the broker …")
    ways = walk_all(machine)
    own = machine.programs.get(NODE)
    expected = [id for id in dict.fromkeys((device, own.text("id") if own else "")) if id]
    with ExitStack() as looking:
        look = _look_at_web(machine, expected, looking)
        best = _best(ways)
        listener = looking.enter_context(Listener(best)) if best else None
        if look is not None:
            looking.enter_context(look)
        progress("listening for a few seconds: programs speak every 5 s …")
        sight = watch(
            machine=machine, ways=ways, listener=listener, look=look, expected=expected, until_s=began_s + timeout_s
        )
    shared = [*observe_settings(machine), *observe_broker(sight), *observe_bridges(sight)]
    verdicts = {id: diagnose([*shared, *observe_nodes_chain(sight, id)]) for id in _devices(sight, expected, device)}
    chosen = min(verdicts, key=lambda id: verdicts[id].ok)
    others = {id: verdict for id, verdict in verdicts.items() if id is not None and id != chosen}
    took_s = time.monotonic() - began_s
    return Examination(machine=machine, device=chosen, verdict=verdicts[chosen], others=others, took_s=took_s)


def _look_at_web(machine: Machine, expected: list[str], looking: ExitStack) -> "WebLook | None":
    """A Pi has none of what a web needs, not even to look at one."""
    web = machine.programs.get(WEB)
    if web is None or web.settings is None:
        return None
    from web.settings import WebSettings

    from .web_look import WebLook
    from .web_pass import web_pass

    assert isinstance(web.settings, WebSettings)
    cookie = looking.enter_context(web_pass(web.settings))
    return WebLook(
        host=web.text("http_host"), port=int(web.text("http_port")), cert=web.text("tls_cert"), devices=expected,
        cookie=cookie,
    )  # fmt: skip


def _best(ways: list[Way]) -> Way | None:
    """Of the ways that lead to the broker, that of the account that may hear most."""
    order = [WEB, BRIDGE, NODE]
    usable = [way for way in ways if way.usable]
    return min(usable, key=lambda way: order.index(way.program) if way.program in order else -1, default=None)


def _devices(sight: Sight, expected: list[str], device: str | None) -> list[str | None]:
    """The nodes to judge: the one that was asked for, or all that are set up here, heard, or remembered by the web."""
    if device is not None:
        return [device]
    heard = sorted(one.id for one in sight.heard(NODE))
    remembered = sight.look.seen.devices if sight.look else []
    return list(dict.fromkeys([*expected, *heard, *remembered])) or [None]
