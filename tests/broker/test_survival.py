"""Dead, frozen, greedy and hostile clients: what they cost the broker and the others. Plain amqtt is the control."""

import logging
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable

import psutil
import pytest

from broker.limits import Limits
from tests.broker.conftest import ROLES
from tests.support.clients import RawClient, TestClient, connect_packet, connected, is_hung_up, packet, text
from tests.support.embedded_broker import RunningBroker, broker_process, embedded_broker, free_port
from tests.support.mosquitto import mosquitto
from tests.support.plain_amqtt import plain_amqtt

STATUS = "glass/v1/pi-1/status"
FRAME = "glass/v1/pi-1/frame"
FRAME_BYTES = 50_000


def wait_until(condition: Callable[[], bool], timeout_s: float = 15) -> bool:
    until = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def rss_mb(pid: int) -> float:
    return psutil.Process(pid).memory_info().rss / 1e6


def publish(topic: str, payload: bytes) -> bytes:
    """A PUBLISH packet at QoS 0."""
    return packet(0x30, text(topic) + payload)


def test_a_client_that_falls_silent_is_offline_after_one_and_a_half_keepalives(open_broker: RunningBroker) -> None:
    with plain_amqtt(port := free_port()):
        plain = RunningBroker(port=port)
        with (
            connected(open_broker, "watcher") as watcher,
            connected(plain, "watcher") as deceived,
            RawClient(open_broker.port) as frozen,
            RawClient(plain.port) as control,
        ):
            for client in (watcher, deceived):
                client.subscribe(STATUS)
            for raw, at in ((frozen, open_broker), (control, plain)):
                raw.login(at, "pi-1", keepalive=2, will=(STATUS, b"offline"))
            begun = time.monotonic()
            assert watcher.next() == (STATUS, b"offline", 1, False)
            assert 2.9 < time.monotonic() - begun < 5.5
            assert frozen.is_closed(2)
            assert deceived.nothing_for(1), "plain amqtt keeps a silent client for ever"
        with connected(open_broker, "later") as later:
            later.subscribe(STATUS)
            assert later.next() == (STATUS, b"offline", 1, True)


def test_a_frozen_process_is_declared_offline_by_both_brokers() -> None:
    """The embedded broker takes 15 to 16 s at keepalive 10 s; mosquitto looks each 5 s only, so up to 21 s."""
    with (
        embedded_broker(ROLES) as embedded,
        mosquitto(ROLES) as real,
        connected(embedded, "eyes") as one,
        connected(real, "eyes") as two,
    ):
        frozen = []
        for watcher, at in ((two, real), (one, embedded)):
            watcher.subscribe(STATUS)
            frozen.append(frozen_node(at))
        try:
            assert one.next(18)[:2] == (STATUS, b"offline")
            assert two.next(8)[:2] == (STATUS, b"offline")
        finally:
            for process in frozen:
                process.kill()
                process.wait()


NODE = """
import os, signal, sys
import paho.mqtt.client as paho
client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id="pi-1")
client.username_pw_set("pi-1", sys.argv[2])
client.will_set("glass/v1/pi-1/status", b"offline", 1, True)
client.on_connect = lambda *_: os.kill(os.getpid(), signal.SIGSTOP)
client.connect("127.0.0.1", int(sys.argv[1]), keepalive=10)
client.loop_forever()
"""


def frozen_node(at: RunningBroker) -> "subprocess.Popen[bytes]":
    """A process that connects as pi-1 at keepalive 10 s, with a will, and is then stopped (SIGSTOP)."""
    process = subprocess.Popen([sys.executable, "-c", NODE, str(at.port), at.passwords["pi-1"]])
    assert wait_until(lambda: psutil.Process(process.pid).status() == psutil.STATUS_STOPPED)
    return process


def test_pings_and_slow_uploads_keep_a_client(open_broker: RunningBroker) -> None:
    with connected(open_broker, "watcher") as watcher:
        watcher.subscribe("glass/v1/#")
        with RawClient(open_broker.port) as pinging, RawClient(open_broker.port) as uploading:
            pinging.login(open_broker, "pi-1", keepalive=1, will=(STATUS, b"offline"))
            uploading.login(open_broker, "pi-2", keepalive=1, will=("glass/v1/pi-2/status", b"offline"))
            whole = publish("glass/v1/pi-2/frame", bytes(8000))
            for at in range(0, len(whole), 1000):
                uploading.send(whole[at : at + 1000])
                pinging.send(b"\xc0\0")
                time.sleep(0.4)
            assert watcher.next()[0] == "glass/v1/pi-2/frame"
            assert pinging.receive()[0] == 0xD0
            for raw in (pinging, uploading):
                raw.send(b"\xe0\0")
                assert raw.is_closed()
        assert watcher.nothing_for(0.2), "a goodbye discards the will"


