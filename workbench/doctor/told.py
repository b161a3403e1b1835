"""Where the broker cannot be heard from here, others are asked what they know of the chain: web, or the node itself."""

from typing import Any

from glassline.contract import Reason
from glassline.diagnosis import Hop, HopVerdict, Verdict

_ORDER = list(Hop)


def with_told(own: Verdict, told: dict[str, Any]) -> Verdict:
    """`own` with what is told of hops that cannot be seen from here; of codes that are not known here, nothing."""
    said = {one.hop: one for one in map(_verdict, _list(told.get("hops"))) if one is not None}
    seen = {one.hop: one for one in own.hops}
    hops = [(said.get(hop) or seen.get(hop)) if _is_open(seen.get(hop)) else seen[hop] for hop in _ORDER]
    told_faults = [_verdict(one) for one in (told.get("first_cause"), *_list(told.get("also")))]
    causes = [own.first_cause, *own.also, *(one for one in told_faults if one and _is_open(seen.get(one.hop)))]
    found = [one for one in causes if one is not None]
    faults = sorted(found, key=lambda one: (one.state != "failed", _ORDER.index(one.hop)))
    return Verdict(hops=[one for one in hops if one], first_cause=faults[0] if faults else None, also=faults[1:])


def _list(told: Any) -> list[Any]:
    return told if isinstance(told, list) else []


def _is_open(own: HopVerdict | None) -> bool:
    """Whether nothing is known of a hop from here, not even why."""
    return own is None or (own.state == "unknown" and own.explained_by is None)


def _verdict(one: Any) -> HopVerdict | None:
    try:
        return HopVerdict(
            hop=Hop(one["hop"]),
            state=one["state"] if one["state"] in ("ok", "degraded", "failed") else "unknown",
            age_s=None if one["age_s"] is None else float(one["age_s"]),
            code=None if one["code"] is None else Reason(one["code"]),
            sentence=str(one["sentence"])[:1000],
            remedy=str(one["remedy"])[:2000],
            explained_by=None if one["explained_by"] is None else Hop(one["explained_by"]),
        )
    except (KeyError, TypeError, ValueError):
        return None
