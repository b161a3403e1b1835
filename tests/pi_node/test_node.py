"""The node as a process of its own, with the rendered camera and the shipped model, on both brokers."""

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import contextmanager
from hashlib import sha256

import paho.mqtt.publish as publish
import psutil
import pytest

from glassline.contract import Reason, Role, from_unix
from glassline.contract.frames import check_jpeg, extract
from glassline.contract.messages import (
    Command,
    Detection,
    EvidenceMeta,
    FrameMeta,
    Health,
    Info,
    Lease,
    Receipt,
    Reply,
    decode,
)
from glassline.contract.tunable import MAX_CORNERS
from glassline.program import write_secret
from tests.pi_node.config.test_attention import circle
from tests.support.embedded_broker import broker_process
from tests.support.links import listener, make_link
from tests.support.mosquitto import mosquitto
from tests.support.waiting import until

ROLES = {"pi-1": Role.NODE, "web-1": Role.WEB, "bridge-1": Role.BRIDGE}


@pytest.fixture(params=["embedded", "mosquitto"])
def broker(request):
    with (broker_process if request.param == "embedded" else mosquitto)(ROLES) as running:
        yield running


@pytest.fixture
def embedded():
    with broker_process(ROLES) as running:
        yield running


@contextmanager
def node(folder, *flags, broker=None, environ=None, camera="scene:?seed=11"):
    """Run `python -m pi_node`; its log is `folder/log`."""
    command = [sys.executable, "-m", "pi_node", "--camera", camera, "--state-dir", str(folder / "state"), *flags]
    if broker is not None:
        write_secret(folder / "secret", broker.passwords["pi-1"])
        command += ["--broker", broker.url, "--password-file", str(folder / "secret")]
    with (folder / "log").open("a") as log:
        process = subprocess.Popen(command, stderr=log, env=os.environ | (environ or {}), cwd=folder)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.terminate()
            process.wait(10)


def newest(heard, kind, model, id="pi-1"):
    found = [payload for k, i, payload, _ in list(heard.messages) if (k, i) == (kind, id)]
    return decode(model, found[-1]) if found else None


@pytest.mark.alone
def test_the_first_frame_is_on_the_wire_within_3_seconds_and_memory_stays_below_300_mb(tmp_path, broker):
    with listener(broker) as heard:
        began = time.monotonic()
        with node(tmp_path, broker=broker) as process:
            assert heard.wait_for(lambda kind, *_: kind == "frame", 20)
            first_frame_s = time.monotonic() - began
            assert heard.wait_for(lambda kind, *_: kind == "detection", 30)
            rss_mb = psutil.Process(process.pid).memory_info().rss / 1e6
            print(f"first frame after {first_frame_s:.2f} s, {rss_mb:.0f} MB")
            assert first_frame_s < 3
            assert rss_mb < 300
            jpeg = next(payload for kind, _, payload, _ in heard.messages if kind == "frame")
            assert check_jpeg(jpeg) == (640, 480)
            assert decode(FrameMeta, extract(jpeg)).image_wh == (640, 480)


def test_frames_follow_the_leases(tmp_path, embedded):
    with listener(embedded) as heard, node(tmp_path, broker=embedded):
        assert heard.wait_for(lambda kind, *_: kind == "frame", 20)
        time.sleep(1.5)
        idle = heard.count("frame")
        assert idle <= 3
        heard.link.publish("viewers", Lease(max_fps=10, ttl_s=3).to_json(), id="pi-1", rest="web-1")
        time.sleep(2)
        assert 12 <= heard.count("frame") - idle <= 23
        time.sleep(2)
        lapsed = heard.count("frame")
        time.sleep(2)
        assert heard.count("frame") - lapsed <= 1


