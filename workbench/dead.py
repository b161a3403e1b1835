"""Dead letters as people see them: listed, shown whole, sent through the bridge's door once more."""

from __future__ import annotations

import json
import logging
from collections import Counter

from rich.table import Table

from bridge.decode import item_of
from bridge.inbox import Arrival
from glassline.program import Tally, shown
from glassline.store import DeadItem, DeadLetter, Store

log = logging.getLogger(__name__)

_ERROR, _PAYLOAD = 160, 4000


class CannotRetry(ValueError):
    """The letter cannot be stored now either; the text says why."""


def table_of(letters: list[DeadLetter]) -> Table:
    """One line for each."""
    table = Table("number", "device", "kind", "last sent (UTC)", "times", "bytes", "why it could not be stored")
    for letter in letters:
        at = f"{letter.last_at:%Y-%m-%d %H:%M:%S}"
        why = shown(letter.error, limit=_ERROR)
        table.add_row(
            str(letter.number), letter.device_id, letter.kind, at, str(letter.times), str(letter.size_bytes), why
        )
    return table


def text_of(letter: DeadLetter) -> str:
    """All that is known of one."""
    facts = [
        f"dead letter {letter.number}: {letter.kind} of {letter.device_id}, {letter.size_bytes} bytes",
        f"event {letter.event_id or 'unknown'}, rev {letter.rev}; sent {letter.times} times,"
        f" first {letter.first_at:%Y-%m-%d %H:%M:%S} UTC, last {letter.last_at:%Y-%m-%d %H:%M:%S} UTC",
        f"not stored because: {shown(letter.error, limit=_PAYLOAD)}",
        "" if letter.whole else f"only the first {len(letter.payload)} bytes are kept",
        _readable(letter.payload),
    ]
    return "\n".join(fact for fact in facts if fact)


def retry(store: Store, letter: DeadLetter) -> None:
    """Store what can be stored by now (after an update, or a repair of the database), and forget the letter.

    CannotRetry if it is refused again or was too long to be kept whole; StoreError if the store is down.
    """
    if not letter.whole:
        raise CannotRetry(f"only {len(letter.payload)} of its {letter.size_bytes} bytes were kept")
    if letter.kind not in ("detection", "evidence"):
        raise CannotRetry(f"a {letter.kind} is nothing that a store takes")
    arrival = Arrival(letter.device_id, letter.kind, letter.payload)  # type: ignore[arg-type]  # just narrowed
    item = item_of(arrival, Tally(log=log))
    if isinstance(item, DeadItem):
        raise CannotRetry(item.error)
    outcomes = store.apply([item])
    if not outcomes:
        raise CannotRetry("its detection is not stored")
    if refused := [outcome.error for outcome in outcomes if outcome.error]:
        raise CannotRetry(refused[0])
    store.forget_dead_letter(letter.number)


def retry_all(store: Store, letters: list[DeadLetter]) -> tuple[int, Counter[str]]:
    """Retry each, detections before their pictures; how many were stored, and why the others were not."""
    stored, reasons = 0, Counter[str]()
    for letter in sorted(letters, key=lambda letter: letter.kind):
        try:
            retry(store, letter)
            stored += 1
        except CannotRetry as error:
            reasons[str(error)] += 1
    return stored, reasons


def _readable(payload: bytes) -> str:
    try:
        return json.dumps(json.loads(payload), indent=1, ensure_ascii=False)[:_PAYLOAD]
    except (ValueError, RecursionError):
        return shown(payload, limit=_PAYLOAD)
