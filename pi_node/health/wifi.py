"""The signal of the wireless interface over which the broker is reached."""

import ipaddress
import socket
import struct
from dataclasses import dataclass
from pathlib import Path

from glassline.contract.messages import WifiHealth

_UP = 0x1


@dataclass(frozen=True)
class _Route:
    interface: str
    network: int
    mask: int
    metric: int


def signal(procfs: Path, broker: str) -> WifiHealth | None:
    """The signal on the way to `broker` (a host); None where that is no wireless one, or nobody knows it.

    A name is not looked up, since that may take long where the network is bad: then the way out counts.
    """
    levels, interface = _levels(procfs), _interface(procfs, broker)
    if interface not in levels:
        return None
    return WifiHealth(interface=interface, signal_dbm=levels[interface])


def _levels(procfs: Path) -> dict[str, float]:
    """Signal in dBm by interface, of those that are connected."""
    found = {}
    for line in _lines(procfs / "net/wireless")[2:]:
        name, _, rest = line.partition(":")
        fields = rest.split()
        try:
            level_dbm = float(fields[2].rstrip("."))
        except (IndexError, ValueError):
            continue
        if -120 <= level_dbm < 0:  # a driver without a level, or without a connection, says 0 or -256
            found[name.strip()] = level_dbm
    return found


def _interface(procfs: Path, broker: str) -> str:
    """Where packets to the broker leave the machine: by the narrowest route, then by the one of the lowest metric."""
    try:
        address = struct.unpack("=I", socket.inet_aton(str(ipaddress.IPv4Address(broker))))[0]
    except ValueError:
        address = None
    routes = [route for line in _lines(procfs / "net/route")[1:] if (route := _route(line)) is not None]
    fitting = [one for one in routes if (one.network == 0 if address is None else address & one.mask == one.network)]
    best = min(fitting or routes, key=lambda one: (-one.mask.bit_count(), one.metric), default=None)
    return "" if best is None else best.interface


def _route(line: str) -> _Route | None:
    fields = line.split()
    try:
        interface, network, _, flags, _, _, metric, mask = fields[:8]
        is_up = int(flags, 16) & _UP
        return _Route(interface, int(network, 16), int(mask, 16), int(metric)) if is_up else None
    except ValueError:
        return None


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(errors="replace").splitlines()
    except OSError:
        return []
