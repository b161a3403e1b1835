"""Where a broker that was found was last: for networks that carry no mDNS, and so that a second one confuses nobody."""

import json
import logging
from dataclasses import dataclass
from pathlib import Path

from glassline.writing import write_whole

from .address import AddressError, BrokerAddress

log = logging.getLogger(__name__)
_MAX_BYTES = 4096


@dataclass(frozen=True)
class Place:
    """A broker, and the name that people gave its server."""

    address: BrokerAddress
    site: str = ""

    def __str__(self) -> str:
        named = f"{self.site} ({self.address.host})" if self.site else self.address.host
        return f"{named} at {self.address.at}" if self.address.at else named

    @property
    def server(self) -> tuple[str, int]:
        """What stays when its address changes."""
        return self.address.host, self.address.port


class Memory:
    """A small file, written only when the place is another one. `path` None: nothing is kept."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._place: Place | None = None

    def read(self) -> Place | None:
        """None where nothing (usable) is known."""
        if self._place is None and self._path is not None:
            self._place = _read(self._path)
        return self._place

    def keep(self, place: Place) -> None:
        """That it was there."""
        if place == self.read():
            return
        self._place = place
        if self._path is None:
            return
        text = json.dumps({"broker": str(place.address), "at": place.address.at, "site": place.site})
        try:
            write_whole(self._path, text.encode())
        except OSError as error:
            log.warning("where the server is cannot be kept in %s: %s", self._path, error.strerror)


def _read(path: Path) -> Place | None:
    try:
        with path.open("rb") as file:
            kept = json.loads(file.read(_MAX_BYTES))
        address = BrokerAddress.parse(str(kept["broker"]))
        return Place(BrokerAddress(address.host, address.port, tls=True, at=str(kept["at"])), str(kept["site"]))
    except (OSError, ValueError, KeyError, TypeError, RecursionError, AddressError):
        return None