def test_a_pause_of_the_broker_is_held_against_nobody() -> None:
    with broker_process() as running, connected(running, "watcher", keepalive=60) as watcher:
        watcher.subscribe(STATUS)
        with RawClient(running.port) as node:
            node.login(running, "pi-1", keepalive=2, will=(STATUS, b"offline"))
            os.kill(running.pid, signal.SIGSTOP)
            try:
                for _ in range(4):
                    time.sleep(1)
                    node.send(b"\xc0\0")
            finally:
                os.kill(running.pid, signal.SIGCONT)
            for _ in range(4):
                assert node.receive()[0] == 0xD0
            assert watcher.nothing_for(1.5)


def test_a_packet_above_the_limit_is_refused_at_its_header_and_costs_no_memory() -> None:
    with broker_process() as running:
        before_mb = rss_mb(running.pid)
        attackers = [RawClient(running.port) for _ in range(20)]
        for number, attacker in enumerate(attackers):
            attacker.login(running, f"a{number}")
            attacker.send(packet(0x30, b"", length=200_000_000))
        assert all(attacker.is_closed(5) for attacker in attackers)
        assert rss_mb(running.pid) - before_mb < 8
        for attacker in attackers:
            attacker.socket.close()


def test_control_plain_amqtt_swallows_a_packet_of_20_mb() -> None:
    with plain_amqtt(port := free_port()) as pid:
        plain = RunningBroker(port=port)
        before_mb = rss_mb(pid)
        with RawClient(port) as attacker:
            attacker.login(plain, "a")
            attacker.send(packet(0x30, text("t"), length=20_000_003) + bytes(19_000_000))
            assert wait_until(lambda: rss_mb(pid) - before_mb > 15)


def test_the_limit_lets_a_full_payload_pass(open_broker: RunningBroker) -> None:
    with connected(open_broker, "watcher") as watcher, connected(open_broker, "pi-1") as node:
        watcher.subscribe(FRAME)
        node.publish(FRAME, bytes(2_000_000))
        assert len(watcher.next()[1]) == 2_000_000
        node.client.publish(FRAME, bytes(2_002_000), 1)
        assert node.lost.wait(10)
    assert open_broker.counts["oversize"] >= 1


def test_a_client_that_takes_nothing_is_dropped_and_nobody_else_notices() -> None:
    with embedded_broker(limits=Limits(stall_s=1.5), send_buffer=65_536) as running:
        with (
            connected(running, "watcher") as watcher,
            RawClient(running.port, receive_buffer=8192) as stalled,
            RawClient(running.port) as node,
        ):
            watcher.subscribe(FRAME, STATUS, qos=0)
            stalled.login(running, "stalled", will=(STATUS, b"offline"))
            assert stalled.subscribe(FRAME, 0) == 0
            node.login(running, "pi-1")
            before_mb, ages_s = rss_mb(running.pid), []
            until = time.monotonic() + 12
            while (message := offer_frame(node, watcher, ages_s))[0] == FRAME:
                assert time.monotonic() < until, "the stalled client is still there"
            assert message[1] == b"offline"
            assert max(ages_s) < 0.5
            assert rss_mb(running.pid) - before_mb < 40
            assert wait_until(lambda: is_hung_up(stalled.socket)), "what nobody fetches stays in the kernel"
        assert running.counts["dropped_stalled"] == 1


def offer_frame(node: RawClient, watcher: TestClient, ages_s: list[float]) -> tuple[str, bytes, int, bool]:
    sent_at = time.monotonic()
    node.send(publish(FRAME, bytes(FRAME_BYTES)))
    message = watcher.next()
    ages_s.append(time.monotonic() - sent_at)
    time.sleep(0.005)
    return message


def test_a_slow_client_gets_the_newest_qos_0_messages_and_a_bounded_number() -> None:
    limits = Limits(waiting_bytes=500_000)
    with embedded_broker(limits=limits) as running, RawClient(running.port, receive_buffer=8192) as slow:
        slow.login(running, "slow")
        slow.subscribe(FRAME, 0)
        with RawClient(running.port) as node:
            node.login(running, "pi-1")
            for number in range(400):
                node.send(publish(FRAME, number.to_bytes(4, "big") + bytes(FRAME_BYTES)))
            node.send(b"\xc0\0")
            assert node.receive()[0] == 0xD0
        numbers = []
        while not numbers or numbers[-1] != 399:
            _, body = slow.receive()
            numbers.append(int.from_bytes(body[2 + len(FRAME) :][:4], "big"))
        assert numbers == sorted(numbers)
        assert len(numbers) < 300
        assert numbers[-9:] == list(range(391, 400)), "what waited when it read again was the newest"
        assert running.counts["skipped_qos0"] == 400 - len(numbers)


