"""A program of the test's own on the wire: it speaks through the real link and keeps what it hears."""

import threading
import time
from contextlib import contextmanager

from glassline.contract import from_unix, new_boot
from glassline.contract.messages import Info
from glassline.contract.topics import EVERYTHING
from glassline.link import Link, broker_address


def make_link(url, id, password, role="node", ca_file=None, credentials=None, memory=None):
    def birth():
        return Info(**link.envelope(), role=role, id=id, version="1", started_at=from_unix(time.time()))

    link = Link(
        address=broker_address(url, credentials=credentials or "", ca_file=ca_file or ""),
        id=id,
        boot=new_boot(),
        birth=birth,
        password=password,
        ca_file=ca_file,
        credentials=credentials,
        memory=memory,
    )
    return link


class Heard:
    """Everything that an account hears, with whether it was retained."""

    def __init__(self):
        self.messages = []
        self._changed = threading.Condition()

    def __call__(self, address, payload, retained):
        with self._changed:
            self.messages.append((address.kind, address.id, payload, retained))
            self._changed.notify_all()

    def wait_for(self, wanted, timeout_s=15):
        with self._changed:
            return self._changed.wait_for(lambda: any(wanted(*m) for m in self.messages), timeout_s)

    def count(self, kind):
        return sum(m[0] == kind for m in self.messages)


@contextmanager
def listener(broker):
    heard = Heard()
    link = make_link(broker.url, "web-1", broker.passwords["web-1"], "web")
    link.on(EVERYTHING, heard)
    with link:
        assert heard.wait_for(lambda kind, id, *_: (kind, id) == ("info", "web-1"))
        heard.link = link
        yield heard
