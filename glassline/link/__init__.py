"""The MQTT link: one connection to the broker that says what state it is in and never hides a queue."""

from .access import Access, Keys
from .address import AddressError, BrokerAddress, Sought, as_of_now, broker_address
from .finding import Finder, NotFoundError
from .link import Link
from .probe import BrokerProbe, probe_broker
from .state import EnvelopeFields, LinkState, Sent
from .steps import Step

__all__ = [
    "Access",
    "AddressError",
    "BrokerAddress",
    "BrokerProbe",
    "EnvelopeFields",
    "Finder",
    "Keys",
    "Link",
    "LinkState",
    "NotFoundError",
    "Sent",
    "Sought",
    "Step",
    "as_of_now",
    "broker_address",
    "probe_broker",
]
