"""Whom the embedded broker lets in, and that a connection touches nothing before. Plain amqtt is the control."""

import logging
import socket
import time
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from broker.limits import Limits
from glassline.accounts.passwords import argon2_hash
from glassline.contract import Role
from tests.broker.conftest import ROLES
from tests.support.clients import RawClient, TestClient, connect_packet, connected, is_hung_up, packet, text
from tests.support.embedded_broker import RunningBroker, embedded_broker, free_port, password_of
from tests.support.plain_amqtt import plain_amqtt

ACCEPTED, BAD_PROTOCOL, BAD_CLIENT_ID, UNAVAILABLE, BAD_PASSWORD, NOT_AUTHORIZED = 0, 1, 2, 3, 4, 5


def knock(at: RunningBroker, raw: bytes) -> int:
    """Send a CONNECT and return the code of the CONNACK."""
    with RawClient(at.port) as client:
        client.send(raw)
        return client.connack()


def login(id: str, client_id: str | None = None, password: str | None = None, **more: object) -> bytes:
    password = password_of(id) if password is None else password
    return connect_packet(id if client_id is None else client_id, user=id, password=password, **more)  # type: ignore[arg-type]


def test_the_code_of_a_refusal_says_what_was_wrong(guarded: RunningBroker) -> None:
    assert knock(guarded, login("pi-1")) == ACCEPTED
    assert knock(guarded, login("pi-1", password="wrong password")) == BAD_PASSWORD
    assert knock(guarded, login("nobody", password="wrong password")) == BAD_PASSWORD
    assert knock(guarded, connect_packet("pi-1")) == NOT_AUTHORIZED
    assert knock(guarded, connect_packet("pi-1", user="pi-1")) == NOT_AUTHORIZED
    assert knock(guarded, login("pi-1", level=5)) == BAD_PROTOCOL
    assert knock(guarded, login("pi-1", "", clean=False)) == BAD_CLIENT_ID


@pytest.mark.parametrize(
    ("id", "client_id", "code"),
    [
        ("pi-1", "pi-1.doctor", ACCEPTED),
        ("pi-1", "pi-2", BAD_CLIENT_ID),
        ("pi-1", "pi-10", BAD_CLIENT_ID),
        ("pi-1", "web-1.tool", BAD_CLIENT_ID),
        ("pi-1", "line\nbreak", BAD_CLIENT_ID),
        ("eyes", "home-assistant", ACCEPTED),
        ("eyes", "", ACCEPTED),
        ("eyes", "pi-1", BAD_CLIENT_ID),
        ("eyes", "x" * 65, BAD_CLIENT_ID),
        ("eyes", b"\xff\xfe", ACCEPTED),
    ],
)
def test_nobody_takes_another_programs_client_id(
    guarded_once: RunningBroker, id: str, client_id: str, code: int
) -> None:
    assert knock(guarded_once, login(id, client_id)) == code


@pytest.fixture(scope="module")
def guarded_once():  # type: ignore[no-untyped-def]
    with embedded_broker(ROLES) as running:
        yield running


def test_a_wrong_password_throws_nobody_out_makes_nobody_deaf_and_fires_no_will(guarded: RunningBroker) -> None:
    status = "glass/v1/pi-1/status"
    with connected(guarded, "eyes") as watcher, connected(guarded, "pi-1", will=(status, b"offline")) as node:
        watcher.subscribe("glass/v1/#")
        node.subscribe("glass/v1/pi-1/probe")
        for attempt in (login("pi-1", password="wrong password"), connect_packet("pi-1"), login("pi-2", "pi-1")):
            assert knock(guarded, attempt) != ACCEPTED
        node.publish(status, b"online")
        assert watcher.next()[1] == b"online"
        node.publish("glass/v1/pi-1/probe", b"not deaf")
        assert node.next()[1] == b"not deaf"
        assert not node.lost.is_set()


def test_control_plain_amqtt_lets_a_wrong_password_make_a_client_deaf(tmp_path: Path) -> None:
    file = tmp_path / "passwords"
    file.write_text(f"pi-1:{argon2_hash('right password')}\n")
    with plain_amqtt(port := free_port(), password_file=file):
        plain = RunningBroker(port=port, passwords={"pi-1": "right password"})
        with connected(plain, "pi-1") as node:
            node.subscribe("glass/v1/pi-1/probe")
            assert knock(plain, login("pi-1", password="wrong password")) == NOT_AUTHORIZED
            node.publish("glass/v1/pi-1/probe")
            assert node.nothing_for(1)


def test_two_observers_never_take_each_others_place(guarded: RunningBroker) -> None:
    with (
        connected(guarded, "eyes", client_id="dashboard") as one,
        connected(guarded, "watcher", client_id="dashboard") as other,
    ):
        for client in (one, other):
            client.publish(f"glass/v1/{'eyes' if client is one else 'watcher'}/probe")
        assert not one.lost.is_set()


