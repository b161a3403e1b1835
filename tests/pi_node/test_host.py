"""What the machine of a node says of itself, as reasons."""

import pytest

from glassline.contract import Reason
from pi_node import host
from pi_node.host import Host
from tests.support.machine import Sysfs


@pytest.mark.parametrize(
    ("throttled", "reasons"),
    [
        ("0x0", []),
        ("0x1", [Reason.POWER_UNDERVOLTAGE]),
        ("0x4", [Reason.POWER_THROTTLED]),
        ("0x50005", [Reason.POWER_UNDERVOLTAGE, Reason.POWER_THROTTLED]),
        ("0x50000", []),
    ],
)
def test_the_firmwares_flags_of_this_moment_count_and_those_of_the_past_do_not(tmp_path, throttled, reasons):
    sysfs = Sysfs(tmp_path / "sys")
    sysfs.set(temp_c=50, throttled=throttled)
    assert [reason for reason in Host(sysfs.root).reasons(tmp_path) if reason.value.startswith("power.")] == reasons


def test_a_disk_with_little_room_is_full(tmp_path, monkeypatch):
    told = Host(Sysfs(tmp_path / "sys").root)
    free_mb = host.disk_free_mb(tmp_path)
    assert free_mb
    monkeypatch.setattr(host, "DISK_LOW_MB", free_mb / 2)
    assert Reason.DISK_FULL not in told.reasons(tmp_path)
    monkeypatch.setattr(host, "DISK_LOW_MB", 2 * free_mb)
    assert Reason.DISK_FULL in told.reasons(tmp_path)


def test_a_clock_counts_as_unsynced_only_while_the_time_service_says_so(tmp_path, monkeypatch):
    told, timesync = Host(Sysfs(tmp_path / "sys").root), tmp_path / "timesync"
    monkeypatch.setattr(host, "_TIMESYNC", timesync)
    assert Reason.NODE_CLOCK_UNSYNCED not in told.reasons(tmp_path)
    timesync.mkdir()
    assert Reason.NODE_CLOCK_UNSYNCED in told.reasons(tmp_path)
    (timesync / "synchronized").touch()
    assert Reason.NODE_CLOCK_UNSYNCED not in told.reasons(tmp_path)
