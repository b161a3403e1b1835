"""From what was seen of the web to observations of web and you."""

from dataclasses import replace
from typing import TYPE_CHECKING

from glassline.contract import Reason
from glassline.diagnosis import Hop, Observation, age_text

from .machine import WEB
from .sight import PICTURE_S, SILENT_S, Sight

if TYPE_CHECKING:
    from .web_look import WebLook

LOCKED = (
    "People sign in at the web, so its pictures cannot be seen from here: run the doctor as the user of the web, "
    "in the folder where it runs."
)


def observe_web_and_you(sight: Sight, id: str | None) -> list[Observation]:
    """The web and you: at first hand where the web can be looked at from here, else as the broker tells."""
    you = Observation(hop=Hop.YOU, state="unknown")
    if WEB in sight.broken:
        return [you]
    if sight.look is None:
        return [_web_elsewhere(sight), you]
    if sight.look.seen.code is not None:
        return [_fault(sight, sight.look), you]
    if sight.look.seen.why:
        return [Observation(hop=Hop.WEB, state="unknown", facts={"why": sight.look.seen.why}), you]
    return [*_watched(sight, id), *_where_people_open_it(sight)]


def _fault(sight: Sight, look: "WebLook") -> Observation:
    facts: dict[str, str | float | int] = {
        "address": look.place.address, "error": look.seen.error, "holder": look.seen.holder,
        "file": sight.machine.file_name,
    }  # fmt: skip
    return Observation(hop=Hop.WEB, state="failed", code=look.seen.code, facts=facts)


def _where_people_open_it(sight: Sight) -> list[Observation]:
    """What is wrong at the page's public address. While the web itself is, that is its effect.

    A router may not lead to itself from inside: that nobody answers is seen from this machine only.
    """
    public = sight.public
    if public is None or public.seen.code is None:
        return []
    found = _fault(sight, public)
    if public.seen.code is not Reason.WEB_DOWN or public.seen.by_proxy:
        return [found]
    here = f"{public.seen.error}, as seen from this machine, where it answers itself"
    return [replace(found, state="degraded", facts={**found.facts, "error": here})]


def _watched(sight: Sight, id: str | None) -> list[Observation]:
    assert sight.look is not None
    seen, you = sight.look.seen, Observation(hop=Hop.YOU, state="unknown")
    age_s = sight.age_s(seen.answered_at_s)
    if seen.locked:
        return [Observation(hop=Hop.WEB, state="ok", age_s=age_s), replace(you, facts={"why": LOCKED})]
    picture_age_s = sight.age_s(sight.pictures.web_at_s(id or ""))
    if picture_age_s is not None and picture_age_s < PICTURE_S:
        here = Observation(hop=Hop.YOU, state="ok", age_s=picture_age_s)
        return [Observation(hop=Hop.WEB, state="ok", age_s=age_s), here]
    if len(seen.devices) > len(seen.watched) > 0 and id in seen.devices and id not in seen.watched:
        many = (
            f"The doctor watches {len(seen.watched)} nodes at once: `glassline doctor --device {id}` watches this one."
        )
        return [Observation(hop=Hop.WEB, state="ok", age_s=age_s), replace(you, facts={"why": many})]
    none = replace(you, facts={"why": "No picture has come here."})
    waited_s = picture_age_s or sight.age_s(seen.watched_since_s) or 0.0
    if age_s is None or waited_s < PICTURE_S:
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
