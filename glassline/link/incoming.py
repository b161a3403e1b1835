"""What comes from the broker: checked once, and handed to whoever asked for it."""

import time
from collections.abc import Callable, Iterator

import paho.mqtt.client as mqtt

from glassline.contract import ContractError, parse
from glassline.contract.rates import Rates
from glassline.contract.topics import RETAINED, SPECS, Address, Kind
from glassline.program import Tally, shown

Handler = Callable[[Address, bytes, bool], None]


class Incoming:
    """Routes of one link. What a handler raises goes no further: it is counted in `tally`, as the link says."""

    def __init__(
        self, *, tally: Tally, on_refused: Callable[[str, str], None], on_cleared: Callable[[Address], None]
    ) -> None:
        self._tally, self._on_refused, self._on_cleared, self._rates = tally, on_refused, on_cleared, Rates()
        self._routes: list[tuple[str, Handler, int, int | None]] = []

    def on(self, filter: str, handler: Handler, *, qos: int, max_bytes: int | None) -> None:
        """Hand every message that `filter` matches to `handler`."""
        self._routes.append((filter, handler, qos, max_bytes))

    @property
    def filters(self) -> Iterator[tuple[str, int]]:
        """What to subscribe to, and with which QoS."""
        return ((filter, qos) for filter, _, qos, _ in self._routes)

    def take(self, message: mqtt.MQTTMessage) -> None:
        """Check it and hand it on. Never raises."""
        address, payload = None, bytes(message.payload)
        try:
            address = _address(message)
            self._check_rate(address)
            if not payload and address.kind in RETAINED:
                self._on_cleared(address)
                return
            for filter, handler, _, max_bytes in self._routes:
                if mqtt.topic_matches_sub(filter, message.topic):
                    _check_size(address.kind, payload, max_bytes)
                    handler(address, payload, message.retain)
        except ContractError as error:
            self._refuse(address, error, payload)
        except Exception as error:  # noqa: BLE001 - counted and logged by the tally
            self._tally.note("handler_failed", f"while handling {address}", error=error)

    def _check_rate(self, address: Address) -> None:
        max_per_s = SPECS[address.kind].max_per_s
        if not self._rates.admit((address.id, address.kind), per_s=max_per_s, now_s=time.monotonic()):
            raise ContractError(f"expected at most {max_per_s:g} a second", why="too_often")

    def _refuse(self, address: Address | None, error: ContractError, payload: bytes) -> None:
        if address is None:
            self._tally.note("refused_topic", f"a message is refused: {shown(str(error))}")
            return
        kind = f"refused_{address.kind.replace('/', '_')}_{error.why}"
        sentence = f"{address.kind} of {address.id} is refused: {shown(str(error), limit=300)}: {shown(payload)}"
        self._tally.note(kind, sentence, who=address.id)
        self._on_refused(address.id, error.why)


def _address(message: mqtt.MQTTMessage) -> Address:
    try:
        return parse(message.topic)
    except UnicodeDecodeError:
        raise ContractError("expected a topic in UTF-8, got other bytes", why="topic") from None


def _check_size(kind: Kind, payload: bytes, max_bytes: int | None) -> None:
    most = SPECS[kind].max_bytes if max_bytes is None else max_bytes
    if len(payload) > most:
        raise ContractError(f"{kind}: expected at most {most} bytes, got {len(payload)}", why="too_large")
