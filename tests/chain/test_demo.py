"""The demo as people run it: unattended with its report, ended by Ctrl-C, and refused with a remedy."""

import json
import os
import signal
import socket
import subprocess
import sys
import time

import httpx
import psutil
import pytest

from tests.support.embedded_broker import free_port
from tests.support.waiting import until


def glassline(*arguments, **options):
    return [sys.executable, "-m", "workbench.main", *arguments]


@pytest.mark.alone
def test_an_unattended_run_finds_what_was_planted_and_stores_what_it_found(tmp_path):
    report = tmp_path / "r.json"
    ports = ["--port", str(free_port()), "--broker-port", str(free_port())]
    command = glassline("demo", "--seconds", "20", "--report", str(report), "--folder", str(tmp_path / "demo"), *ports)
    run = subprocess.run(command, capture_output=True, text=True, timeout=150)
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-2000:]
    figures = json.loads(report.read_text())
    print(json.dumps(figures))
    assert figures["defects_planted"] >= 10
    assert figures["defects_confirmed"] == figures["defects_stored"] > 0
    assert figures["defects_found"] >= 0.8 * figures["defects_planted"]
    assert figures["false_defects"] <= 0.1 * figures["defects_planted"]
    assert figures["frames_delivered"] > 150
    assert figures["live_latency_ms"]["p50"] < 150
    assert figures["stored_latency_ms"]["p50"] < 1000


def test_ctrl_c_ends_everything_within_5_seconds_and_leaves_no_process(tmp_path):
    port = free_port()
    command = glassline(
        "demo", "--folder", str(tmp_path / "demo"), "--port", str(port), "--broker-port", str(free_port())
    )
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    try:
        until(lambda: "ready: open" in (tmp_path / "log").read_text(), 90, what=lambda: (tmp_path / "log").read_text())
        assert httpx.get(f"http://127.0.0.1:{port}/health").json()["ok"] is True
        family = psutil.Process(process.pid).children(recursive=True)
        assert len(family) >= 8
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        process.wait(10)
        took_s = time.monotonic() - began
        _, alive = psutil.wait_procs(family, timeout=0.5)
        print(f"ended in {took_s:.1f} s")
        assert took_s < 5
        assert alive == []
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


def test_a_taken_port_is_one_line_with_the_remedy(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = glassline("demo", "--folder", str(tmp_path), "--port", str(port), "--broker-port", str(free_port()))
        run = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert run.returncode == 1
    assert f"port {port} is taken by" in run.stderr
    assert "--port" in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1
