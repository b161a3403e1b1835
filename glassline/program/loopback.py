"""Whether a host is this machine alone."""

import ipaddress


def is_loopback(host: str) -> bool:
    """Whether `host` (a name or an address, without port or brackets) is this machine alone.

    >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("localhost"), is_loopback("0.0.0.0")
    (True, True, True, False)
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
