"""Receipts: told to a node after the commit, and to nobody when there is no connection: the node asks again."""

import time
from collections import Counter
from collections.abc import Sequence

from glassline.contract.messages import Receipt
from glassline.link import Link
from glassline.store import Outcome

PATIENCE_S = 0.5
PAUSE_S = 0.002
MAX_ERROR = 1000


class Receipts:
    """Sends receipts. A link that takes no more is given `PATIENCE_S` a batch; what is left is counted as unsent."""

    def __init__(self, *, link: Link) -> None:
        self.counters: Counter[str] = Counter()
        self._link = link

    def send(self, outcomes: Sequence[Outcome]) -> None:
        """Say what became of the items of one commit."""
        until_s = time.monotonic() + PATIENCE_S
        for outcome in outcomes:
            sent = self._send(outcome, until_s)
            self.counters["receipts_sent" if sent else "receipts_unsent"] += 1
            self.counters["rejected"] += outcome.row == "rejected" or outcome.image == "rejected"

    def _send(self, outcome: Outcome, until_s: float) -> bool:
        receipt = Receipt(
            **self._link.envelope(),
            event_id=outcome.event_id,
            rev=outcome.rev,
            row=outcome.row,
            image=outcome.image,
            error=outcome.error and outcome.error[:MAX_ERROR],
        )
        payload = receipt.to_json()
        while not self._link.publish("receipt", payload, id=outcome.device_id):
            if not self._link.state.connected or time.monotonic() > until_s:
                return False
            time.sleep(PAUSE_S)
        return True
