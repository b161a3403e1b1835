"""Connections that are not admitted yet, by address: a stranger must not hold the places of those who may come in."""

import asyncio
from collections import Counter
from typing import Any

from glassline.program import SPEAK_FOR_MANY, network_of


class Newcomers:
    """`most` at once for one address. Used from the event loop's thread only."""

    def __init__(self, *, most: int) -> None:
        self._most = most
        self._by_task: dict[asyncio.Task[Any], str] = {}
        self._by_network: Counter[str] = Counter()

    def full(self, address: str) -> bool:
        """Whether `address` may have no more; this machine always may."""
        network = network_of(address)
        return network not in SPEAK_FOR_MANY and self._by_network[network] >= self._most

    def add(self, task: asyncio.Task[Any], address: str) -> None:
        """`task` serves a new connection from `address`."""
        self._by_task[task] = network = network_of(address)
        self._by_network[network] += 1

    def discard(self, task: asyncio.Task[Any] | None) -> None:
        """The connection of `task` is admitted or has ended; saying so twice is fine."""
        if task is not None and (network := self._by_task.pop(task, None)) is not None:
            self._by_network[network] -= 1
            self._by_network += Counter()  # forgets those at 0
