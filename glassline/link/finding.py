"""Finds the broker of a known CA: by mDNS, where it was before, and where the credentials say that it is.

What mDNS says is a hint and proves nothing. Only who shows a certificate of that CA, for the name it goes by, counts.
Such a server is connected to if it is the only one, or the one from before.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from glassline.contract import Reason

from .access import Keys
from .address import AddressError, BrokerAddress, Sought
from .failures import Failure, explain
from .memory import Memory, Place
from .proof import Proofs, is_impostor, prove

if TYPE_CHECKING:
    from glassline.discovery import Search, Server

log = logging.getLogger(__name__)

SETTLE_S = 4.0
_UNTRIED = OSError("it was not tried")


class NotFoundError(Exception):
    """There is no broker to connect to; `failure` says why."""

    def __init__(self, code: Reason, sentence: str, **facts: str) -> None:
        super().__init__(sentence)
        self.failure = Failure(code, sentence, facts)


class Finder:
    """`memory` is the file in which a place that worked is kept. `on_news` is called, on a thread of the search, when
    other servers are found than before. mDNS is listened to only while no place works.
    """

    def __init__(
        self, sought: Sought, *, memory: Path | None = None, on_news: Callable[[], None] = lambda: None
    ) -> None:
        self._sought, self._memory, self._on_news = sought, Memory(memory), on_news
        self._search: Search | None = None
        self._found: Place | None = None
        self._impostors: set[Place] = set()

    def find(self, keys: Keys) -> Place:
        """The broker, within about 15 s; NotFoundError says why there is none to connect to."""
        ours = keys.fingerprints()
        if not ours:
            why = "`auto` knows a server by the CA in this machine's credentials, and they hold none"
            raise NotFoundError(Reason.BROKER_NOT_ENROLLED, f"not enrolled yet: {why}")
        search, before = self._looking(), self._before()
        tried: Proofs = {}
        place = None
        if before is not None:  # at once, be it where it was or where it says that it is now
            tried = prove([before, *_places(search.servers(), ours)], keys)
            place = _good_of(before.server, tried)
        if place is None:
            search.settle(timeout_s=SETTLE_S)
            place = self._choose(search, ours, before, tried, keys)
        self._found = place
        return place

    def worked(self) -> None:
        """A connection to what was found came about: it is kept in mind, and the search ends."""
        if self._found is not None:
            self._memory.keep(self._found)
        self.stop()

    def stop(self) -> None:
        """Let go of the network."""
        if self._search is not None:
            self._search.stop()
        self._search = None

    def _looking(self) -> "Search":
        from glassline.discovery import Search  # only who looks needs it

        if self._search is None:
            self._search = Search(on_change=self._on_news)
            self._search.start()
        return self._search

    def _before(self) -> Place | None:
        """Where the broker was, unless that was another server than the one that is wanted now."""
        before = self._memory.read()
        return before if before is not None and self._sought.site in ("", before.site) else None

    def _choose(self, search: "Search", ours: set[bytes], before: Place | None, tried: Proofs, keys: Keys) -> Place:
        servers = search.servers()
        found = [one for one in _places(servers, ours) if self._sought.site in ("", one.site)]
        known = [] if before is None else [before]
        named = [] if self._sought.site else _named(keys)
        proofs = tried | prove([place for place in [*found, *named] if place not in tried], keys)
        self._tell_of({place for place in found if is_impostor(proofs.get(place))})
        if before is not None and (same := _good_of(before.server, proofs)) is not None:
            return same
        good = [place for place in [*found, *named] if proofs.get(place, _UNTRIED) is None]
        several = {place.server: place for place in good if place in found}
        if len(several) > 1:
            names = _words(several.values())
            raise NotFoundError(
                Reason.BROKER_SEVERAL_FOUND, f"several servers of our CA are found by mDNS: {names}", found=names
            )
        if not good:
            strangers = [
                Place(BrokerAddress(one.host, one.port, at=one.addresses[0]), one.site)
                for one in servers
                if one.fingerprint not in ours
            ]
            raise _why_none(self._sought, search.problem, found, strangers, known, proofs)
        return good[0]

    def _tell_of(self, impostors: set[Place]) -> None:
        if impostors - self._impostors:
            log.warning(
                "passed over: %s tells by mDNS that it is a server of our CA, and shows a certificate of another one",
                _words(impostors),
            )
        self._impostors = impostors


def _places(servers: Iterable["Server"], ours: set[bytes]) -> list[Place]:
    """Each address of each server that says it is of our CA."""
    return [
        Place(BrokerAddress(server.host, server.port, tls=True, at=address), server.site)
        for server in servers
        for address in server.addresses
        if server.fingerprint in ours
    ]


def _named(keys: Keys) -> list[Place]:
    """Where the credentials say that the broker is."""
    try:
        address = BrokerAddress.parse(keys.broker, environ={})
    except AddressError:
        return []
    return [Place(address)] if address.tls and not address.is_loopback else []


def _good_of(server: tuple[str, int], proofs: Proofs) -> Place | None:
    return next((place for place, error in proofs.items() if error is None and place.server == server), None)


def _why_none(
    sought: Sought,
    problem: str,
    found: Sequence[Place],
    strangers: Sequence[Place],
    known: Sequence[Place],
    proofs: Proofs,
) -> NotFoundError:
    """What is nearest to a server of ours: one that does not answer, one that only says so, strangers, nothing."""
    impostors = [place for place in found if is_impostor(proofs.get(place))]
    silent = [place for place in found if place in proofs and place not in impostors]
    if silent:
        failure = explain(silent[0].address, proofs[silent[0]] or _UNTRIED)
        return NotFoundError(
            failure.code,
            f"{_words(silent)}, found by mDNS: {failure.sentence}",
            address=str(silent[0].address),
            **failure.facts,
        )
    if impostors:
        names = _words(impostors)
        sentence = f"{names} tells by mDNS that it is a server of our CA, and shows a certificate of another one"
        return NotFoundError(Reason.BROKER_FOUND_UNTRUSTED, sentence, found=names)
    if strangers:
        names = _words(strangers)
        return NotFoundError(
            Reason.BROKER_FOUND_UNTRUSTED, f"no server of our CA is found by mDNS, but of others: {names}", found=names
        )
    why = problem or "none answers on this network"
    if sought.site:
        why += f" to the name {sought.site}"
    for place in known:
        error = proofs.get(place) or _UNTRIED
        why += f"; where it was before ({place}): {(error.strerror or str(error)).lower()}"
    return NotFoundError(Reason.BROKER_NOT_FOUND, f"no server is found by mDNS: {why}", search=why)


def _words(places: Iterable[Place]) -> str:
    return ", ".join(sorted({str(place) for place in places}))
