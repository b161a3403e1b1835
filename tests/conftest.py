"""Shared by all tests. With GLASSLINE_NO_SKIPS=1 a skipped test fails the run: nothing is left out unseen."""

import os

import pytest


@pytest.hookimpl(hookwrapper=True)
def pytest_sessionfinish(session, exitstatus):
    yield
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = len(reporter.stats.get("skipped", [])) if reporter else 0
    if os.environ.get("GLASSLINE_NO_SKIPS") == "1" and skipped and session.exitstatus == 0:
        session.exitstatus = 1
        reporter.write_line(f"{skipped} tests were skipped, and none may be here", red=True)
