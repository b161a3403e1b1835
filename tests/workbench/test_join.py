"""`glassline join` on a Pi, which has none of a server's packages. tests/web/test_enroll.py tests what it does."""

import subprocess
import sys

_BARE = """
import sys
for name in ("cryptography", "pwdlib", "amqtt", "flask", "gunicorn", "argon2"):
    sys.modules[name] = None
from workbench.main import app
app()
"""


def test_it_runs_without_the_packages_of_a_server() -> None:
    command = [sys.executable, "-c", _BARE, "join", "https://127.0.0.1:1", "--out", "/nonexistent/x.toml"]
    ended = subprocess.run(command, input="no token\n", capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert ended.stderr == "expected a token as `glassline enroll --token` makes it, which begins with glassline1.\n"
