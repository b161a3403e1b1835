"""Who receives what: subscriptions and retained messages. Pure: nothing here does I/O."""

from typing import Generic, TypeVar

from glassline.contract.roles import filter_covers

from .wire import Message

C = TypeVar("C")
_REMEMBERED_TOPICS = 4096


class Router(Generic[C]):
    """Subscriptions of clients of any hashable type, and the retained messages."""

    def __init__(self, *, retained_bytes: int) -> None:
        self._filters: dict[C, dict[str, int]] = {}
        self._receivers: dict[str, tuple[tuple[C, int], ...]] = {}
        self._retained: dict[str, Message] = {}
        self._retained_bytes_max = retained_bytes
        self._retained_bytes = 0

    def subscribe(self, client: C, filter: str, qos: int) -> None:
        """Add a subscription, or change the QoS of the one that exists."""
        self._filters.setdefault(client, {})[filter] = qos
        self._receivers.clear()

    def unsubscribe(self, client: C, filter: str) -> None:
        """Take a subscription away; none of that name is fine."""
        self._filters.get(client, {}).pop(filter, None)
        self._receivers.clear()

    def forget(self, client: C) -> None:
        """Take all subscriptions of a client away."""
        if self._filters.pop(client, None):
            self._receivers.clear()

    def subscriptions(self, client: C) -> int:
        """How many subscriptions the client has."""
        return len(self._filters.get(client, ()))

    def receivers(self, topic: str) -> tuple[tuple[C, int], ...]:
        """Every client that gets a message on `topic`, once each, with the highest QoS of its matching filters."""
        known = self._receivers.get(topic)
        if known is None:
            matching = (
                (client, max((qos for filter, qos in filters.items() if filter_covers(filter, topic)), default=-1))
                for client, filters in self._filters.items()
            )
            known = tuple((client, qos) for client, qos in matching if qos >= 0)
            if len(self._receivers) >= _REMEMBERED_TOPICS:
                self._receivers.clear()
            self._receivers[topic] = known
        return known

    def retain(self, message: Message) -> bool:
        """Keep `message` for later subscribers; an empty payload clears the topic. False: no room, nothing changed."""
        old = self._retained.get(message.topic)
        freed = old.size_bytes if old else 0
        if not message.payload:
            self._retained.pop(message.topic, None)
            self._retained_bytes -= freed
            return True
        if self._retained_bytes - freed + message.size_bytes > self._retained_bytes_max:
            return False
        self._retained[message.topic] = message
        self._retained_bytes += message.size_bytes - freed
        return True

    def retained(self, filter: str) -> list[Message]:
        """The retained messages that a new subscription to `filter` is given."""
        return [message for topic, message in self._retained.items() if filter_covers(filter, topic)]
