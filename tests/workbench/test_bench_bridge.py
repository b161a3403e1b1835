"""`glassline bench bridge`, small: every figure is there, and storing in batches beats one insert for each message."""

import json
import subprocess
import sys

import pytest

from tests.support.mosquitto import needs_mosquitto
from workbench.supabase import MISSING, installed


@needs_mosquitto
@pytest.mark.skipif(not installed(), reason=MISSING)
def test_a_small_run_gives_every_figure() -> None:
    command = [sys.executable, "-c", "from workbench.main import app; app()", "bench", "bridge"]
    done = subprocess.run(
        [*command, "--count", "1000", "--json"], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert {name: set(one) for name, one in figures.items()} == {
        "sqlite": {"per_s"},
        "supabase": {"per_s", "one_by_one_per_s"},
        "amqtt": {"per_s"},
    }
    assert figures["supabase"]["per_s"] > 2 * figures["supabase"]["one_by_one_per_s"]
