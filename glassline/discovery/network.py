"""The networks on which mDNS is spoken: IPv4, on every interface of this machine that has an address."""

import socket

import psutil
from zeroconf import IPVersion
from zeroconf.asyncio import AsyncZeroconf

from glassline.program import is_loopback

LOOK_AGAIN_S = 1.0
"""How often it is seen whether this machine's addresses have changed: a network may come late, and DHCP moves."""


class NoNetworkError(Exception):
    """mDNS cannot be spoken now; the text says why."""


def own_addresses() -> tuple[str, ...]:
    """This machine's IPv4 addresses that others may reach; NoNetworkError where there is none."""
    try:
        found = {
            one.address
            for addresses in psutil.net_if_addrs().values()
            for one in addresses
            if one.family is socket.AF_INET and not is_loopback(one.address)
        }
    except OSError as error:
        raise NoNetworkError(f"the network's state cannot be read: {error.strerror}") from None
    if not found:
        raise NoNetworkError("this machine has no network")
    return tuple(sorted(found))


def speak(addresses: tuple[str, ...]) -> AsyncZeroconf:
    """Open UDP port 5353 on these addresses, in the running event loop; NoNetworkError where that cannot be."""
    try:
        return AsyncZeroconf(interfaces=list(addresses), ip_version=IPVersion.V4Only)
    except OSError as error:
        raise NoNetworkError(f"mDNS (UDP port 5353) cannot be used: {error.strerror}") from None
