"""SIGTERM and SIGINT as programs see them."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from glassline.program import EndSignals

WAITS = "from glassline.program import EndSignals; s = EndSignals(); s.catch(); print('up', flush=True); s.wait()"


@pytest.fixture
def signals():
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    caught = EndSignals()
    caught.catch()
    yield caught
    for number, handler in before.items():
        signal.signal(number, handler)


def test_a_signal_that_interrupts_the_wait_at_any_point_does_not_lock_it_up():
    """A signal comes at each call and return inside `wait`, so also where any lock of it is held."""
    script = (
        "import os, signal, sys\n"
        "from glassline.program import EndSignals\n"
        "signals = EndSignals(); signals.catch()\n"
        "sys.setprofile(lambda *_: os.kill(os.getpid(), signal.SIGTERM))\n"
        "signals.wait(); signals.wait()\n"
        "os._exit(0)\n"
    )
    assert subprocess.run([sys.executable, "-c", script], timeout=30, check=False).returncode == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_program_that_waits_is_woken_at_once(number):
    with subprocess.Popen([sys.executable, "-c", WAITS], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "up\n"
        began_s = time.monotonic()
        process.send_signal(number)
        assert process.wait(10) == 0
        assert time.monotonic() - began_s < 5


def test_a_signal_before_the_wait_is_not_forgotten(signals):
    assert signals.wait(0.05) is False
    os.kill(os.getpid(), signal.SIGTERM)
    assert signals.wait(0)
    assert signals.wait()


def test_a_thread_may_start_and_set_events_while_signals_come(signals):
    ended = threading.Event()
    threading.Timer(0.1, ended.set).start()
    os.kill(os.getpid(), signal.SIGINT)
    assert ended.wait(5)
    assert signals.wait(0)
