"""Shared by all tests. With GLASSLINE_NO_SKIPS=1 a skipped test fails the run: nothing is left out unseen."""

import os

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("glassline", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("glassline")
"""How long an example takes says more of what else runs on the machine than of us."""

SKIPPED = 10
"""The exit code of a run in which tests were skipped that may not be; no second try mends that."""


@pytest.hookimpl(hookwrapper=True)
def pytest_sessionfinish(session, exitstatus):
    yield
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = len(reporter.stats.get("skipped", [])) if reporter else 0
    ran = session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
    if os.environ.get("GLASSLINE_NO_SKIPS") == "1" and skipped and ran:
        session.exitstatus = SKIPPED
        reporter.write_line(f"{skipped} tests were skipped, and none may be here", red=True)
