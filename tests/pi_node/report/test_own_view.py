"""The chain as the node sees it, from what its status file says."""

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

import pi_node
from glassline.contract import Reason, from_unix
from glassline.contract.messages import Health, Info, OutboxHealth
from pi_node.report.own_view import judge
from pi_node.report.status_file import LinkStatus, NodeStatus, read_status, runtime_folder, write_status

ENVELOPE = {"ts": from_unix(1_800_000_000), "boot": "0badcafe"}
UP = LinkStatus(connected=True, sentence="connected", address="mqtt://server:1883", since_s=100)


def down(code, since_s=100.0):
    return LinkStatus(connected=False, code=code, sentence="it broke", address="mqtt://server:1883", since_s=since_s)


def status(*reasons, link=UP, depth=0, **others):
    health = Health(
        **ENVELOPE, state="degraded" if reasons else "ok", reasons=list(reasons), uptime_s=500, last_frame_age_s=0.1,
        last_detect_age_s=0.1, outbox=OutboxHealth(depth=depth),
    )  # fmt: skip
    info = Info(**ENVELOPE, role="node", id="pi-1", version="1", started_at=from_unix(1_799_999_500), hostname="eye")
    return NodeStatus(pid=os.getpid(), at_unix=time.time(), health=health, info=info, link=link, **others)


def seen(verdict):
    return {one.hop.value: (one.state, one.sentence) for one in verdict.hops}


@pytest.mark.parametrize(
    ("told", "state", "says"),
    [
        ({"receipt_age_s": 3}, "ok", "Runs"),
        ({"receipt_age_s": 300}, "unknown", "The last receipt came 5 min ago, and nothing waits for one."),
        ({"receipt_age_s": 300, "depth": 4}, "unknown", "The last receipt came 5 min ago, though something waits"),
        ({}, "unknown", "No receipt has come since the node began."),
        ({"receipt_age_s": 3, "link": down(Reason.BROKER_REFUSED)}, "unknown", "Cannot be seen while the broker"),
    ],
)
def test_receipts_tell_of_the_bridge(told, state, says):
    got, sentence = seen(judge(status(**told)))["bridge"]
    assert got == state
    assert sentence.startswith(says)


def test_leases_tell_of_the_web_while_there_is_one():
    assert seen(judge(status(asked_age_s=2, asked_by=["web-1"])))["web"][0] == "ok"
    assert seen(judge(status(asked_age_s=2)))["web"] == ("unknown", "No web asks for pictures now.")


def test_what_waits_because_the_broker_is_down_is_no_cause_of_its_own():
    verdict = judge(status(Reason.OUTBOX_WAITING, link=down(Reason.BROKER_REFUSED), depth=9))
    assert verdict.first_cause.code is Reason.BROKER_REFUSED
    assert verdict.also == []
    assert seen(verdict)["node"][1].startswith("On pi-1 9 detections wait")


def test_a_rival_is_the_cause_and_not_the_connection_that_it_breaks():
    verdict = judge(status(Reason.NODE_TWICE, link=down(Reason.BROKER_LOST, 1)))
    assert verdict.first_cause.code is Reason.NODE_TWICE
    assert verdict.also == []
    assert seen(verdict)["broker"][0] == "ok"


def test_while_the_first_connection_is_being_made_nothing_is_wrong_yet():
    verdict = judge(status(link=LinkStatus(connected=False, sentence="connecting", address="mqtt://s:1", since_s=1)))
    assert verdict.ok
    assert seen(verdict)["broker"][0] == "unknown"


def test_remedies_name_the_file_that_set_the_node_up():
    verdict = judge(status(link=down(Reason.BROKER_REFUSED), settings_file="/etc/glassline/own.toml"))
    assert "/etc/glassline/own.toml" in verdict.first_cause.remedy


def test_the_newest_word_counts_wherever_it_lies_and_that_of_another_node_does_not(tmp_path):
    state, run = tmp_path / "state", tmp_path / "run"
    environ = {"RUNTIME_DIRECTORY": f"{run}:{tmp_path / 'second'}"}
    assert runtime_folder(state, environ) == run
    assert runtime_folder(state, {}) == state
    assert read_status(state, "pi-1", environ) is None
    write_status(status(receipt_age_s=1), state)
    assert read_status(state, "pi-1", environ).receipt_age_s == 1
    write_status(status(receipt_age_s=2).model_copy(update={"at_unix": time.time() + 5}), run)
    assert read_status(state, "pi-1", environ).receipt_age_s == 2
    assert read_status(state, "pi-1", {}).receipt_age_s == 1
    assert read_status(state, "pi-2", environ) is None


def test_what_is_no_plain_file_is_no_word_of_a_node_and_nobody_waits_for_it(tmp_path):
    os.mkfifo(tmp_path / "status.json")
    assert read_status(tmp_path, "pi-1", {}) is None


PROGRAM = str(Path(pi_node.__file__).with_name("__main__.py"))


@pytest.mark.parametrize(
    ("command", "alive"),
    [
        ("python -m pi_node --config x.toml", True),
        ("/opt/glassline/current/bin/python -X dev -m pi_node", True),
        (f"python {PROGRAM} --config x.toml", True),
        ("python -m pytest tests/pi_node -m pi_node", False),
        ("python -m bridge --config /var/lib/pi_node/glassline.toml", False),
        (f"python -m pdb {PROGRAM}", False),
        (f"nano {PROGRAM.replace('__main__', 'app')}", False),
        ("", False),
    ],
)
def test_another_program_that_got_its_number_is_not_taken_for_it(monkeypatch, command, alive):
    monkeypatch.setattr(psutil.Process, "cmdline", lambda _: command.split())
    assert status().is_alive() is alive


def test_a_process_that_only_names_the_program_is_none_of_it_and_one_that_has_ended_neither():
    waits = [sys.executable, "-c", "import sys; sys.stdin.read()", "pi_node"]
    with subprocess.Popen(waits, stdin=subprocess.PIPE) as process:
        written = status().model_copy(update={"pid": process.pid})
        assert "pi_node" in psutil.Process(process.pid).cmdline()
        assert not written.is_alive()
    assert not written.is_alive()
