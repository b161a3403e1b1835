"""How `make test` runs tests: side by side, alone where they say so, and a second time if few fail."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HEAD = """
import os
from pathlib import Path
import pytest

def once(name):
    path = Path(name)
    try:
        return not path.exists()
    finally:
        path.touch()
"""
WELL = "def test_well(): assert 'PYTEST_XDIST_WORKER' in os.environ\n"
ALONE = "@pytest.mark.alone\ndef test_alone(): assert 'PYTEST_XDIST_WORKER' not in os.environ\n"
SHAKY = "def test_shaky(): assert not once('shaky')\n"
SHAKY_ALONE = "@pytest.mark.alone\ndef test_shaky_alone(): assert not once('alone')\n"
BROKEN = "def test_broken(): assert False\n"
SKIPPED = "def test_skipped(): pytest.skip('it is cold')\n"
MANY_SHAKY = "@pytest.mark.parametrize('number', range(6))\ndef test_many(number): assert not once(f'many-{number}')\n"


def run(folder: Path, *tests: str) -> tuple[int, str]:
    """The exit code and words of a run of these tests, and of nothing else."""
    (folder / "pyproject.toml").write_text(
        '[tool.pytest.ini_options]\naddopts = "-ra --strict-markers"\nmarkers = ["train", "alone"]\n'
    )
    (folder / "conftest.py").write_text("from tests.conftest import pytest_sessionfinish\n")
    (folder / "test_it.py").write_text(HEAD + "".join(tests))
    ours = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        [sys.executable, "-m", "tests.run", "test_it.py"], cwd=folder, capture_output=True, text=True, timeout=120,
        env=ours | {"PYTHONPATH": str(ROOT), "GLASSLINE_NO_SKIPS": "1"},
    )  # fmt: skip
    return done.returncode, done.stdout


def test_what_fails_once_is_named_and_the_rest_is_not_run_again(tmp_path: Path) -> None:
    code, said = run(tmp_path, WELL, ALONE, SHAKY, SHAKY_ALONE)
    assert code == 0, said
    told = said.partition("WELL ONLY AT THE SECOND TRY")[2]
    assert "test_it.py::test_shaky\n" in told
    assert "test_it.py::test_shaky_alone\n" in told
    assert said.count("2 passed") == 1, "the two that failed, at the second try"


@pytest.mark.parametrize(
    ("tests", "says", "pytests"),
    [
        ((WELL, SHAKY, BROKEN), "test_it.py::test_broken", 3),
        ((WELL, MANY_SHAKY), "6 tests failed; up to 5 would have been tried again", 2),
        ((WELL, SHAKY, SKIPPED), "1 tests were skipped, and none may be here", 1),
        ((WELL, "import nothing_of_this_name\n"), "No module named 'nothing_of_this_name'", 2),
    ],
)  # fmt: skip
def test_a_run_fails_all_the_same(tmp_path: Path, tests: tuple[str, ...], says: str, pytests: int) -> None:
    code, said = run(tmp_path, *tests)
    assert code != 0
    assert says in said
    assert "WELL ONLY" not in said
    assert len(re.findall(r"^\d+ \w.* in [\d.]+s", said, re.MULTILINE)) == pytests
