"""`glassline status` beside a real node, with and without a broker, as people run it: in the folder of the node."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from glassline.contract import Role
from glassline.contract.messages import Lease
from glassline.program import write_secret
from pi_node.report.status_file import read_status
from tests.support.embedded_broker import broker_process, free_port
from tests.support.links import listener
from tests.support.waiting import until

ROLES = {"pi-1": Role.NODE, "web-1": Role.WEB}
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("GLASS_") and name != "BACKEND_URL"}
SECRET = "secret-of-pi-1"


def write_config(folder, **settings):
    write_secret(folder / "secret", SECRET)
    table = {"camera": "scene:?seed=11", "state_dir": "state", "password_file": str(folder / "secret"), **settings}
    lines = [f"{name} = {json.dumps(value)}" for name, value in table.items()]
    (folder / "glassline.toml").write_text("\n".join(["[pi_node]", *lines, ""]))


@contextmanager
def node(folder, *flags, environ=None, **settings):
    """Run the node in `folder`, set up by the settings file there unless flags are given."""
    if not flags:
        write_config(folder, **settings)
    with (folder / "log").open("a") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "pi_node", *flags], cwd=folder, env=CLEAN | (environ or {}), stderr=log
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.terminate()
            process.wait(10)


def status(folder, *flags):
    """(exit code, what it prints)."""
    command = [sys.executable, "-m", "workbench.main", "status", *flags]
    environ = CLEAN | {"PYTHONPATH": os.getcwd(), "COLUMNS": "400"}
    run = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, timeout=30)
    assert SECRET not in run.stdout + run.stderr
    assert "Traceback" not in run.stderr, run.stderr
    return run.returncode, run.stdout + run.stderr


def verdict(folder):
    """Exit code and verdict, with the states by hop."""
    code, text = status(folder, "--json")
    told = json.loads(text)
    return code, told, {hop["hop"]: hop["state"] for hop in told["hops"]}


def said(folder):
    return read_status(folder / "state", "pi-1", {})


def hurts(folder, reason):
    return until(lambda: (s := said(folder)) is not None and reason in s.health.reasons, 30)


def test_where_nothing_is_set_up_it_says_what_to_do_next(tmp_path):
    code, text = status(tmp_path)
    assert code == 2
    assert text.startswith("Do this next: write [pi_node] into glassline.toml")
    assert json.loads(status(tmp_path, "--json")[1])["next"]


def test_a_node_that_has_never_run_is_to_be_started(tmp_path):
    write_config(tmp_path)
    code, text = status(tmp_path)
    assert code == 2
    assert "`python -m pi_node`" in text
    assert "No word of pi-1 lies in state" in text


def test_settings_with_which_no_node_can_start_are_named(tmp_path):
    write_config(tmp_path, live_fps=-1)
    code, told, _ = verdict(tmp_path)
    assert code == 1
    assert told["first_cause"]["code"] == "settings.wrong"
    assert "live_fps" in told["first_cause"]["sentence"]


def test_a_node_that_is_well_says_so_and_who_asks_for_pictures(tmp_path):
    with broker_process(ROLES) as broker, listener(broker) as heard, node(tmp_path, broker=broker.url):
        until(lambda: (s := said(tmp_path)) is not None and s.health.state == "ok" and s.link.connected, 30)
        heard.link.publish("viewers", Lease(max_fps=5, ttl_s=30).to_json(), id="pi-1", rest="web-1")
        until(lambda: said(tmp_path).asked_by == ["web-1"], 10)
        began_s = time.monotonic()
        code, told, states = verdict(tmp_path)
        print(f"{time.monotonic() - began_s:.1f} s")
        assert code == 0
        assert told["ok"]
        assert told["first_cause"] is None
        assert states == {
            "camera": "ok", "detector": "ok", "node": "ok", "broker": "ok", "bridge": "unknown", "web": "ok",
        }  # fmt: skip
        code, text = status(tmp_path)
        assert code == 0
        assert "Everything that can be seen from here works." in text
        assert "No receipt has come since the node began." in text
        for figure in ("MB of its own", "free", "of 15 pictures a second", "of 10 pictures a second", " waiting, "):
            assert figure in text


def test_a_broker_that_is_down_is_the_cause_and_all_before_it_is_well(tmp_path):
    port = free_port()
    with node(tmp_path, broker=f"mqtt://192.0.2.1:{port}", id="pi-1"):
        until(lambda: (s := said(tmp_path)) is not None and s.link.code is not None, 30)
        code, told, states = verdict(tmp_path)
        assert code == 1
        assert told["first_cause"]["hop"] == "broker"
        assert f"192.0.2.1:{port}" in told["first_cause"]["sentence"]
        assert (states["node"], states["web"]) == ("ok", "unknown")
        assert told["also"] == []


def test_a_node_that_looks_for_the_broker_on_itself_is_told_so_with_the_file_to_mend(tmp_path):
    with node(tmp_path, broker=f"mqtt://127.0.0.1:{free_port()}"):
        until(lambda: (s := said(tmp_path)) is not None and s.link.code is not None, 30)
        _, told, _ = verdict(tmp_path)
        assert told["first_cause"]["code"] == "broker.localhost_on_node"
        assert str(tmp_path / "glassline.toml") in told["first_cause"]["remedy"]


def test_a_node_that_was_started_by_flags_alone_is_found_in_its_folder(tmp_path):
    flags = ["--camera", "scene:?seed=11", "--state-dir", "elsewhere", "--id", "pi-9"]
    with node(tmp_path, *flags, environ={"BACKEND_URL": "http://192.168.1.5:5000"}):
        until(lambda: read_status(tmp_path / "elsewhere", "pi-9", {}) is not None, 30)
        _, told, _ = verdict(tmp_path)
        assert told["device"] == "pi-9"
        assert told["first_cause"]["code"] == "broker.address_unset"
        assert "BACKEND_URL is set here" in told["first_cause"]["remedy"]


def test_what_hurts_before_the_broker_is_the_cause_and_the_broker_is_not_denied(tmp_path):
    black = f"scene:?seed=11&black_from={time.time()}"
    with node(tmp_path, broker=f"mqtt://127.0.0.1:{free_port()}", model="/nowhere/best.onnx", camera=black):
        assert hurts(tmp_path, "camera.black")
        assert hurts(tmp_path, "detector.model_missing")
        code, told, _ = verdict(tmp_path)
        assert code == 1
        assert told["first_cause"]["code"] == "camera.black"
        assert [one["code"] for one in told["also"]] == ["detector.model_missing", "broker.localhost_on_node"]
        code, text = status(tmp_path)
        assert "First cause: The camera" in text
        assert "gives black pictures" in text
        assert "Take the cap off the lens" in text
        until(lambda: "gives black pictures" in (tmp_path / "log").read_text(), 15)
    log = (tmp_path / "log").read_text()
    for code in ("camera.black", "detector.model_missing", "broker.localhost_on_node"):
        (line,) = [line for line in log.splitlines() if line.endswith(f"[{code}]") and "Do this: " in line]
        assert "ERROR" in line


def test_a_frozen_camera_is_named_with_how_long(tmp_path):
    with node(tmp_path, broker="mqtt://127.0.0.1:1", camera=f"scene:?seed=11&frozen_from={time.time()}"):
        assert hurts(tmp_path, "camera.frozen")
        assert said(tmp_path).health.same_frame_s >= 20
        assert said(tmp_path).health.state == "failed"
        _, told, _ = verdict(tmp_path)
        assert told["first_cause"]["code"] == "camera.frozen"
        assert told["first_cause"]["age_s"] >= 20


def test_a_killed_node_is_offline_and_a_stopped_process_silent_and_both_left_word(tmp_path):
    with broker_process(ROLES) as broker, node(tmp_path, broker=broker.url, model="/nowhere/best.onnx") as process:
        assert hurts(tmp_path, "detector.model_missing")
        until(lambda: said(tmp_path).link.connected, 15)
        process.send_signal(signal.SIGSTOP)
        until(lambda: verdict(tmp_path)[1]["first_cause"]["code"] == "node.silent", 25)
        _, told, states = verdict(tmp_path)
        assert (states["camera"], states["broker"]) == ("unknown", "unknown")
        assert told["before"]["first_cause"]["code"] == "detector.model_missing"
        process.kill()
        process.wait()
        code, told, _ = verdict(tmp_path)
        assert code == 1
        assert told["first_cause"]["code"] == "node.offline"
        assert told["before"]["first_cause"]["code"] == "detector.model_missing"
        _, text = status(tmp_path)
        assert "When it last spoke, " in text
        assert "has no model" in text


def test_the_word_lies_in_the_runtime_directory_where_systemd_gives_one(tmp_path):
    (tmp_path / "run").mkdir()
    with node(tmp_path, environ={"RUNTIME_DIRECTORY": str(tmp_path / "run")}):
        until((tmp_path / "run" / "status.json").exists, 30)
        assert not (tmp_path / "state" / "status.json").exists()
        code, told, _ = verdict(tmp_path)
        assert (code, told["device"]) == (1, "pi-1")
    assert not list((tmp_path / "run").glob("*.new"))


@pytest.mark.parametrize("content", [b"", b"{broken", b"{}", b"\xff" * 10])
def test_a_file_that_is_none_of_ours_is_no_word(tmp_path, content):
    write_config(tmp_path)
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "status.json").write_bytes(content)
    assert status(tmp_path)[0] == 2


def test_a_process_that_got_the_number_of_a_dead_node_is_no_node(tmp_path):
    with node(tmp_path, broker="mqtt://127.0.0.1:1") as process:
        until(lambda: said(tmp_path) is not None, 30)
        process.kill()
        process.wait()
    path = tmp_path / "state" / "status.json"
    path.write_text(path.read_text().replace(f'"pid":{process.pid}', f'"pid":{os.getpid()}'))
    assert verdict(tmp_path)[1]["first_cause"]["code"] == "node.offline"


def test_a_clock_that_is_an_hour_off_is_nothing_that_a_node_could_know(tmp_path):
    """Nobody's clock but its own: whoever compares clocks is the one to judge."""
    (tmp_path / "shift").mkdir()
    (tmp_path / "shift" / "sitecustomize.py").write_text(
        "import time\nreal = time.time\ntime.time = lambda: real() + 3600\n"
    )
    environ = {"PYTHONPATH": f"{tmp_path / 'shift'}:{os.getcwd()}"}
    with broker_process(ROLES) as broker, node(tmp_path, broker=broker.url, environ=environ):
        until(lambda: (s := said(tmp_path)) is not None and s.link.connected and s.health.detect_fps, 30)
        assert said(tmp_path).at_unix > time.time() + 3500
        time.sleep(6)
        assert said(tmp_path).health.reasons == []
        assert verdict(tmp_path)[0] == 0
