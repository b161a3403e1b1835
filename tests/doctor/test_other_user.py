"""The doctor run by a user who may not read what belongs to the programs: that is unknown, and no fault."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from glassline.contract import Role
from glassline.program import Credentials, write_credentials
from tests.support.embedded_broker import free_port
from workbench.doctor.examination import Examination, examine
from workbench.doctor.machine import look
from workbench.main import app

NOBODY = 65534


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that everybody may see, with one in it that nobody may."""
    made = Path(tempfile.mkdtemp())
    made.chmod(0o755)
    closed = made / "closed"
    closed.mkdir()
    (closed / "people.json").write_text("{}")
    (closed / "best.onnx").write_text("")
    closed.chmod(0)
    yield made
    closed.chmod(0o700)
    shutil.rmtree(made)


@contextmanager
def as_another_user() -> Iterator[None]:
    """Not as root, to whom nothing is closed."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(before)


def examined(config: Path) -> Examination:
    """Once to have everything imported, which may lie where only root can read, and then as another user."""
    examine(look(config, {}), device=None, timeout_s=1, progress=lambda _: None)
    with as_another_user():
        return examine(look(config, {}), device=None, timeout_s=3, progress=lambda _: None)


def codes(found: Examination) -> set[str]:
    causes = (found.verdict.first_cause, *found.verdict.also)
    return {one.code.value for one in causes if one is not None and one.code is not None}


def test_state_model_and_people_below_a_folder_that_is_closed(folder: Path) -> None:
    config = folder / "glassline.toml"
    config.write_text(
        f'[pi_node]\nstate_dir = "{folder}/closed/state"\nmodel = "{folder}/closed/best.onnx"\n'
        f'camera = "scene:?seed=1"\nbroker = "mqtt://127.0.0.1:{free_port()}"\n'
        f'[web]\npeople = "{folder}/closed/people.json"\nhttp_port = {free_port()}\nbroker = "mqtt://127.0.0.1:1"\n'
    )
    found = examined(config)
    assert found.device == "pi-1"
    assert "detector.model_missing" not in codes(found)
    assert "web.down" in codes(found), "the rest is still looked at"


def test_credentials_that_belong_to_the_program_are_not_wrong(folder: Path) -> None:
    config, credentials = folder / "glassline.toml", folder / "pi-1.credentials"
    write_credentials(credentials, Credentials("pi-1", Role.NODE, f"mqtt://127.0.0.1:{free_port()}", "secret"))
    credentials.chmod(0o600 if os.geteuid() == 0 else 0)
    config.write_text(f'[pi_node]\ncredentials = "{credentials}"\n')
    found = examined(config)
    assert codes(found) == set()
    node = next(one for one in found.verdict.hops if one.hop.value == "node")
    assert node.state == "unknown"
    assert f"{credentials} is not yours to read" in node.sentence
    assert "sudo" in node.sentence
    with as_another_user():
        told = CliRunner().invoke(app, ["status", "--config", str(config)])
    assert told.exit_code == 2
    assert f"run `sudo glassline status`: {credentials}" in told.output


def test_credentials_that_are_missing_are_wrong_for_everybody(folder: Path) -> None:
    config = folder / "glassline.toml"
    config.write_text(f'[pi_node]\ncredentials = "{folder}/none"\n')
    assert codes(examined(config)) == {"settings.wrong"}
