"""Live frames from MQTT, drained at once into one slot: as the web does it, without the web's checks."""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from glassline.contract import parse
from glassline.contract.topics import filter_of
from glassline.link import BrokerAddress, Keys
from glassline.link.client import KEEPALIVE_S, new_client


class Newest:
    """The newest frame that nobody took yet; `rang()` is called on the network thread when there is one."""

    def __init__(self, *, broker: str, client_id: str, rang: Callable[[], None]) -> None:
        self._address, self._client_id, self._rang = BrokerAddress.parse(broker), client_id, rang
        self._lock = threading.Lock()
        self._frame: tuple[str, bytes] | None = None

    def take(self) -> tuple[str, bytes] | None:
        """(device id, JPEG), or None; the slot is empty then."""
        with self._lock:
            frame, self._frame = self._frame, None
        return frame

    def _on_message(self, client: Any, userdata: Any, message: Any) -> None:
        with self._lock:
            self._frame = parse(message.topic).id, message.payload
        self._rang()

    def __enter__(self) -> Self:
        self._client = new_client(
            self._address, client_id=self._client_id, id=self._client_id, password=None, keys=Keys((None,))
        )
        self._client.on_connect = lambda client, *_: client.subscribe(filter_of("frame"), 0)
        self._client.on_message = self._on_message
        self._client.connect(self._address.host, self._address.port, KEEPALIVE_S)
        self._client.loop_start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._client.disconnect()
        self._client.loop_stop()
