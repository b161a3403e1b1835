"""What strains a node's machine is measured, told once it lasts, and taken back once it is well over."""

import pytest

from glassline.contract import Reason, Role
from glassline.contract.messages import Health, Info, decode
from glassline.diagnosis import ProgramSeen, diagnose, observe_device
from pi_node.camera.pace import Pace
from pi_node.health import strain, wifi
from pi_node.health.host import Host, disk_free_mb
from pi_node.health.strain import Strain
from tests.pi_node.health.test_heat import burning
from tests.support.embedded_broker import broker_process
from tests.support.links import listener
from tests.support.machine import Procfs, Sysfs
from tests.support.waiting import until

ROLES = {"pi-1": Role.NODE, "web-1": Role.WEB}


class Day:
    """A machine whose files say what the test says, looked at once a second."""

    def __init__(self, tmp_path, *, outbox_mb=0.0, broker="192.168.1.10"):
        self.sysfs, self.procfs = Sysfs(tmp_path / "sys"), Procfs(tmp_path / "proc")
        self.strain = Strain(
            host=Host(self.sysfs.root),
            procfs=self.procfs.root,
            state_dir=tmp_path,
            broker=lambda: broker,
            outbox_mb=outbox_mb,
        )
        self.now_s = 1000.0

    def after(self, seconds, *, camera=(15, 15), detect=(10, 10), outbox_bytes=0):
        for _ in range(seconds):
            self.strain.look(camera_fps=camera, detect_fps=detect, outbox_bytes=outbox_bytes, now_s=self.now_s)
            self.now_s += 1
        return self.strain.reasons()


@pytest.fixture
def day(tmp_path):
    return Day(tmp_path)


def test_a_machine_that_is_well_has_nothing_to_tell(day):
    assert day.after(120) == []
    assert day.strain.wifi.signal_dbm == -50
    assert abs(day.strain.memory_free_mb - 2000) < 0.1


def test_a_weak_signal_is_told_once_it_lasts_and_until_it_is_firm(day):
    day.procfs.set_signal(-80)
    assert day.after(14) == []
    assert day.after(2) == [Reason.LINK_WIFI_WEAK]
    for level_dbm in (-74, -71, -76) * 20:
        day.procfs.set_signal(level_dbm)
        assert day.after(1) == [Reason.LINK_WIFI_WEAK], "it swings around the limit"
    day.procfs.set_signal(-69)
    assert day.after(14) == [Reason.LINK_WIFI_WEAK]
    assert day.after(2) == []
    day.procfs.set_signal(-74)
    assert day.after(120) == []


def test_memory_that_runs_low_is_told(day):
    day.procfs.set_memory(free_mb=80)
    assert day.after(12) == [Reason.NODE_MEMORY_LOW]
    day.procfs.set_memory(free_mb=120)
    assert day.after(60) == [Reason.NODE_MEMORY_LOW]
    day.procfs.set_memory(free_mb=160)
    assert day.after(12) == []


def test_voltage_that_drops_for_moments_is_one_fault_and_not_many(day):
    told = []
    for second in range(60):
        day.sysfs.set(temp_c=50, throttled="0x50001" if second % 7 == 0 else "0x50000")
        told.append(day.after(1))
    assert told == [[Reason.POWER_UNDERVOLTAGE]] * 60
    day.sysfs.set(temp_c=50, throttled="0x50000")
    assert day.after(35) == []


def test_a_disk_on_which_the_outbox_cannot_grow_to_its_size_is_low_before_it_is_full(tmp_path, monkeypatch):
    day, free_mb = Day(tmp_path, outbox_mb=1000), disk_free_mb(tmp_path)
    monkeypatch.setattr(strain, "disk_free_mb", lambda folder: free_mb)
    for free_mb, outbox_mb, told in (
        (2000, 0, []),
        (1100, 0, [Reason.DISK_LOW]),
        (1250, 0, [Reason.DISK_LOW]),
        (1330, 0, []),
        (700, 600, []),
        (590, 600, [Reason.DISK_LOW]),
        (199, 600, [Reason.DISK_FULL]),
        (215, 600, [Reason.DISK_FULL]),
        (230, 600, [Reason.DISK_LOW]),
    ):
        assert day.after(2, outbox_bytes=outbox_mb * 1e6) == told, free_mb


def test_rates_far_below_what_was_asked_are_told_and_hiccups_are_not(day):
    for _ in range(5):
        assert day.after(20, camera=(2, 15), detect=(1, 10)) == []
        assert day.after(1) == []
    assert day.after(32, camera=(7, 15)) == [Reason.CAMERA_SLOW]
    assert day.after(30, camera=(9, 15)) == [Reason.CAMERA_SLOW]
    assert day.after(12, camera=(12, 15), detect=None) == []
    assert day.after(90, camera=None, detect=(4, 10)) == []
    assert day.after(62, camera=None, detect=(3, 10)) == [Reason.DETECTOR_SLOW]
    assert day.after(12, detect=None) == [], "one that is slowed on purpose, or starts, is no slow one"


