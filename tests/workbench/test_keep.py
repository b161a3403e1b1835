"""workbench.keep as a process, with programs of the test's own under it."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import psutil

from tests.support.waiting import until

SLEEPS = [sys.executable, "-c", "import time; time.sleep(60)"]


@contextmanager
def keep(*command, pid=None):
    arguments = [sys.executable, "-m", "workbench.keep", "name", str(pid or os.getpid()), "--", *command]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
    watched = psutil.Process(process.pid)
    try:
        yield process, watched
    finally:
        for one in [*(watched.children(recursive=True) if process.poll() is None else []), process]:
            one.kill()
        process.wait(10)
        process.stdout.close()


def test_a_program_that_dies_is_started_again(tmp_path):
    log = tmp_path / "log"
    with keep("sh", "-c", f"echo run >> {log}; exit 75") as (process, _):
        assert "ended with code 75" in process.stdout.readline()
        until(lambda: log.read_text().count("run") >= 2)


def test_a_program_whose_settings_are_wrong_is_given_up(tmp_path):
    with keep("sh", "-c", "exit 2") as (process, _):
        assert process.wait(15) == 2


def test_told_to_end_it_ends_the_program():
    with keep(*SLEEPS) as (process, watched):
        until(watched.children)
        child = watched.children()[0]
        began_s = time.monotonic()
        process.terminate()
        assert process.wait(10) == 0
        assert time.monotonic() - began_s < 2
        until(lambda: not child.is_running())


def test_when_its_starter_is_killed_it_ends_the_program():
    starter = subprocess.Popen(SLEEPS)
    with keep(*SLEEPS, pid=starter.pid) as (process, watched):
        until(watched.children)
        child = watched.children()[0]
        starter.send_signal(signal.SIGKILL)  # and nobody has waited for it yet
        assert process.wait(10) == 0
        until(lambda: not child.is_running())
    starter.wait(10)


def test_a_starter_that_was_gone_before_means_that_nothing_is_started(tmp_path):
    gone = subprocess.Popen(["true"])
    gone.wait(10)
    with keep("touch", str(tmp_path / "started"), pid=gone.pid) as (process, _):
        assert process.wait(15) == 0
    assert not (tmp_path / "started").exists()


def test_a_signal_just_before_the_program_starts_ends_it_all_at_once(tmp_path):
    """The signal comes while the starter is looked up: after signals are caught, before the program is started."""
    script = (
        "import os, signal, sys, workbench.keep as keep\n"
        "look = keep.watch\n"
        "def watch(pid):\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    return look(pid)\n"
        "keep.watch = watch\n"
        f"sys.exit(keep.main(['name', '{os.getpid()}', '--', 'touch', r'{tmp_path / 'started'}']))\n"
    )
    began_s = time.monotonic()
    assert subprocess.run([sys.executable, "-c", script], timeout=20, check=False).returncode == 0
    assert time.monotonic() - began_s < 4
    assert not (tmp_path / "started").exists()