def test_a_client_that_lets_assured_messages_pile_up_is_dropped_at_once() -> None:
    with (
        embedded_broker(limits=Limits(waiting_bytes=500_000), send_buffer=65_536) as running,
        RawClient(running.port, receive_buffer=8192) as slow,
        connected(running, "pi-1") as node,
    ):
        slow.login(running, "slow")
        assert slow.subscribe(FRAME, 1) == 1
        until = time.monotonic() + 20
        while not running.counts["dropped_slow"]:
            node.publish(FRAME, bytes(FRAME_BYTES))
            assert time.monotonic() < until
        node.publish(FRAME, b"still served")


def test_unacknowledged_messages_are_limited_and_flow_again_with_the_acknowledgements() -> None:
    with embedded_broker(limits=Limits(inflight=3)) as running, RawClient(running.port) as slow:
        slow.login(running, "slow")
        slow.subscribe(FRAME, 1)
        with connected(running, "pi-1") as node:
            for number in range(8):
                node.publish(FRAME, bytes([number]))
        slow.send(b"\xc0\0")
        arrived = [slow.receive() for _ in range(4)]
        assert [first & 0xF0 for first, _ in arrived] == [0x30, 0x30, 0x30, 0xD0]
        payloads = []
        for _ in range(8):
            _, body = arrived.pop(0) if len(payloads) < 3 else slow.receive()
            payloads.append(body[-1])
            slow.send(packet(0x40, body[2 + len(FRAME) :][:2]))
        assert payloads == list(range(8))


def test_a_client_that_reads_no_answers_is_not_listened_to() -> None:
    with embedded_broker(limits=Limits(waiting_bytes=20_000, stall_s=1), send_buffer=4096) as running:
        before_mb = rss_mb(running.pid)
        with RawClient(running.port, receive_buffer=4096) as pinging:
            pinging.login(running, "pinging")
            with pytest.raises(ConnectionError):
                pinging.send(b"\xc0\0" * 5_000_000)
        assert rss_mb(running.pid) - before_mb < 20
        assert running.counts["dropped_stalled"] == 1


def test_no_bytes_whatever_disturb_the_broker(open_broker: RunningBroker, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    dice = random.Random(1)
    with connected(open_broker, "watcher") as watcher:
        watcher.subscribe("glass/v1/#")
        for _ in range(300):
            with RawClient(open_broker.port) as client:
                if dice.random() < 0.8:
                    client.send(connect_packet(f"c{dice.randrange(9)}"))
                    client.connack()
                client.send(packet(dice.randrange(256), dice.randbytes(dice.randrange(40))))
        watcher.publish("glass/v1/pi-1/probe", b"the end")
        watcher.until("glass/v1/pi-1/probe", b"the end")
    assert caplog.records == []


def test_small_messages_are_not_held_back(open_broker: RunningBroker) -> None:
    """With Nagle's algorithm a message waits, some 40 ms, until the one before it is acknowledged."""
    assert open_broker.broker is not None
    with connected(open_broker, "c"):
        (client,) = open_broker.broker._clients.values()
        plug = client._writer.get_extra_info("socket")
        assert plug.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1


def test_the_hardening_costs_no_speed() -> None:
    """Four nodes at 30 fps, 50 kB, QoS 1: processor time against amqtt as it comes."""
    spent_s = {}
    with plain_amqtt(port := free_port()) as pid, broker_process() as running:
        for name, at in (("plain", RunningBroker(port=port, pid=pid)), ("hardened", running)):
            begun = psutil.Process(at.pid).cpu_times()
            with connected(at, "web-1") as web:
                web.subscribe("glass/v1/+/frame", qos=1)
                assert relay(at, web, frames=60) == 4 * 60
            ended = psutil.Process(at.pid).cpu_times()
            spent_s[name] = ended.user + ended.system - begun.user - begun.system
    assert spent_s["hardened"] < 1.15 * spent_s["plain"], spent_s


def relay(at: RunningBroker, web: TestClient, *, frames: int) -> int:
    with (
        connected(at, "pi-1") as a,
        connected(at, "pi-2") as b,
        connected(at, "pi-3") as c,
        connected(at, "pi-4") as d,
    ):
        begun = time.monotonic()
        for number in range(frames):
            for place, node in enumerate((a, b, c, d), 1):
                node.client.publish(f"glass/v1/pi-{place}/frame", bytes(FRAME_BYTES), 1)
            time.sleep(max(0.0, begun + (number + 1) / 30 - time.monotonic()))
        got = 0
        while got < 4 * frames and not web.nothing_for(5):
            got += 1
        return got
