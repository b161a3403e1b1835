"""The broker's socket and its topics."""

from functools import partial

from tests.support.clients import connect_packet, packet, text

from .. import checks, controls
from ..guards import WIRE
from ..payloads import frame
from ..rows import (
    Row,
    half_open,
    packets,
)

_PUBLISH = partial(packet, 0x30)
BROKER = [
    Row(
        entrance="Broker's socket",
        sent="random bytes, HTTP, TLS",
        throw=packets(b"\x00" * 20, b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00\x01", b"\xff" * 9),
        counted=[("broker", "malformed")],
        holds="the connection ends",
        guard=WIRE,
    ),
    Row(
        entrance="Broker's socket",
        sent="50 CONNECTs that are never finished",
        throw=half_open(b"\x10\x30\x00\x04MQ", 50, broker=True),
        counted=[("broker", "refused_silent")],
        holds="others are served; ended after 8 s",
        guard="`broker/limits.py`: time until admitted, connections",
    ),
    Row(
        entrance="Broker's socket",
        sent="client ids with NUL, of 65 letters, of 60 kB",
        throw=packets(
            connect_packet("a\0b", user="pi-1", password="secret-of-pi-1"),
            connect_packet("x" * 60_000),
            connect_packet("x" * 65),
        ),
        counted=[("broker", "refused_client_id"), ("broker", "oversize")],
        holds="refused",
        guard="`broker/admission.py`",
    ),
    Row(
        entrance="Broker's socket",
        sent="a packet that announces 3 MB",
        throw=packets(packet(0x30, b"", length=3_000_000), login="pi-1"),
        counted=[("broker", "oversize")],
        holds="ended at the header, before a byte of it is taken in",
        guard=WIRE,
        control=controls.takes_all_that_comes,
        harm="plain amqtt takes it in and hands it to everybody",
    ),
    Row(
        entrance="Broker's socket",
        sent="a length of five bytes, lengths that lie",
        throw=packets(
            b"\x30\xff\xff\xff\xff\x01",
            packet(0x30, b"\xff\xff"),
            packet(0x82, b"\0\1\0\5a"),
            packet(0x32, text("glass")),
            login="pi-1",
        ),
        counted=[("broker", "malformed")],
        holds="the connection ends",
        guard=WIRE,
    ),
    Row(
        entrance="Broker's socket",
        sent="every type of packet with random bytes",
        throw=checks.random_packets,
        holds="it serves on, without a fault of its own",
        check=checks.no_fault_of_the_broker,
        guard=WIRE,
    ),
    Row(
        entrance="Broker's topics",
        sent="`+` and `#` in what is published to",
        throw=packets(*(_PUBLISH(text(f"glass/v1/{id}/status") + b"x") for id in ("+", "#")), login="pi-1"),
        counted=[("broker", "malformed")],
        holds="the connection ends",
        guard=WIRE,
    ),
    Row(
        entrance="Broker's topics",
        sent="NUL, `..`, capitals, another root, broken UTF-8, 60 kB",
        throw=packets(
            b"".join(
                _PUBLISH(text(topic) + b"x")
                for topic in (
                    "glass/v1/pi-1\0/status",
                    "glass/v1/../status",
                    "glass/v1/PI/status",
                    "glass/v2/pi-1/status",
                    "$SYS/x",
                    b"glass/v1/pi-\xff/status",
                    "x" * 60_000,
                )
            ),
            login="pi-1",
            closes=False,
        ),
        counted=[("broker", "denied_publish")],
        holds="handed to nobody",
        guard="`broker/permissions.py`, `topics.parse`",
    ),
    Row(
        entrance="Broker's topics",
        sent="another device's frames and wills",
        throw=checks.both(
            packets(_PUBLISH(text("glass/v1/pi-2/frame") + frame()), login="pi-1", closes=False),
            checks.foreign_will,
        ),
        counted=[("broker", "denied_publish"), ("broker", "refused_will")],
        holds="handed to nobody",
        guard="`contract/roles.py`",
        check=checks.nothing_of_another,
    ),
    Row(
        entrance="Broker's topics",
        sent="1000 topics of 60 kB",
        throw=checks.long_topics,
        holds="nothing of them is remembered",
        guard="`broker/permissions.py`: long topics are not remembered",
        check=partial(checks.broker_grew_less_than, megabytes=40),
        control=controls.remembers_every_topic,
        harm="a cache of 8192 answers holds over 400 MB of names",
    ),
    Row(
        entrance="Broker's topics",
        sent="retained messages of 300 made-up devices, 20 kB each",
        throw=checks.much_retained,
        check=checks.a_subscriber_of_everything_lives,
        holds="2 MB are kept: less than what a new subscriber may have waiting",
        guard="`broker/limits.py`",
        control=controls.drops_who_subscribes_to_more_than_may_wait,
        harm="who subscribes to everything is given 6 MB at once and dropped for it, for ever",
    ),
    Row(
        entrance="Broker's topics",
        sent="a frame, a detection and a command to be retained",
        throw=packets(
            packet(0x31, text("glass/v1/pi-1/frame") + frame()) + packet(0x31, text("glass/v1/pi-1/detection") + b"x"),
            login="pi-1",
            closes=False,
        ),
        counted=[("broker", "denied_retain")],
        holds="sent on, not kept",
        guard="`topics.SPECS`: what is retained",
    ),
]
