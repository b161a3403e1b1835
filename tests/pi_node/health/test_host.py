"""What the machine of a node says of itself, as reasons."""

import pytest

from glassline.contract import Reason
from pi_node.health.host import Host
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
    assert Host(sysfs.root).power_reasons() == reasons
