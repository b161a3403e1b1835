"""Whom an address stands for, where strangers are counted."""

import ipaddress

SPEAK_FOR_MANY = ("127.0.0.1", "::1")
"""A tunnel, a proxy or a program of this machine."""


def network_of(address: str) -> str:
    """What one stranger has to itself: an IPv4 address, or the 64 bits that an IPv6 network is given.

    >>> network_of("192.0.2.7"), network_of("2001:db8:1:2:3::4"), network_of("::ffff:192.0.2.7")
    ('192.0.2.7', '2001:db8:1:2::', '192.0.2.7')
    """
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return str(ip.ipv4_mapped)
        if not ip.is_loopback:
            return str(ipaddress.ip_network((ip, 64), strict=False).network_address)
    return str(ip)
