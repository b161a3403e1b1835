"""Several nodes at one broker, each with the real link, seen by the doctor on a machine that only has the bridge."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Literal

from glassline.contract.messages import Health, StoreHealth
from glassline.link import Link
from tests.support.embedded_broker import RunningBroker, embedded_broker
from tests.support.links import make_link

from .conftest import run_doctor

Role = Literal["node", "bridge", "web"]
WELL = StoreHealth(kind="sqlite", ok=True)


@contextmanager
def program(broker: RunningBroker, id: str, role: Role, **health: Any) -> Iterator[Link]:
    """A program that reports each second what it is told to report."""
    stopping = threading.Event()
    link: Link = make_link(broker.url, id, None, role)

    def report() -> None:
        while not stopping.is_set():
            told = Health(**link.envelope(), **{"state": "ok", "uptime_s": 9, "last_frame_age_s": 0.1, **health})
            link.publish("health", told.to_json())
            stopping.wait(1)

    thread = threading.Thread(target=report)
    with link:
        thread.start()
        try:
            yield link
        finally:
            stopping.set()
            thread.join()


@contextmanager
def server(folder: Path, store: StoreHealth = WELL) -> Iterator[RunningBroker]:
    """A broker that lets everybody in, a bridge, a web that is well, and a settings file with the bridge's table."""
    with embedded_broker() as broker, ExitStack() as programs:
        (folder / "glassline.toml").write_text(f'[bridge]\nbroker = "{broker.url}"\n')
        state = "ok" if store.ok else "failed"
        programs.enter_context(program(broker, "bridge-1", "bridge", store=store, state=state))
        programs.enter_context(program(broker, "web-1", "web"))
        yield broker


def test_of_two_nodes_the_dead_one_is_named_and_the_other_is_not_accused(tmp_path: Path) -> None:
    with server(tmp_path) as broker, program(broker, "pi-1", "node"):
        with program(broker, "pi-2", "node"):
            time.sleep(1)
        told = run_doctor(folder=tmp_path)
        assert told.code == 1
        assert "First cause: The node pi-2 is offline" in told.text
        assert "✓ pi-1: its chain works too." in told.text
        assert run_doctor("--device", "pi-1", folder=tmp_path).code == 0


def test_what_a_node_reports_of_itself_is_the_first_cause_and_a_late_outbox_its_effect(tmp_path: Path) -> None:
    broken = StoreHealth(kind="sqlite", ok=False, error="disk I/O error")
    waiting = {"state": "degraded", "reasons": ["outbox.waiting"]}
    with server(tmp_path, store=broken) as broker, program(broker, "pi-1", "node", **waiting):
        told = run_doctor("--json", folder=tmp_path)
    assert told.cause == "store.down", told.text
    assert "disk I/O error" in told.json["first_cause"]["sentence"]
    assert told.json["also"] == []
    assert (told.states["node"], told.states["web"], told.states["you"]) == ("degraded", "ok", "unknown")


def test_texts_from_the_wire_cannot_write_markup_or_break_the_json(tmp_path: Path) -> None:
    nasty = '[bold]"{id}"\\ <script>'
    with server(tmp_path) as broker, program(broker, "pi-1", "node", state="degraded", reasons=[nasty]):
        assert nasty in run_doctor(folder=tmp_path).text
        told = run_doctor("--json", folder=tmp_path)
    assert nasty in json.loads(told.text)["first_cause"]["sentence"]
