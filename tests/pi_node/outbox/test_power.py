"""A loss of power takes no detection of which anything was sent: it was on the disk before.

Shown by the system calls of the real node. The control is the same node with an outbox that does not wait for the disk.
"""

import re
import sys

from glassline.contract import Role
from glassline.program import write_secret
from tests.support.embedded_broker import embedded_broker
from tests.support.links import listener
from tests.support.trace import calls_in, traced
from tests.support.waiting import until

CARELESS = """
import runpy
from pi_node.outbox.file import OutboxFile
opened = OutboxFile._open
def careless(self):
    opened(self)
    self.db.execute("PRAGMA synchronous=OFF")
OutboxFile._open = careless
runpy.run_module("pi_node", run_name="__main__")
"""
EVENT_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
MESSAGES = 5


def calls_of_a_node(folder, *how):
    """The system calls of a node until it has sent some detections with their pictures."""
    with embedded_broker({"pi-1": Role.NODE, "web-1": Role.WEB}) as broker, listener(broker) as heard:
        write_secret(folder / "secret", broker.passwords["pi-1"])
        node = [sys.executable, *how, "--camera=scene:?seed=3", "--id=pi-1", f"--broker={broker.url}"]
        node += [f"--password-file={folder / 'secret'}", f"--state-dir={folder / 'new' / 'state'}"]
        with traced(node, "pwrite64,fsync,fdatasync,sendto", folder / "trace"):
            until(lambda: min(heard.count("detection"), heard.count("evidence")) >= MESSAGES, 60)
    return calls_in(folder / "trace")


def first(calls, name, *texts, after=-1):
    """The first call of that name with these texts in its arguments that began after a line of the trace."""
    return next((c for c in calls if c.name == name and c.began > after and all(t in c.text for t in texts)), None)


def sent_and_not_synced(calls):
    """(event ids of which something was sent, those of them that were not safely on the disk by then)."""
    sent = {}
    for call in calls:
        if call.name == "sendto" and ("/detection" in call.text or "/evidence" in call.text):
            sent.setdefault(EVENT_ID.search(call.text)[0], call)
    return set(sent), {event_id for event_id, call in sent.items() if not is_synced(calls, event_id, call)}


def is_synced(calls, event_id, before):
    """Whether the row was written to the outbox, and that was waited for, before this call began."""
    written = first(calls, "pwrite64", "outbox.db-wal>", event_id)
    synced = written and first(calls, "fdatasync", "outbox.db-wal>", "= 0", after=written.ended)
    return bool(synced) and synced.ended < before.began


def test_a_detection_is_on_the_disk_before_anything_of_it_is_sent(tmp_path):
    calls = calls_of_a_node(tmp_path, "-m", "pi_node")
    sent, lost = sent_and_not_synced(calls)
    assert len(sent) > 1
    assert not lost
    syncs = [call for call in calls if call.name == "fdatasync" and "outbox.db" in call.text]
    print(f"{len(sent)} detections were sent, each after its sync; the outbox was synced {len(syncs)} times in all")
    for name in ("new", "new/state"):
        parent = (tmp_path / name).parent
        assert first(calls, "fsync", f"<{parent}>"), f"the name of {name} may not outlast a loss of power"
    wal_named = first(calls, "fdatasync", f"<{tmp_path / 'new/state'}>")
    assert wal_named, "the outbox's files may not outlast a loss of power"


def test_an_outbox_that_does_not_wait_for_the_disk_would_be_found_out(tmp_path):
    sent, lost = sent_and_not_synced(calls_of_a_node(tmp_path, "-c", CARELESS))
    assert sent
    assert lost == sent