def test_a_will_on_somebody_elses_topic_is_refused(guarded: RunningBroker) -> None:
    assert knock(guarded, login("pi-1", will=("glass/v1/pi-2/status", b"offline"))) == NOT_AUTHORIZED
    assert knock(guarded, login("pi-1", will=("glass/v1/pi-2/cmd/restart", b"{}"))) == NOT_AUTHORIZED
    assert knock(guarded, login("pi-1", will=("home/lamp", b"off"))) == NOT_AUTHORIZED
    assert knock(guarded, login("eyes", "x", will=("glass/v1/pi-1/status", b"offline"))) == NOT_AUTHORIZED
    assert knock(guarded, login("pi-1", will=("glass/v1/pi-1/status", b"offline"))) == ACCEPTED
    assert guarded.counts["refused_will"] == 4


def test_a_will_asking_to_be_retained_where_nothing_is_is_sent_but_not_kept(guarded: RunningBroker) -> None:
    topic = "glass/v1/pi-1/detection"
    with connected(guarded, "eyes") as watcher, RawClient(guarded.port) as node:
        watcher.subscribe(topic)
        assert node.login(guarded, "pi-1", will=(topic, b"gone")) == ACCEPTED
        node.socket.close()
        assert watcher.next()[1] == b"gone"
        with connected(guarded, "eyes", client_id="later") as later:
            later.subscribe(topic)
            assert later.nothing_for(0.3)


def test_an_oversized_connect_is_refused_before_it_is_read(guarded: RunningBroker) -> None:
    with RawClient(guarded.port) as client:
        client.send(packet(0x10, b"", length=5000))
        assert client.is_closed(5)
    assert guarded.counts["oversize"] == 1


@pytest.mark.parametrize(
    "raw",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        packet(0x30, text("glass/v1/pi-1/status") + b"online"),
        packet(0x10, b""),
        packet(0x10, text("MQTT") + b"\4\2\0"),
        packet(0x10, text("MQTT") + b"\4\3\0\0" + text("pi-1")),
        packet(0x10, text("MQTT") + b"\4\6\0\0" + text("pi-1")),
        packet(0x10, text("MQTT") + b"\4\x42\0\0" + text("pi-1") + text("secret")),
        packet(0x10, text("MQTT") + b"\4\x1e\0\0" + text("pi-1") + text("t") + text("p")),
        b"\x10\xff\xff\xff\xff\x01",
    ],
)
def test_what_is_no_connect_of_mqtt_is_not_answered(guarded_once: RunningBroker, raw: bytes) -> None:
    with RawClient(guarded_once.port) as client:
        client.send(raw)
        assert client.is_closed(5)


def test_a_socket_that_says_nothing_or_half_a_connect_is_closed() -> None:
    with embedded_broker(ROLES, limits=Limits(connect_s=0.5)) as running:
        with RawClient(running.port) as silent, RawClient(running.port) as slow:
            slow.send(login("pi-1")[:-3])
            assert silent.is_closed(3)
            assert slow.is_closed(3)
        assert running.counts["refused_silent"] == 2


def test_no_more_connections_are_held_than_set() -> None:
    with embedded_broker(limits=Limits(connections=3)) as running:
        held = [RawClient(running.port) for _ in range(3)]
        for number, client in enumerate(held):
            assert client.login(running, f"c{number}") == ACCEPTED
        with RawClient(running.port) as one_more:
            assert one_more.is_closed(5)
        held.pop().socket.close()
        time.sleep(0.2)
        assert knock(running, connect_packet("c9")) == ACCEPTED
        for client in held:
            client.socket.close()


STRANGER = "127.0.9.1"


def knock_silently(at: RunningBroker, address: str) -> socket.socket:
    """A connection from `address` that says nothing."""
    return socket.create_connection(("127.0.0.1", at.port), 5, (address, 0))


def test_a_stranger_who_says_nothing_leaves_room_for_the_others() -> None:
    with embedded_broker(ROLES, limits=Limits(connections=20, connect_s=4)) as running, ExitStack() as stack:
        silent = [stack.enter_context(knock_silently(running, STRANGER)) for _ in range(30)]
        time.sleep(0.5)
        assert sum(map(is_hung_up, silent)) == 25
        assert running.counts["refused_address_full"] == 25
        assert knock(running, login("pi-1")) == ACCEPTED
        assert not is_hung_up(stack.enter_context(knock_silently(running, "127.0.9.2")))
        deadline = time.monotonic() + 10
        while not all(map(is_hung_up, silent)) and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.2)
        assert not is_hung_up(stack.enter_context(knock_silently(running, STRANGER))), "what has ended does not count"


