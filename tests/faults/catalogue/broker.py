"""The broker itself, and what stands in its place."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from tests.support.embedded_broker import wait_for_port

from ..fault import Fault
from ..site import Site


@contextmanager
def http_on_its_ports(site: Site) -> Iterator[None]:
    with site.ended("broker"), ExitStack() as running:
        for host, port in (("127.0.0.1", site.broker_port), ("0.0.0.0", site.tls_port)):
            command = [sys.executable, "-m", "http.server", str(port), "--bind", host, "--directory", str(site.store)]
            other = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            running.callback(other.wait)
            running.callback(other.kill)
            wait_for_port(port, other)
        yield


FAULTS = [
    Fault(
        name="broker down",
        says="The broker was killed (SIGKILL).",
        inject=lambda site: site.ended("broker", signal.SIGKILL),
        exact={"broker.connection_refused"},
        server={"broker.connection_refused"}, pi={"broker.connection_refused"},
        page={"broker.connection_refused", "broker.connection_lost"},
    ),
    Fault(
        name="another program on the port",
        says="The broker is not there, and an HTTP server has taken its ports.",
        inject=http_on_its_ports,
        exact={"broker.not_mqtt"}, server={"broker.not_mqtt"}, pi={"broker.not_mqtt"}, page={"broker.not_mqtt"},
    ),
]  # fmt: skip
