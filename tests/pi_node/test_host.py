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
    monkeypatch.setattr(host, "DISK_FULL_MB", free_mb / 2)
    assert Reason.DISK_FULL not in told.reasons(tmp_path)
    monkeypatch.setattr(host, "DISK_FULL_MB", 2 * free_mb)
    assert Reason.DISK_FULL in told.reasons(tmp_path)
