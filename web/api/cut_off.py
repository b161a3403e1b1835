"""The part of the API by which a page finds out, when it is cut off, which side is silent."""

from functools import cache
from typing import Any

from flask import Blueprint

from glassline.accounts import PersonRole
from glassline.contract import Reason
from glassline.diagnosis import Hop, Observation, diagnose, hop_of, remedy_of

from ..live.endpoint import check_room
from ..people.access import open_to
from ..services import Services
from .described import described
from .requests import Nothing, body

CODES = (
    Reason.WEB_DOWN,
    Reason.WEB_NOT_OURS,
    Reason.WEB_WEBSOCKET_BLOCKED,
    Reason.WEB_ORIGIN_REFUSED,
    Reason.WEB_NO_FRAMES,
    Reason.YOU_OFFLINE,
    Reason.YOU_STALLED,
)
"""What a page can find out alone."""

FROM_PAGE = ("address", "host", "port", "age", "error", "holder", "id")
"""Facts that only the page knows: in the texts they stand in braces."""


def blueprint(services: Services) -> Blueprint:
    """/api/live-check."""
    pages = Blueprint("page", __name__)

    @pages.post("/api/live-check")
    @open_to(PersonRole.VIEWER)
    @described(answer=None, status=204, body=Nothing, errors={503: "web.full: too many pages are open"})
    def live_check() -> tuple[str, int]:
        """Whether a WebSocket from that page would be taken: the same checks, without one."""
        body(Nothing)
        check_room(services)
        return "", 204

    return pages


@cache
def words() -> dict[str, Any]:
    """What every page carries along, since it may be cut off: each fault by its code, and the last hop while well."""
    well = diagnose([Observation(hop=Hop.YOU, state="ok")]).hops[0].to_dict()
    return {"faults": {code.value: fault_json(code) for code in CODES}, "well": well}


def fault_json(code: Reason) -> dict[str, Any]:
    """A fault in diagnosis' own words: the verdict of a page that sees this and nothing else."""
    fault, hop = remedy_of(code), hop_of(code)
    facts = {name: f"{{{name}}}" for name in FROM_PAGE}
    alone = Observation(hop=hop, state=fault.state, code=code, facts=facts)
    unseen = [Observation(hop=other, state="unknown", via=(hop,)) for other in Hop if other is not hop]
    verdict = diagnose([alone] if fault.awaits else [alone, *unseen])
    return {
        "verdict": verdict.to_dict(),
        "follows": [cause.value for cause in fault.follows],
        "awaits": [awaited.value for awaited in fault.awaits],
    }
