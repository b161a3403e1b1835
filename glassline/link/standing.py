"""How a link stands: its state, the log's lines about it, and who wants to know of a change."""

import logging
import time
from collections.abc import Callable, Mapping

from glassline.contract import Reason

from .state import LinkState

log = logging.getLogger(__name__)


class Standing:
    """`first`: what the link is about to do. The same failure again is logged once, and keeps its beginning."""

    def __init__(self, first: str) -> None:
        self.state = LinkState(False, time.time(), None, first)
        self.on_change: Callable[[LinkState], None] = lambda state: None

    def up(self, sentence: str) -> None:
        log.info("%s", sentence)
        self._become(LinkState(True, time.time(), None, sentence))

    def down(
        self, code: Reason, sentence: str, facts: Mapping[str, str] | None = None, *, closed_by_peer: bool = False
    ) -> None:
        same = not self.state.connected and self.state.code is code
        since = self.state.since if same else time.time()
        (log.debug if same else log.warning)("no link: %s [%s]", sentence, code)
        self._become(LinkState(False, since, code, sentence, closed_by_peer, facts or {}))

    def _become(self, state: LinkState) -> None:
        self.state = state
        self.on_change(state)
