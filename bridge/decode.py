"""From what came over the wire to what the store takes; what cannot be decoded becomes a dead letter."""

import hashlib
import json
from datetime import UTC, datetime

from glassline.contract import ContractError, frames
from glassline.contract.clocks import believed
from glassline.contract.messages import Detection, EvidenceMeta, decode
from glassline.contract.topics import MAX_EVIDENCE_BYTES, MAX_PAYLOAD_BYTES
from glassline.program import Tally, shown
from glassline.store import DeadItem, DetectionItem, EvidenceItem, Item

from .inbox import Arrival


def item_of(arrival: Arrival, tally: Tally) -> Item:
    """The item in a message of `detection` or `evidence`."""
    try:
        return _evidence(arrival) if arrival.kind == "evidence" else _detection(arrival, tally)
    except ContractError as error:
        sentence = f"{arrival.kind} of {arrival.device_id} becomes a dead letter: {shown(str(error), limit=300)}"
        tally.note(f"refused_{arrival.kind}_{error.why}", sentence, who=arrival.device_id)
        event_id, rev = _salvage(arrival)
        return DeadItem(
            device_id=arrival.device_id,
            kind=arrival.kind,
            payload=arrival.payload,
            error=str(error),
            event_id=event_id,
            rev=rev,
        )


def _detection(arrival: Arrival, tally: Tally) -> DetectionItem:
    said = decode(Detection, arrival.payload)
    detection = believed(said, datetime.now(UTC))
    if detection is not said:
        sentence = f"{arrival.device_id} has a wrong clock ({said.confirmed_at:%Y-%m-%d}): the time of receipt is kept"
        tally.note("clocks_wrong", sentence, who=arrival.device_id)
    return DetectionItem(device_id=arrival.device_id, detection=detection)


def _evidence(arrival: Arrival) -> EvidenceItem:
    jpeg = arrival.payload
    if len(jpeg) > MAX_EVIDENCE_BYTES:
        sentence = f"evidence: expected at most {MAX_EVIDENCE_BYTES} bytes, got {len(jpeg)}"
        raise ContractError(sentence, why="too_large")
    frames.check_jpeg(jpeg)
    meta = decode(EvidenceMeta, frames.metadata_of(jpeg))
    sha256 = hashlib.sha256(jpeg).hexdigest()
    return EvidenceItem(device_id=arrival.device_id, event_id=meta.event_id, rev=meta.rev, jpeg=jpeg, sha256=sha256)


def _salvage(arrival: Arrival) -> tuple[str | None, int]:
    """The event_id and rev of something broken, so that it can be refused by name; (None, 0) if they cannot be read."""
    if len(arrival.payload) > MAX_PAYLOAD_BYTES:
        return None, 0
    try:
        if arrival.kind == "evidence":
            meta = decode(EvidenceMeta, frames.metadata_of(arrival.payload))
        else:
            fields = json.loads(arrival.payload)
            meta = EvidenceMeta.model_validate({"event_id": fields["event_id"], "rev": fields["rev"]}, strict=True)
    except (ValueError, KeyError, TypeError, RecursionError):
        return None, 0
    return meta.event_id, meta.rev
