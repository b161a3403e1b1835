"""Servers are found, and lost, on a real network of several hosts."""

import socket
import struct
import time
from dataclasses import replace

from glassline.discovery import SERVICE, Advertiser, Search, Server
from tests.support.lan import Lan, needs_networks
from tests.support.waiting import until

pytestmark = needs_networks

SERVER = Server(site="Hall 2", host="server.local", port=8883, fingerprint=bytes(range(32)), web_port=5000)


def test_a_server_is_found_described_and_lost_when_it_says_farewell(lan: Lan) -> None:
    at, node = lan.host("10.9.0.2"), lan.host("10.9.0.3")
    with at.inside():
        advertiser = Advertiser(SERVER)
        advertiser.start()
    with node.inside(), Search() as search:
        until(lambda: search.servers() == [replace(SERVER, addresses=("10.9.0.2",))], what=search.servers)
        advertiser.stop()
        until(lambda: search.servers() == [])


def test_two_of_one_name_are_told_apart(lan: Lan) -> None:
    with lan.host("10.9.0.2").inside():
        first = Advertiser(SERVER)
        first.start()
    with lan.host("10.9.0.3").inside():
        second = Advertiser(replace(SERVER, host="other.local"))
        second.start()
    with lan.host("10.9.0.4").inside(), Search() as search:
        until(lambda: len(search.servers()) == 2, what=search.servers)
        assert sorted(one.site for one in search.servers()) == ["Hall 2", "Hall 2-2"]
        first.stop()
        second.stop()


def test_a_network_that_comes_late_is_waited_for_on_both_sides(lan: Lan) -> None:
    at, node = lan.host(None), lan.host(None)
    with at.inside():
        advertiser = Advertiser(SERVER)
        advertiser.start()
    with node.inside(), Search() as search:
        until(lambda: search.problem == "this machine has no network")
        node.readdress("10.9.0.3")
        until(lambda: not search.problem)
        assert search.servers() == []
        at.readdress("10.9.0.2")
        until(lambda: [one.addresses for one in search.servers()] == [("10.9.0.2",)])
        at.readdress("10.9.0.77")
        until(lambda: [one.addresses for one in search.servers()] == [("10.9.0.77",)])
        advertiser.stop()


def test_a_port_that_another_program_keeps_to_itself_is_named(lan: Lan) -> None:
    with lan.host("10.9.0.3").inside(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as greedy:
        greedy.bind(("0.0.0.0", 5353))
        with Search() as search:
            until(lambda: search.problem == "mDNS (UDP port 5353) cannot be used: Address already in use")
            greedy.close()
            until(lambda: not search.problem)


def test_garbage_on_the_network_is_passed_over_and_hides_no_server(lan: Lan, caplog) -> None:
    at, node, evil = lan.host("10.9.0.2"), lan.host("10.9.0.3"), lan.host("10.9.0.66")
    with evil.inside():
        plug = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        plug.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
        plug.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("10.9.0.66"))
    with at.inside():
        advertiser = Advertiser(SERVER)
        advertiser.start()
    with plug, node.inside(), Search() as search:
        until(lambda: search.servers() != [])
        end_s = time.monotonic() + 1.5
        while time.monotonic() < end_s:
            for packet in _garbage():
                plug.sendto(packet, ("224.0.0.251", 5353))
        until(lambda: [one.site for one in search.servers()] == ["Hall 2", "h\\u202e"], what=search.servers)
        advertiser.stop()
        until(lambda: [one.site for one in search.servers()] == ["h\\u202e"])
    assert "Traceback" not in caplog.text
    told = [record.getMessage() for record in caplog.records if "is no server of ours" in record.getMessage()]
    assert len(told) == 5, "each is told once"
    assert all(text.isprintable() for text in told)


def _garbage() -> list[bytes]:
    """Bytes that are no DNS, names of control characters and invalid UTF-8, texts that are huge or nothing."""
    server = b"\x04evil\x05local\x00"
    good = b"".join(bytes([len(one)]) + one for one in (b"v=1", b"host=evil.local", b"ca=" + b"ab" * 32))
    return [
        b"",
        b"\xff" * 1400,
        _answer("h\u202e".encode(), server, good),
        _answer(b"h\x1b[2J", server, good),
        _answer(b"\xff\xfe\xfd", server, b"\x05v=\xff\xfe\xfd"),
        _answer(b"huge", server, b"".join(b"\xff" + bytes([97 + n % 26]) * 255 for n in range(30))),
        _answer(b"short", server, b"\xffv=1"),
        _answer(b"no text", server, b"\x00"),
        _answer(b"loop", b"\xc0\x0c", good),
    ]


def _answer(instance: bytes, server: bytes, texts: bytes) -> bytes:
    """PTR, SRV, TXT and A of one instance, as a response."""
    service = b"".join(bytes([len(one)]) + one for one in SERVICE.rstrip(".").encode().split(b".")) + b"\x00"
    name = bytes([len(instance)]) + instance + service
    records = [
        service + struct.pack(">HHIH", 12, 1, 4500, len(name)) + name,
        name + struct.pack(">HHIH", 33, 0x8001, 120, 6 + len(server)) + struct.pack(">HHH", 0, 0, 8883) + server,
        name + struct.pack(">HHIH", 16, 0x8001, 4500, len(texts)) + texts,
        b"\x04evil\x05local\x00" + struct.pack(">HHIH", 1, 0x8001, 120, 4) + bytes([10, 9, 0, 66]),
    ]
    return struct.pack(">HHHHHH", 0, 0x8400, 0, len(records), 0, 0) + b"".join(records)