@pytest.mark.parametrize(
    ("broker", "routes", "level_dbm", "found"),
    [
        ("192.168.1.10", [("wlan0", "192.168.1.0", "255.255.255.0", 600)], -61, ("wlan0", -61)),
        ("server.local", [("wlan0", "0.0.0.0", "0.0.0.0", 600)], -61, ("wlan0", -61)),
        ("", [("wlan0", "192.168.1.0", "255.255.255.0", 600)], -61, ("wlan0", -61)),
        ("server.local", [("wlan0", "0.0.0.0", "0.0.0.0", 600), ("eth0", "0.0.0.0", "0.0.0.0", 100)], -61, None),
        ("10.0.0.5", [("wlan0", "0.0.0.0", "0.0.0.0", 600), ("eth0", "10.0.0.0", "255.0.0.0", 100)], -61, None),
        ("10.0.0.5", [("eth0", "0.0.0.0", "0.0.0.0", 1), ("wlan0", "10.0.0.0", "255.0.0.0", 600)], -61, ("wlan0", -61)),
        ("10.0.0.5", [("wlan0", "0.0.0.0", "0.0.0.0", 600)], None, None),
        ("10.0.0.5", [("wlan0", "0.0.0.0", "0.0.0.0", 600)], -256, None),
        ("10.0.0.5", [], -61, None),
    ],
)  # fmt: skip
def test_the_signal_that_counts_is_that_of_the_way_to_the_broker(tmp_path, broker, routes, level_dbm, found):
    procfs = Procfs(tmp_path / "proc")
    procfs.set_routes(*routes)
    procfs.set_signal(level_dbm)
    told = wifi.signal(procfs.root, broker)
    assert (None if told is None else (told.interface, told.signal_dbm)) == found


def test_files_that_are_missing_or_garbled_are_no_fault(tmp_path, day):
    for name in ("net/wireless", "net/route", "meminfo"):
        (day.procfs.root / name).write_bytes(b"\xff\x00 wlan0: \n\n:\nMemAvailable: much\nMemAvailable:\n")
    assert day.after(100) == []
    for path in day.procfs.root.rglob("*"):
        if path.is_file():
            path.unlink()
    assert day.after(100) == []
    assert (day.strain.wifi, day.strain.memory_free_mb) == (None, None)


def heard_last(heard, kind, model):
    found = [decode(model, payload) for k, id, payload, _ in list(heard.messages) if (k, id) == (kind, "pi-1")]
    return found[-1] if found else None


def test_a_node_tells_what_strains_it_in_words_and_figures(tmp_path, monkeypatch):
    """A real node on a made-up machine: little memory, weak Wi-Fi, a slow camera, a slow detector, a small disk."""
    for name in ("CAMERA_SLOW_S", "DETECTOR_SLOW_S"):
        monkeypatch.setattr(strain, name, 2.0)
    monkeypatch.setattr("pi_node.camera.scene.Pace", lambda fps: Pace(10))
    procfs = Procfs(tmp_path / "proc")
    procfs.set_memory(free_mb=60)
    procfs.set_signal(-82)
    wanted = {
        Reason.NODE_MEMORY_LOW, Reason.LINK_WIFI_WEAK, Reason.DISK_LOW, Reason.CAMERA_SLOW, Reason.DETECTOR_SLOW,
    }  # fmt: skip
    settings = {
        "procfs": str(procfs.root), "outbox_mb": int(disk_free_mb(tmp_path)), "camera_fps": 60,
    }  # fmt: skip
    with (
        broker_process(ROLES) as broker,
        listener(broker) as heard,
        burning(tmp_path, broker, 0.6, **settings),
    ):
        until(lambda: (h := heard_last(heard, "health", Health)) and wanted <= set(h.reasons), 60)
        health, info = heard_last(heard, "health", Health), heard_last(heard, "info", Info)
    assert health.state == "degraded"
    assert (health.wifi.interface, health.wifi.signal_dbm) == ("wlan0", -82)
    assert abs(health.memory_free_mb - 60) < 0.1
    seen = ProgramSeen(id="pi-1", status="online", health=health, health_age_s=1.0, frame_age_s=0.1, info=info)
    verdict = diagnose(observe_device(seen))
    told = " ".join(one.sentence for one in (verdict.first_cause, *verdict.also))
    assert "only 60 MB of memory are left" in told
    assert "-82 dBm on wlan0" in told
    assert "than half of the 60" in " ".join(one.sentence for one in verdict.hops)
