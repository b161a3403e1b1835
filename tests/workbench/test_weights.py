"""Weights that are not there or not whole are named, whatever is to be done with them. `make test-train` runs it."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from workbench.main import app
from workbench.training import SHIPPED_WEIGHTS

pytestmark = pytest.mark.train


@pytest.mark.parametrize("command", ["weights BAD OUT", "blend BAD SHIPPED data.yaml OUT"])
@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "is not there"),
        (b"", "holds no weights"),
        (b"half of it", "holds no weights"),
        ("half", "holds no weights"),
    ],
)
def test_bad_weights_are_named(command: str, content: bytes | str | None, says: str, tmp_path: Path) -> None:
    bad = tmp_path / "bad.pt"
    if content is not None:
        whole = SHIPPED_WEIGHTS.read_bytes()
        bad.write_bytes(whole[: len(whole) // 2] if isinstance(content, str) else content)
    places = {"BAD": str(bad), "OUT": str(tmp_path / "out.pt"), "SHIPPED": str(SHIPPED_WEIGHTS)}
    result = CliRunner().invoke(app, ["model", *(places.get(word, word) for word in command.split())])
    assert result.exit_code == 1, result.output
    assert f"{bad} {says}" in result.output
    assert not (tmp_path / "out.pt").exists()