def test_a_detection_is_sent_until_it_is_receipted_and_its_picture_is_the_one_it_names(tmp_path, embedded):
    with listener(embedded) as heard, node(tmp_path, broker=embedded):
        assert heard.wait_for(lambda kind, *_: kind == "evidence", 30)
        evidence = next(payload for kind, _, payload, _ in heard.messages if kind == "evidence")
        meta = decode(EvidenceMeta, extract(evidence))
        event_id = meta.event_id
        assert all(other.event_id not in (None, event_id) for other in meta.others)

        def revs():
            return [
                d for d in (decode(Detection, p) for k, _, p, _ in list(heard.messages) if k == "detection")
                if d.event_id == event_id
            ]  # fmt: skip

        first = revs()[0]
        assert first.rev == 0
        assert first.image.sha256 == sha256(evidence).hexdigest()
        assert first.image.size_bytes == len(evidence)
        again = len(revs()) + 1
        # Without receipts one is tried each four seconds, and on a slow machine others wait as well.
        until(lambda: len(revs()) >= again, 90, what="it is not sent again though no receipt came")
        with make_link(embedded.url, "bridge-1", embedded.passwords["bridge-1"], "bridge") as bridge:
            until(lambda: bridge.state.connected)

            def receipted():
                rev = max(detection.rev for detection in revs())
                outcome = {"event_id": event_id, "rev": rev, "row": "stored", "image": "stored"}
                bridge.publish("receipt", Receipt(**bridge.envelope(), **outcome).to_json(), id="pi-1")
                time.sleep(0.3)
                with sqlite3.connect(tmp_path / "state" / "outbox.db") as db:
                    return event_id not in {row[0] for row in db.execute("SELECT event_id FROM outbox")}

            until(receipted, 20)


def test_commands_are_answered_and_retained_ones_ignored(tmp_path, embedded):
    with listener(embedded) as heard, node(tmp_path, broker=embedded) as process:
        assert heard.wait_for(lambda kind, id, *_: (kind, id) == ("info", "pi-1"), 20)

        def ask(name, command):
            heard.link.publish("cmd", command.to_json(), id="pi-1", rest=name)

            def answered():
                return any(decode(Reply, p).id == command.id for k, _, p, _ in list(heard.messages) if k == "reply")

            until(answered, 10, what=lambda: f"no reply to {name}")
            return next(
                r for r in (decode(Reply, p) for k, _, p, _ in heard.messages if k == "reply") if r.id == command.id
            )

        assert ask("ping", Command(id="a", args={"x": 1})).data == {"pong": {"x": 1}}
        frames = heard.count("frame")
        assert ask("snapshot", Command(id="b")).status == "ok"
        until(lambda: heard.count("frame") > frames)
        assert ask("config", Command(id="c", args={"live_fps": 4})).data["live_fps"] == 4
        until(lambda: newest(heard, "info", Info).settings["live_fps"] == 4)
        assert "live_fps" in ask("config", Command(id="d", args={"live_fps": "many"})).error.message
        began_s = time.monotonic()
        told = ask("doctor", Command(id="h"))
        assert time.monotonic() - began_s < 2
        assert {"ok", "hops", "first_cause", "also"} <= told.data["verdict"].keys()
        assert {hop["hop"] for hop in told.data["verdict"]["hops"]} >= {"camera", "detector", "node", "broker", "web"}
        assert (told.data["link"]["connected"], told.data["camera"]["uri"]) == (True, "scene:?seed=11")
        assert told.data["disk_free_mb"] > 0
        assert embedded.passwords["pi-1"] not in told.to_json().decode()
        assert len(told.to_json()) < 16_000
        assert ask("dance", Command(id="e")).error.code == "command.unknown"
        old = Command(id="f", ts=from_unix(time.time() - 100), ttl_s=10)
        assert ask("ping", old).error.code == "command.expired"
        assert ask("restart", Command(id="g")).status == "ok"
        assert process.wait(10) == 75


