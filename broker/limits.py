"""What one client may cost the broker."""

from dataclasses import dataclass

from glassline.contract.topics import MAX_PAYLOAD_BYTES


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Bounds of one connection, and of all together. Times in seconds, sizes in bytes."""

    publish_bytes: int = MAX_PAYLOAD_BYTES + 1024
    """Largest PUBLISH, its topic included; refused at the fixed header, before any of it is read."""
    account_bytes_per_s: float = 25_000_000
    """What one account may publish, for some seconds more at once; how many messages is the contract's to say."""
    control_bytes: int = 16_384
    """Largest packet of any other kind."""
    connect_bytes: int = 4096
    connect_s: float = 8.0
    """How long a new connection may take until it is admitted."""
    keepalive_factor: float = 1.5
    """A client that sends nothing for this many keepalives is lost (MQTT 3.1.1, 3.1.2.10)."""
    stall_s: float = 10.0
    """A client with messages waiting that takes none for so long is dropped."""
    waiting_bytes: int = 4_000_000
    """Per client and QoS: above it the oldest QoS 0 message goes, or, at QoS 1, the client."""
    inflight: int = 100
    """QoS 1 messages sent to a client and not yet acknowledged by it."""
    subscriptions: int = 100
    filter_characters: int = 256
    retained_bytes: int = 2_000_000
    """Less than `waiting_bytes`: whoever subscribes to everything is given all of it at once."""
    connections: int = 200
    account_connections: int = 10
    """Of one account; its program needs one, its tools a few."""

    @property
    def newcomers(self) -> int:
        """Connections of one address that are not admitted yet: what is left is for the others."""
        return max(1, self.connections // 4)
