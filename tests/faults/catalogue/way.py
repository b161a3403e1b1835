"""The node's way to the broker: name, address, port, password, TLS."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.authority import signed
from tests.support.embedded_broker import free_port

from ..fault import Fault
from ..site import Site
from .seen import GONE


@contextmanager
def foreign_ca(site: Site) -> Iterator[None]:
    with tempfile.TemporaryDirectory() as folder, site.given(ca=signed(Path(folder)).ca.read_text()):
        yield


FAULTS = [
    Fault(
        name="wrong host",
        says="The node's credentials name a broker whose name is not known on this network.",
        inject=lambda site: site.given(broker=f"mqtts://glass-server.invalid:{site.tls_port}"),
        exact={"broker.name_unresolved"}, pi={"broker.name_unresolved"}, server=GONE, page=GONE,
    ),
    Fault(
        name="localhost on the node",
        says="The node looks for the broker on the Pi itself.",
        inject=lambda site: site.given(broker=f"mqtts://localhost:{free_port()}"),
        exact={"broker.localhost_on_node"}, pi={"broker.localhost_on_node"}, server=GONE, page=GONE,
    ),
    Fault(
        name="port closed",
        says="The node comes to a port of the server on which nobody listens.",
        inject=lambda site: site.given(broker=f"mqtts://{site.cable.server}:{free_port()}"),
        exact={"broker.connection_refused"}, pi={"broker.connection_refused"}, server=GONE, page=GONE,
    ),
    Fault(
        name="port filtered",
        says="A firewall of the server swallows all that comes from the Pi for the broker's port.",
        inject=lambda site: site.cable.dropped(site.tls_port),
        exact={"broker.connection_timeout"}, pi={"broker.connection_timeout"}, server=GONE, page=GONE, wait_s=25,
    ),
    Fault(
        name="wrong password",
        says="The node's credentials hold another password than the broker knows.",
        inject=lambda site: site.given(password="not-this-one"),
        exact={"broker.bad_credentials", "node.bad_credentials"},
        pi={"broker.bad_credentials"}, server={"node.bad_credentials"}, page={"node.bad_credentials"}, anew=True,
    ),
    Fault(
        name="foreign CA",
        says="The CA in the node's credentials is another than the one that signed the broker's certificate.",
        inject=foreign_ca,
        exact={"broker.tls_untrusted"}, pi={"broker.tls_untrusted"}, server=GONE, page=GONE,
    ),
    Fault(
        name="plain on TLS",
        says="The node speaks MQTT without TLS to the broker's TLS port.",
        inject=lambda site: site.given(broker=f"mqtt://{site.cable.server}:{site.tls_port}"),
        exact={"broker.wants_tls"}, pi={"broker.wants_tls"}, server=GONE, page=GONE,
    ),
]  # fmt: skip