def test_region_and_thresholds_change_while_it_runs_are_told_and_outlast_a_restart(tmp_path, embedded):
    """The region is the left half: marks come in at the right, and are found only once they have come so far."""
    left = [[0, 0], [0.5, 0], [0.5, 1], [0, 1]]
    wanted = {"region": left, "label_thresholds": {"crack": 0.6}, "labels_off": ["bubble"], "score_threshold": 0.4}
    with listener(embedded) as heard:

        def ask(**args):
            replies = heard.count("reply")
            heard.link.publish("cmd", Command(args=args).to_json(), id="pi-1", rest="config")
            until(lambda: heard.count("reply") > replies, 10)
            return newest(heard, "reply", Reply)

        def in_force():
            info = newest(heard, "info", Info)
            return info is not None and wanted.items() <= info.settings.items()

        with node(tmp_path, broker=embedded):
            until(lambda: (i := newest(heard, "info", Info)) and i.model is not None, 30)
            for nonsense, code in (
                ({"region": []}, "config.region_invalid"),
                ({"labels_off": ["unicorn"]}, "config.label_unknown"),
                ({"score_threshold": 2}, "config.threshold_invalid"),
            ):
                assert ask(**nonsense).error.code == code
            assert ask(**wanted).status == "ok"
            until(in_force)
        heard.messages.clear()
        with node(tmp_path, broker=embedded):
            until(in_force, 20)
            assert heard.wait_for(lambda kind, *_: kind == "detection", 40)
            found = [decode(Detection, payload) for kind, _, payload, _ in heard.messages if kind == "detection"]
            assert all((one.boxes[0].xyxyn[0] + one.boxes[0].xyxyn[2]) / 2 <= 0.52 for one in found)
            assert "bubble" not in {one.label for one in found}


def test_the_largest_region_there_may_be_is_told(tmp_path, embedded):
    region = [list(corner) for corner in circle(MAX_CORNERS)]
    labels = [f"label {k}".ljust(20, ".") for k in range(80)]
    (tmp_path / "state").mkdir(exist_ok=True)
    kept = {"region": region, "labels_off": labels, "label_thresholds": dict.fromkeys(labels, 0.12345)}
    (tmp_path / "state" / "config.json").write_text(json.dumps(kept))
    with listener(embedded) as heard, node(tmp_path, broker=embedded):
        until(lambda: (i := newest(heard, "info", Info)) and i.settings["region"] == region, 20)
        until(lambda: newest(heard, "info", Info).model is not None, 30)
        turned = region[1:] + region[:1]
        heard.link.publish("cmd", Command(args={"region": turned}).to_json(), id="pi-1", rest="config")
        until(lambda: newest(heard, "info", Info).settings["region"] == turned, 10)


def test_a_retained_command_is_ignored(tmp_path):
    with mosquitto(ROLES) as broker:
        auth = {"username": "web-1", "password": broker.passwords["web-1"]}
        topic = "glass/v1/pi-1/cmd/restart"
        publish.single(
            topic, b'{"v":1}', retain=True, hostname="127.0.0.1", port=broker.port, auth=auth, client_id="web-1"
        )
        with listener(broker) as heard, node(tmp_path, broker=broker) as process:
            assert heard.wait_for(lambda kind, id, *_: (kind, id) == ("info", "pi-1"), 20)
            until(lambda: "a retained one is ignored" in (tmp_path / "log").read_text())
            time.sleep(1)
            assert process.poll() is None


def test_without_a_broker_address_it_says_so_and_goes_on_detecting(tmp_path):
    with node(tmp_path, environ={"BACKEND_URL": "http://192.168.1.5:5000"}):

        def kept():
            try:
                with sqlite3.connect(tmp_path / "state" / "outbox.db") as db:
                    return db.execute("SELECT count(*) FROM outbox").fetchone()[0]
            except sqlite3.OperationalError:
                return 0

        until(lambda: kept() >= 2, 30)
    log = (tmp_path / "log").read_text()
    assert "no broker address is set (BACKEND_URL is set" in log
    assert "GLASS_BROKER" in log


def test_localhost_without_a_broker_here_is_answered_with_the_remedy(tmp_path):
    with node(tmp_path, "--broker", "mqtt://localhost:1"):
        until(lambda: "broker.localhost_on_node" in (tmp_path / "log").read_text(), 20)
    assert "set `broker` to the server's address" in (tmp_path / "log").read_text()


def test_a_missing_model_leaves_the_live_picture_and_is_named(tmp_path, embedded):
    with listener(embedded) as heard, node(tmp_path, "--model", "/nowhere/best.onnx", broker=embedded):
        assert heard.wait_for(lambda kind, *_: kind == "frame", 20)
        until(lambda: (h := newest(heard, "health", Health)) and "detector.model_missing" in h.reasons, 20)
    assert "/nowhere/best.onnx" in (tmp_path / "log").read_text()


