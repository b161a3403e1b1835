"""The verdict on a chain, from lens to eye: what works, and what is wrong first."""

import time
from typing import Any

from pydantic import Field

from glassline.contract.values import Id, Number
from glassline.diagnosis import State, Verdict

from .answer import Answer


class HopShape(Answer):
    """What is said about one hop; `explained_by` names another hop that is to blame."""

    hop: str
    state: State
    age_s: Number | None
    code: str | None
    sentence: str
    remedy: str
    explained_by: str | None


class VerdictShape(Answer):
    """A whole chain: each hop in its order, the first cause, and further independent faults."""

    ok: bool
    hops: list[HopShape]
    first_cause: HopShape | None
    also: list[HopShape]


class ChainShape(VerdictShape):
    """The chain of a device, from lens to eye; null: what stands between here and whoever may come."""

    device_id: Id | None = Field(alias="deviceId")
    now_s: Number


def chain_json(id: str | None, verdict: Verdict) -> dict[str, Any]:
    """The verdict on a device's chain, now."""
    return ChainShape(deviceId=id, now_s=round(time.monotonic(), 3), **verdict.to_dict()).to_dict()
