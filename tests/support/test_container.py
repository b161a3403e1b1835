"""The machine for tests: many at once, of several runs, and none that outlives a start that failed."""

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from .container import Container
from .debian import PROJECT, trixie

_CLAIM = """\
import os
os.getpid = lambda: 7
from pathlib import Path
from tests.support.container import Container
machine = Container(Path(), Path())
print(machine.host_ip, flush=True)
input()
"""


def test_two_runs_do_not_take_one_cable() -> None:
    command, pipe = [sys.executable, "-c", _CLAIM], subprocess.PIPE
    runs = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=PROJECT) for _ in range(2)]
    addresses = [run.stdout.readline().strip() for run in runs]  # type: ignore[union-attr]
    for run in runs:
        run.communicate("\n", timeout=20)
    assert addresses[0].startswith("10.77.")
    assert addresses[0] != addresses[1]


def test_a_start_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    machine = Container(trixie(), tmp_path)
    cable = f"glass{machine.ip.split('.')[2]}"
    subprocess.run(["ip", "link", "add", cable, "type", "veth", "peer", "name", f"{cable}x"], check=True)
    before = {child.pid for child in psutil.Process().children()}
    with pytest.raises(subprocess.CalledProcessError), machine:
        pass
    assert {child.pid for child in psutil.Process().children()} <= before
