"""From what came over the wire to what the store takes; what cannot be decoded becomes a dead letter."""

import hashlib
import json

from glassline.contract import ContractError, frames
from glassline.contract.messages import Detection, EvidenceMeta, decode
from glassline.contract.topics import MAX_EVIDENCE_BYTES, MAX_PAYLOAD_BYTES
from glassline.store import DeadItem, DetectionItem, EvidenceItem, Item

from .inbox import Arrival


def item_of(arrival: Arrival) -> Item:
    """The item in a message of `detection` or `evidence`."""
    try:
        if arrival.kind == "evidence":
            return _evidence(arrival)
        return DetectionItem(device_id=arrival.device_id, detection=decode(Detection, arrival.payload))
    except ContractError as error:
        event_id, rev = _salvage(arrival)
        return DeadItem(
            device_id=arrival.device_id,
            kind=arrival.kind,
            payload=arrival.payload,
            error=str(error),
            event_id=event_id,
            rev=rev,
        )


def _evidence(arrival: Arrival) -> EvidenceItem:
    jpeg = arrival.payload
    if len(jpeg) > MAX_EVIDENCE_BYTES:
        raise ContractError(f"evidence: expected at most {MAX_EVIDENCE_BYTES} bytes, got {len(jpeg)}")
    frames.check_jpeg(jpeg)
    meta = _meta(jpeg)
    sha256 = hashlib.sha256(jpeg).hexdigest()
    return EvidenceItem(device_id=arrival.device_id, event_id=meta.event_id, rev=meta.rev, jpeg=jpeg, sha256=sha256)


def _meta(jpeg: bytes) -> EvidenceMeta:
    com = frames.extract(jpeg)
    if com is None:
        raise ContractError("evidence: expected a COM segment with event_id and rev, got none")
    return decode(EvidenceMeta, com)


def _salvage(arrival: Arrival) -> tuple[str | None, int]:
    """The event_id and rev of something broken, so that it can be refused by name; (None, 0) if they cannot be read."""
    if len(arrival.payload) > MAX_PAYLOAD_BYTES:
        return None, 0
    try:
        if arrival.kind == "evidence":
            meta = _meta(arrival.payload)
        else:
            fields = json.loads(arrival.payload)
            meta = EvidenceMeta.model_validate({"event_id": fields["event_id"], "rev": fields["rev"]}, strict=True)
    except (ValueError, KeyError, TypeError, RecursionError):
        return None, 0
    return meta.event_id, meta.rev
