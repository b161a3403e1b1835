"""What mDNS says of a server is checked before it is believed to be about one."""

import pytest

from glassline.discovery import SERVICE, Server, check_site

GOOD = {b"v": b"1", b"host": b"server.local", b"ca": b"ab" * 32, b"web": b"5000"}
OURS = Server(
    site="Hall 2", host="server.local", port=8883, fingerprint=b"\xab" * 32, addresses=("10.0.0.5",), web_port=5000
)


def read(name=f"Hall 2.{SERVICE}", port=8883, addresses=("10.0.0.5",), **changed):
    texts = GOOD | {key.encode(): value for key, value in changed.items()}
    return Server.read(name, port=port, addresses=addresses, texts=texts)


def test_what_is_told_is_read_again():
    assert read() == OURS
    assert {key.encode(): value.encode() for key, value in OURS.texts().items()} == GOOD


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"v": b"2"}, "expected v=1, got '2'"),
        ({"v": None}, "expected v=1"),
        ({"host": b"server.local; reboot"}, "expected the name of a host"),
        ({"host": b"\xff\xfe"}, "expected the name of a host"),
        ({"host": b"x" * 254}, "expected the name of a host"),
        ({"host": b""}, "expected the name of a host"),
        ({"ca": b"ab"}, "expected the SHA-256"),
        ({"ca": "ä".encode() * 32}, "expected the SHA-256"),
        ({"ca": None}, "expected the SHA-256"),
        ({"port": 0}, "expected the port"),
        ({"port": None}, "expected the port"),
        ({"addresses": ()}, "expected an address"),
        ({"addresses": ("127.0.0.1", "224.0.0.251", "0.0.0.0", "fe80::1", "nonsense")}, "expected an address"),
    ],
)
def test_what_cannot_be_a_server_is_refused_with_what_was_expected(changed, said):
    with pytest.raises(ValueError, match=said) as refused:
        read(**changed)
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize("web", [b"99999", b"-1", b"5000; x", b"", b"\xff", None, b"0"])
def test_a_page_that_cannot_be_is_none(web):
    assert read(web=web).web_port is None


def test_names_are_shown_harmless_and_addresses_are_few():
    assert read(name=f"\x1b[2J\u202eHall\n.{SERVICE}").site == "\\x1b[2J\\u202eHall\\n"
    assert len(read(name="x" * 5000).site) < 70
    assert len(read(addresses=[f"10.0.0.{n}" for n in range(200)]).addresses) == 8


def test_a_site_is_called_as_dns_and_settings_can_carry():
    assert check_site("Halle 2 ä") == "Halle 2 ä"
    for text in ("a.b", "a:b", "a`b", "x" * 51, " a", "a\x1b"):
        with pytest.raises(ValueError, match="expected a name"):
            check_site(text)
