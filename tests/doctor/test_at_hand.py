"""The doctor on the node's own machine reads the node's own word, and looks at what an idle one would need."""

import signal
import time
from pathlib import Path

import pytest

from glassline.contract import Reason
from tests.support.embedded_broker import broker_process, embedded_broker, free_port
from tests.support.waiting import until
from workbench.doctor import idle_node
from workbench.doctor.idle_node import observe_idle
from workbench.doctor.machine import look

from .conftest import run_doctor
from .test_pi import ROLES, node, pi, with_account

STALE_S = 16.0


def test_without_a_network_camera_detector_and_node_are_seen_at_first_hand(tmp_path: Path) -> None:
    config = pi(tmp_path, broker=f"mqtt://127.0.0.1:{free_port()}")
    with node(config):
        until(lambda: (tmp_path / "state" / "status.json").exists(), 30)
        until(lambda: run_doctor("--json", folder=tmp_path).states["camera"] == "ok", 30)
        told = run_doctor("--json", folder=tmp_path)
    assert {told.states[hop] for hop in ("camera", "node")} == {"ok"}, told.text
    assert told.causes == ["broker.localhost_on_node"], told.text


def test_the_word_of_a_node_that_ended_is_not_believed(tmp_path: Path) -> None:
    with broker_process(ROLES) as broker:
        config = pi(tmp_path, **with_account(broker, tmp_path))
        with node(config):
            until(lambda: (tmp_path / "state" / "status.json").exists(), 30)
        told = run_doctor("--json", folder=tmp_path)
    assert told.causes == ["node.offline"], told.text


def test_a_node_that_stands_still_is_silent_though_its_process_lives(tmp_path: Path) -> None:
    with broker_process(ROLES) as broker:
        config = pi(tmp_path, **with_account(broker, tmp_path))
        with node(config) as process:
            until(lambda: (tmp_path / "state" / "status.json").exists(), 30)
            process.send_signal(signal.SIGSTOP)
            try:
                time.sleep(STALE_S)
                told = run_doctor("--json", folder=tmp_path)
            finally:
                process.send_signal(signal.SIGCONT)
    assert told.cause == "node.silent", told.text
    assert told.states["broker"] == "ok"


def test_neither_the_model_nor_the_camera_of_a_node_that_stands_still_is_looked_at_behind_its_back(
    tmp_path: Path,
) -> None:
    config = pi(tmp_path, model=str(tmp_path / "none.onnx"), camera="usb:63")
    machine = look(config, {})
    assert [one.code for one in observe_idle(machine, runs=True)] == []
    assert {one.code for one in observe_idle(machine, runs=False)} == {
        Reason.CAMERA_MISSING,
        Reason.DETECTOR_MODEL_MISSING,
    }


def test_of_a_stopped_node_that_started_in_a_folder_not_known_a_relative_model_is_not_missed(tmp_path: Path) -> None:
    machine = look(pi(tmp_path, model="models/best.onnx"), {})
    assert observe_idle(machine, runs=False) == []


def test_what_an_idle_node_would_need_is_looked_at(tmp_path: Path) -> None:
    with embedded_broker(ROLES) as broker:
        missing = {"model": str(tmp_path / "none.onnx"), "camera": "usb:63"}
        pi(tmp_path, **with_account(broker, tmp_path), **missing)
        told = run_doctor("--json", folder=tmp_path)
    assert told.causes == ["camera.missing", "detector.model_missing", "node.offline"], told.text
    assert "usb:63" in told.text
    assert str(tmp_path / "none.onnx") in told.text


def test_a_pi_that_gets_too_little_voltage_is_told_though_its_node_does_not_run(tmp_path: Path) -> None:
    flags = tmp_path / "sys/devices/platform/soc/soc:firmware/get_throttled"
    flags.parent.mkdir(parents=True)
    flags.write_text("50005\n")
    with embedded_broker(ROLES) as broker:
        pi(tmp_path, **with_account(broker, tmp_path), sysfs=str(tmp_path / "sys"))
        told = run_doctor("--json", folder=tmp_path)
    assert told.cause == "node.offline", told.text
    assert "power.undervoltage" in told.causes


def test_a_broker_that_listens_at_another_address_of_this_machine_is_told(tmp_path: Path) -> None:
    with embedded_broker(ROLES) as broker:
        pi(tmp_path, broker=f"mqtt://[::1]:{broker.port}")
        told = run_doctor("--json", folder=tmp_path)
    assert "broker.connection_refused" in told.causes, told.text
    assert "but listens at 127.0.0.1 (" in told.remedy("broker.connection_refused")


def test_a_full_disk_of_a_node_that_does_not_run_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = look(pi(tmp_path), {})
    for free_mb, told in ((199.0, [Reason.DISK_FULL]), (201.0, [])):
        monkeypatch.setattr(idle_node, "disk_free_mb", lambda folder, free_mb=free_mb: free_mb)
        assert [one.code for one in observe_idle(machine, runs=True)] == told