def test_who_is_admitted_is_no_newcomer_any_more() -> None:
    with embedded_broker(ROLES, limits=Limits(connections=20)) as running, ExitStack() as stack:
        for number in range(8):
            plug = stack.enter_context(knock_silently(running, STRANGER))
            plug.sendall(login("pi-1", f"pi-1.{number}"))
            assert plug.recv(10) == b"\x20\x02\x00\x00"
        assert running.counts["refused_address_full"] == 0


@pytest.mark.parametrize("id", ["pi-1", "eyes"])
def test_one_account_leaves_room_for_the_others(id: str, caplog: pytest.LogCaptureFixture) -> None:
    with embedded_broker(ROLES, limits=Limits(account_connections=3)) as running, ExitStack() as stack:
        held = [stack.enter_context(RawClient(running.port)) for _ in range(3)]
        for number, client in enumerate(held):
            client.send(login(id, f"{id}.{number}"))
            assert client.connack() == ACCEPTED
        assert knock(running, login(id, f"{id}.3")) == UNAVAILABLE
        assert knock(running, login(id, "")) == UNAVAILABLE
        assert running.counts["refused_account_full"] == 2
        assert f"the account {id} has 3 connections already" in caplog.text
        assert knock(running, login("pi-2")) == ACCEPTED
        again = stack.enter_context(RawClient(running.port))
        again.send(login(id, f"{id}.0"))
        assert again.connack() == ACCEPTED
        assert held[0].is_closed(5), "the same client id replaces"
        again.send(b"\xe0\0")
        assert again.is_closed(5)
        assert knock(running, login(id, f"{id}.3")) == ACCEPTED


def test_without_accounts_nobody_is_counted_for_another() -> None:
    with embedded_broker(limits=Limits(account_connections=3)) as running, ExitStack() as stack:
        for number in range(6):
            client = stack.enter_context(RawClient(running.port))
            client.send(connect_packet(f"c{number}"))
            assert client.connack() == ACCEPTED


def test_an_account_that_is_removed_or_gets_another_password_is_disconnected(guarded: RunningBroker) -> None:
    assert guarded.accounts is not None
    with connected(guarded, "pi-1") as node, connected(guarded, "pi-2") as other:
        guarded.accounts.remove("pi-1")
        assert node.lost.wait(5)
        assert not other.lost.is_set()
    assert knock(guarded, login("pi-1")) == BAD_PASSWORD
    guarded.accounts.add("pi-1", Role.NODE, "another password")
    assert knock(guarded, login("pi-1", password="another password")) == ACCEPTED


def test_reconnecting_does_not_hash_again(guarded: RunningBroker) -> None:
    assert knock(guarded, login("pi-1")) == ACCEPTED
    cpu_s = psutil.Process().cpu_times()
    for _ in range(40):
        assert knock(guarded, login("pi-1")) == ACCEPTED
    spent = psutil.Process().cpu_times()
    assert spent.user - cpu_s.user < 1.0, "one argon2 costs some 0.2 s"


def test_checking_a_password_does_not_stop_the_broker(guarded: RunningBroker) -> None:
    with connected(guarded, "eyes") as watcher:
        assert watcher.subscribe("glass/v1/eyes/probe") == [1]
        with RawClient(guarded.port) as guesser:
            guesser.send(login("pi-1", password="wrong password"))
            time.sleep(0.02)
            slowest_s = max(round_trip_s(watcher) for _ in range(5))
            assert guesser.connack() == BAD_PASSWORD
    assert slowest_s < 0.15


def round_trip_s(client: TestClient) -> float:
    begun = time.perf_counter()
    client.publish("glass/v1/eyes/probe", b"now", qos=0)
    client.next()
    return time.perf_counter() - begun


def test_connections_and_refusals_are_logged_without_passwords(
    guarded: RunningBroker, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with connected(guarded, "pi-1"):
        assert knock(guarded, login("pi-2", password="wrong-secret")) == BAD_PASSWORD
    deadline = time.monotonic() + 5
    while "said goodbye" not in caplog.text and time.monotonic() < deadline:
        time.sleep(0.05)
    assert "pi-1 connected from 127.0.0.1 (node, keepalive 30 s)" in caplog.text
    assert "127.0.0.1 refused: gave a wrong name or password (as 'pi-2')" in caplog.text
    assert "pi-1 disconnected: said goodbye" in caplog.text
    for secret in ("wrong-secret", *guarded.passwords.values()):
        assert secret not in caplog.text


def test_mqtt_stays_311(open_broker: RunningBroker) -> None:
    assert knock(open_broker, connect_packet("new", level=5)) == BAD_PROTOCOL
    assert knock(open_broker, connect_packet("old", level=3)) == BAD_PROTOCOL
    with socket.create_connection(("127.0.0.1", open_broker.port)) as plug:
        plug.sendall(connect_packet("plain"))
        assert plug.recv(10) == b"\x20\x02\x00\x00"
