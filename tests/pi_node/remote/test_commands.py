"""Commands of the node without a broker, and what its start says of a camera's URI."""

import os
import subprocess
import sys
import threading
import time

from glassline.contract import parse
from pi_node.remote.commands import QUEUE_LENGTH, Commands
from tests.support.links import make_link
from tests.support.waiting import until


def test_stopping_does_not_wait_for_room_in_a_full_queue():
    begun, go = threading.Event(), threading.Event()
    done = []

    def act(arguments):
        begun.set()
        go.wait(20)
        done.append(arguments)
        return {}

    commands = Commands(link=make_link("mqtt://127.0.0.1:1", "pi-1", None), actions={"act": act})
    commands.start()
    address = parse("glass/v1/pi-1/cmd/act")
    commands.on_command(address, b'{"id": "c"}', False)
    assert begun.wait(10)
    while not commands.refused:
        commands.on_command(address, b'{"id": "c"}', False)
    stopping = threading.Thread(target=commands.stop, daemon=True)
    began_s = time.monotonic()
    stopping.start()
    stopping.join(10)
    took_s = time.monotonic() - began_s
    go.set()
    assert took_s < 5
    until(lambda: done)
    assert len(done) < QUEUE_LENGTH


def test_the_password_in_the_uri_of_a_camera_that_is_refused_is_not_repeated(tmp_path):
    command = [sys.executable, "-m", "pi_node", "--camera", "rtsp://eye:hunter2/x@10.0.0.9/live"]
    run = subprocess.run(
        [*command, "--state-dir", str(tmp_path)], capture_output=True, text=True, timeout=30, env=os.environ
    )
    assert run.returncode == 2
    assert "rtsp://…@10.0.0.9/live" in run.stderr
    assert "hunter2" not in run.stderr
