"""On the server: what only broker and web can know of a node."""

import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from glassline.program import write_secret
from tests.web.publishers import NodeLike

from .conftest import CLEAN, LONGEST_S, Line, run_doctor


def without_node(line: Line, folder: Path) -> Path:
    """The settings of a server that has no node of its own."""
    config = folder / "glassline.toml"
    config.write_text(re.sub(r"\n\[pi_node\][^\[]*", "\n", line.site.config.read_text()))
    return config


@contextmanager
def says_that_nobody_watches(line: Line, *, fps: float) -> Iterator[NodeLike]:
    """A node whose health knows of no viewer, whatever the web asks for."""
    stopping, began_s = threading.Event(), time.monotonic()
    with NodeLike(line.site.broker, password=line.site.secret("pi-1").read_text().strip()) as node:

        def report() -> None:
            while not stopping.wait(2):
                node.publish_health(viewers=0, uptime_s=time.monotonic() - began_s)

        thread = threading.Thread(target=report)
        thread.start()
        node.stream(fps)
        try:
            yield node
        finally:
            stopping.set()
            thread.join()


def test_a_node_that_hears_no_lease_is_named(line: Line, tmp_path: Path) -> None:
    line.end("pi_node")
    without_node(line, tmp_path)
    with says_that_nobody_watches(line, fps=0.1) as node:
        told = run_doctor("--json", folder=tmp_path)
        assert node.leases, "the web did ask"
    assert told.causes == ["node.not_asked"], told.text
    assert told.looked_s < LONGEST_S


def test_a_node_that_sends_as_it_is_asked_to_is_not_accused_for_what_it_says(line: Line, tmp_path: Path) -> None:
    line.end("pi_node")
    without_node(line, tmp_path)
    with says_that_nobody_watches(line, fps=5):
        told = run_doctor("--json", folder=tmp_path)
    assert told.causes == [], told.text


def test_a_node_with_a_wrong_password_is_named_at_the_server(line: Line, tmp_path: Path) -> None:
    line.end("pi_node")
    without_node(line, tmp_path)
    write_secret(tmp_path / "wrong", "not-this-one")
    command = [
        sys.executable, "-m", "pi_node", "--config", str(line.site.config), "--password-file", str(tmp_path / "wrong"),
    ]  # fmt: skip
    with subprocess.Popen(command, env=CLEAN, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as node:
        try:
            codes = [run_doctor("--json", folder=tmp_path).cause for _ in range(2)]
        finally:
            node.terminate()
    assert codes[-1] == "node.bad_credentials", codes


def test_one_picture_is_followed_from_the_broker_through_the_web(line: Line, tmp_path: Path) -> None:
    told = run_doctor("--json", "--config", str(line.site.config), folder=tmp_path)
    assert told.code == 0, told.text
    (picture,) = told.json["seen"]["pictures"]
    assert picture["device"] == "pi-1"
    assert picture["web_seq"] >= picture["seq"] > 0
    assert 0 <= picture["web_ms_later"] < 2000
    assert 0 <= picture["taken_ms_before"] < 5000
    clock = next(one for one in told.json["seen"]["heard"] if one["id"] == "pi-1")
    assert clock["clock_by_ping"]
    assert abs(clock["clock_ahead_s"]) < 1, "one machine, one clock"