def test_a_camera_that_is_not_there_is_named_in_health(tmp_path, embedded):
    with listener(embedded) as heard, node(tmp_path, broker=embedded, camera="folder:/nowhere"):
        until(lambda: (h := newest(heard, "health", Health)) and "camera.missing" in h.reasons, 20)
    assert "cannot read /nowhere" in (tmp_path / "log").read_text()


def test_info_says_what_is_in_force_and_no_secret(tmp_path, embedded):
    with listener(embedded) as heard, node(tmp_path, broker=embedded):
        until(lambda: (i := newest(heard, "info", Info)) and i.model is not None, 20)
        text = json.dumps(newest(heard, "info", Info).to_dict())
        assert embedded.passwords["pi-1"] not in text
        assert "scene:?seed=11" in text


def test_it_finds_marks_at_four_looks_a_picture_and_says_how_many_those_are(tmp_path, embedded):
    with listener(embedded) as heard, node(tmp_path, "--detector-looks", "4", broker=embedded):
        assert heard.wait_for(lambda kind, *_: kind == "detection", 60)
        until(lambda: newest(heard, "info", Info).settings.get("detector_looks") == 4, 10)


def test_sigterm_ends_it_soon_though_the_broker_hangs(tmp_path, embedded):
    with listener(embedded) as heard, node(tmp_path, broker=embedded) as process:
        assert heard.wait_for(lambda kind, *_: kind == "detection", 30)
        os.kill(embedded.pid, signal.SIGSTOP)
        try:
            time.sleep(0.5)
            began = time.monotonic()
            process.terminate()
            process.wait(10)
            assert time.monotonic() - began < 4.5
        finally:
            os.kill(embedded.pid, signal.SIGCONT)


def test_a_second_program_of_its_id_is_named_by_the_node_itself(tmp_path, embedded):
    with listener(embedded) as heard, node(tmp_path, broker=embedded):
        until(lambda: (h := newest(heard, "health", Health)) and h.state == "ok", 30)
        with make_link(embedded.url, "pi-1", embedded.passwords["pi-1"]):
            until(lambda: "node.twice" in newest(heard, "health", Health).reasons, 60)
        until(lambda: "Two nodes call themselves pi-1" in (tmp_path / "log").read_text(), 20)


@pytest.mark.alone
def test_what_a_node_says_of_itself_costs_no_processor_and_no_disk_to_speak_of(tmp_path, embedded):
    """The file is small, and comes each 5 s and not more often while nothing changes."""
    with listener(embedded) as heard, node(tmp_path, broker=embedded):
        until(lambda: (h := newest(heard, "health", Health)) and h.state == "ok" and h.detect_fps, 30)
        path = tmp_path / "state" / "status.json"
        written = set()
        end_s = time.monotonic() + 12
        while time.monotonic() < end_s:
            written.add(path.stat().st_mtime_ns)
            time.sleep(0.05)
        assert 2 <= len(written) <= 5
        assert path.stat().st_size < 8000
        assert [file.name for file in path.parent.glob("status*")] == ["status.json"]


def test_an_outbox_that_cannot_be_written_is_told_of_until_it_can(tmp_path, embedded):
    def says_so() -> bool:
        told = newest(heard, "health", Health)
        return told is not None and Reason.OUTBOX_FAILED in told.reasons

    with listener(embedded) as heard, node(tmp_path, broker=embedded):
        assert heard.wait_for(lambda kind, *_: kind == "detection", 30)
        assert not says_so()
        with contextlib.closing(sqlite3.connect(tmp_path / "state" / "outbox.db", isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            until(says_so, 40)
        until(lambda: not says_so(), 20)


def test_the_password_of_a_network_camera_stands_neither_in_the_birth_message_nor_in_the_log(tmp_path, embedded):
    camera = "rtsp://eye:hunter2@127.0.0.1:9/live"
    with listener(embedded) as heard, node(tmp_path, broker=embedded, camera=camera):
        until(lambda: (h := newest(heard, "health", Health)) and "camera.missing" in h.reasons, 20)
        info = newest(heard, "info", Info)
        said = b"".join(payload for *_, payload, _ in heard.messages) + (tmp_path / "log").read_bytes()
    assert info.camera.uri == info.settings["camera"] == "rtsp://…@127.0.0.1:9/live"
    assert b"cannot be opened" in said
    assert b"hunter2" not in said
