"""The doctor on a running line: silent while all is well, and right about what is killed."""

import signal
from pathlib import Path

import pytest

from glassline.diagnosis import Hop

from .conftest import LONGEST_S, Line, run_doctor


def test_a_healthy_line_works_and_nothing_is_accused(line: Line, tmp_path: Path) -> None:
    told = run_doctor("--config", str(line.site.config), folder=tmp_path)
    assert told.code == 0, told.text
    lines = told.text.splitlines()
    assert [line.split()[:2] for line in lines[1:9]] == [["✓", hop.value] for hop in Hop], told.text
    assert lines[9] == "Everything works."


def test_json_tells_the_chain_and_where_settings_came_from_but_no_secret(line: Line, tmp_path: Path) -> None:
    told = run_doctor("--json", "--config", str(line.site.config), folder=tmp_path, GLASS_LIVE_FPS="7")
    assert told.code == 0, told.text
    assert told.json["ok"] is True
    assert [hop["hop"] for hop in told.json["hops"]] == [hop.value for hop in Hop]
    assert all(hop["state"] == "ok" and hop["age_s"] < LONGEST_S for hop in told.json["hops"])
    settings = told.json["programs"]["pi_node"]["settings"]
    assert settings["live_fps"] == {"value": 7.0, "source": "environment GLASS_LIVE_FPS"}
    assert settings["broker"] == {"value": line.site.broker, "source": f"file {line.site.config}"}
    for id in ("pi-1", "bridge-1", "web-1", "observer"):
        assert line.site.secret(id).read_text().strip() not in told.text


def test_it_finds_the_settings_of_programs_that_were_started_in_the_same_folder(line: Line) -> None:
    here = Path.cwd()
    told = run_doctor("--json", "--timeout", "1", folder=here)
    assert told.json["file"] is not None
    assert set(told.json["programs"]) == {"broker", "bridge", "web", "pi_node"}


def test_two_dead_programs_are_both_told_the_first_on_the_chain_first(line: Line, tmp_path: Path) -> None:
    line.end("bridge", signal.SIGKILL)
    line.end("web", signal.SIGKILL)
    told = run_doctor("--config", str(line.site.config), folder=tmp_path)
    assert told.code == 1
    assert told.text.index("[bridge.offline]") < told.text.index("[web.down]")
    assert told.text.count("First cause: ") == 1


def test_another_program_on_the_webs_port_is_not_taken_for_the_web(line: Line, tmp_path: Path) -> None:
    config = tmp_path / "glassline.toml"
    config.write_text(
        line.site.config.read_text().replace(
            f"http_port = {line.site.web_port}", f"http_port = {line.site.broker_port}"
        )
    )
    told = run_doctor("--json", folder=tmp_path)
    assert told.cause in ("web.not_glassline", "web.down"), told.text
    assert told.states["node"] == "ok"


def test_a_wrong_password_of_one_program_is_named_and_the_others_are_still_seen(line: Line, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("not this one\n")
    wrong.chmod(0o600)
    config = tmp_path / "glassline.toml"
    config.write_text(line.site.config.read_text().replace(str(line.site.secret("bridge-1")), str(wrong)))
    line.end("bridge")
    told = run_doctor("--json", folder=tmp_path)
    assert told.cause == "bridge.bad_credentials", told.text
    assert "bridge-1" in told.json["first_cause"]["sentence"]
    assert told.json["also"] == []
    assert {hop: told.states[hop] for hop in ("camera", "node", "bridge", "web", "you")} == {
        "camera": "ok",
        "node": "ok",
        "bridge": "failed",
        "web": "ok",
        "you": "ok",
    }
    assert "not this one" not in told.text


def test_a_device_that_nobody_knows_is_named(line: Line, tmp_path: Path) -> None:
    told = run_doctor("--json", "--device", "pi-9", "--config", str(line.site.config), folder=tmp_path)
    assert (told.code, told.cause) == (1, "node.unknown"), told.text
    assert "pi-9" in told.json["first_cause"]["sentence"]


@pytest.mark.parametrize(
    ("program", "number", "codes"),
    [
        ("pi_node", signal.SIGKILL, {"node.offline"}),
        ("pi_node", signal.SIGSTOP, {"node.offline", "node.silent"}),
        ("bridge", signal.SIGKILL, {"bridge.offline"}),
        ("web", signal.SIGKILL, {"web.down"}),
        ("web", signal.SIGSTOP, {"web.down"}),
        ("broker", signal.SIGKILL, {"broker.connection_refused"}),
        ("broker", signal.SIGSTOP, {"broker.hangs"}),
    ],
)
def test_what_is_dead_or_frozen_is_the_first_cause(
    line: Line, tmp_path: Path, program: str, number: int, codes: set[str]
) -> None:
    if number == signal.SIGSTOP:
        line.send(program, number)
    else:
        line.end(program, number)
    told = run_doctor("--json", "--config", str(line.site.config), folder=tmp_path)
    assert (told.code, told.cause in codes) == (1, True), told.text
    assert told.json["also"] == [], told.text
    assert told.looked_s < LONGEST_S
    if program == "broker":
        assert {told.states[hop] for hop in ("camera", "detector", "node")} == {"ok"}, "the node says so itself"
    if program == "pi_node":
        assert told.json["hops"][0]["sentence"].startswith("Cannot be seen while the "), told.text
