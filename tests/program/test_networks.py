"""Whom an address stands for."""

import pytest

from glassline.program import network_of


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("::1", "::1"),
        ("127.0.0.1", "127.0.0.1"),
        ("", ""),
        ("unix:", "unix:"),
    ],
)
def test_a_stranger_is_an_address_or_the_network_that_is_its_own(address: str, network: str) -> None:
    assert network_of(address) == network
