"""Where a link's broker is: at the address that is set, or where it is found, anew for each connection."""

from collections.abc import Callable
from pathlib import Path

from .access import Keys
from .address import BrokerAddress, Sought
from .finding import Finder


class Whereabouts:
    """`memory` keeps the place of a broker that was sought; `on_news` is called where mDNS has something new."""

    def __init__(
        self, address: BrokerAddress | Sought, *, memory: Path | None, on_news: Callable[[], None] = lambda: None
    ) -> None:
        self.address: BrokerAddress | Sought = address
        """Where it is, or was when it was last found."""
        self.found = ""
        """How it was found, in words; empty where it was not sought."""
        self._finder = Finder(address, memory=memory, on_news=on_news) if isinstance(address, Sought) else None

    @property
    def first(self) -> str:
        """What is done first, in words."""
        return "looking for a server by mDNS" if self._finder else f"connecting to {self.address}"

    def locate(self, keys: Keys) -> BrokerAddress:
        """NotFoundError where it is sought, and not found now."""
        if self._finder is None:
            assert isinstance(self.address, BrokerAddress)
            return self.address
        place = self._finder.find(keys)
        self.address, self.found = place.address, f" (found: {place})"
        return place.address

    def worked(self) -> None:
        """A connection to it came about."""
        if self._finder is not None:
            self._finder.worked()

    def stop(self) -> None:
        if self._finder is not None:
            self._finder.stop()
