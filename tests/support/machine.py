"""The files in which a kernel shows how its machine fares, to be written by a test."""

import sys
from ipaddress import IPv4Address
from pathlib import Path


class Sysfs:
    """Files below `root` as they are on a Raspberry Pi."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._temperature = root / "class/thermal/thermal_zone0/temp"
        self._throttled = root / "devices/platform/soc/soc:firmware/get_throttled"
        for path in (self._temperature, self._throttled):
            path.parent.mkdir(parents=True)
        self.set(temp_c=45.0)

    def be_a_pi(self) -> None:
        """The device tree names its board."""
        model = self.root / "firmware/devicetree/base/model"
        model.parent.mkdir(parents=True)
        model.write_bytes(b"Raspberry Pi 5 Model B Rev 1.0\0")

    def set(self, *, temp_c: float, throttled: str = "0") -> None:
        self._temperature.write_text(f"{round(temp_c * 1000)}\n")
        self._throttled.write_text(f"{throttled}\n")


class Procfs:
    """Files below `root` as a kernel has them. The wired interface is eth0, the wireless one wlan0."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "net").mkdir(parents=True)
        self.set_memory(free_mb=2000)
        self.set_routes(("wlan0", "0.0.0.0", "0.0.0.0", 600), ("wlan0", "192.168.1.0", "255.255.255.0", 600))
        self.set_signal(-50)

    def set_memory(self, *, free_mb: float) -> None:
        free_kb = round(free_mb * 1e6 / 1024)
        (self.root / "meminfo").write_text(
            f"MemTotal:        8245312 kB\nMemFree:          412340 kB\nMemAvailable:    {free_kb} kB\n"
        )

    def set_signal(self, level_dbm: float | None) -> None:
        """As cfg80211 writes it; None: wlan0 is not connected."""
        line = "" if level_dbm is None else (
            f" wlan0: 0000   56.  {level_dbm:.0f}.  -256        0      0      0      0     47        0\n"
        )  # fmt: skip
        (self.root / "net/wireless").write_text(
            "Inter-| sta-|   Quality        |   Discarded packets               | Missed | WE\n"
            f" face | tus | link level noise |  nwid  crypt   frag  retry   misc | beacon | 22\n{line}"
        )

    def set_routes(self, *routes: tuple[str, str, str, int]) -> None:
        """(interface, network, mask, metric) each."""
        lines = [
            f"{interface}\t{_hex(network)}\t00000000\t0001\t0\t0\t{metric}\t{_hex(mask)}\t0\t0\t0\n"
            for interface, network, mask, metric in routes
        ]
        head = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
        (self.root / "net/route").write_text(head + "".join(lines))


def _hex(address: str) -> str:
    """As the kernel writes an address: a number of the machine's own byte order."""
    return f"{int.from_bytes(IPv4Address(address).packed, sys.byteorder):08X}"
