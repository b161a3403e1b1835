"""Publishing, subscribing and retaining on the embedded broker. Plain amqtt is the control."""

import logging
import time

import pytest

from broker.limits import Limits
from glassline.contract.topics import SPECS
from tests.support.clients import RawClient, connect_packet, connected, packet, text
from tests.support.embedded_broker import RunningBroker, embedded_broker, free_port
from tests.support.plain_amqtt import plain_amqtt

REFUSED = 128


def test_a_subscription_beyond_the_role_is_refused(guarded: RunningBroker) -> None:
    with connected(guarded, "pi-1") as node, connected(guarded, "eyes") as eyes:
        assert node.subscribe("glass/v1/pi-1/cmd/+", "glass/v1/pi-1/#", "glass/v1/+/receipt") == [1, REFUSED, REFUSED]
        assert node.subscribe("#") == node.subscribe("+/v1/pi-1/receipt") == [REFUSED]
        assert eyes.subscribe("glass/v1/#", "glass/#", "$SYS/#", "glass/v1/+") == [1, REFUSED, REFUSED, 1]
    assert guarded.counts["denied_subscribe"] == 6


@pytest.mark.parametrize("bad", ["glass/v1/#/x", "glass/v1/a+/frame", "glass/v1/x#", "glass/v1/" + "x/" * 200, ""])
def test_a_filter_that_is_none_is_refused(open_broker: RunningBroker, bad: str) -> None:
    with RawClient(open_broker.port) as client:
        client.login(open_broker, "c")
        assert client.subscribe(bad, 0) == REFUSED


def test_subscriptions_have_an_end(open_broker: RunningBroker) -> None:
    with connected(open_broker, "c") as client:
        codes = [client.subscribe(f"glass/v1/pi-{n}/status")[0] for n in range(101)]
        assert codes == [1] * 100 + [REFUSED]


def test_subscribing_again_changes_the_qos_and_delivers_once(open_broker: RunningBroker) -> None:
    with connected(open_broker, "c") as client:
        client.subscribe("glass/v1/pi-1/detection", qos=1)
        client.subscribe("glass/v1/pi-1/detection", qos=0)
        client.subscribe("glass/v1/+/detection", qos=0)
        client.publish("glass/v1/pi-1/detection", b"a")
        client.publish("glass/v1/pi-1/detection", b"b")
        assert [client.next()[1:3] for _ in range(2)] == [(b"a", 0), (b"b", 0)]


def test_unsubscribing_ends_the_delivery(open_broker: RunningBroker) -> None:
    with connected(open_broker, "c") as client:
        client.subscribe("glass/v1/#")
        client.client.unsubscribe("glass/v1/#")
        client.publish("glass/v1/pi-1/detection")
        assert client.nothing_for(0.3)


def test_a_denied_publish_is_acknowledged_counted_and_logged_once(
    guarded: RunningBroker, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    with connected(guarded, "eyes") as watcher, connected(guarded, "pi-1") as node:
        watcher.subscribe("glass/v1/#")
        for _ in range(20):
            node.publish("glass/v1/pi-2/detection")
        node.publish("glass/v1/pi-2/frame")
        node.publish("glass/v1/pi-1/probe", b"the end")
        assert watcher.until("glass/v1/pi-1/probe", b"the end") == []
    assert guarded.counts["denied_publish"] == 21
    lines = [record.getMessage() for record in caplog.records if "may not publish" in record.getMessage()]
    assert lines == ["pi-1 may not publish to 'glass/v1/pi-2/detection': dropped [denied_publish]"]


def test_nothing_is_retained_but_what_the_contract_retains(open_broker: RunningBroker) -> None:
    with connected(open_broker, "all") as sender:
        for kind, spec in SPECS.items():
            sender.publish(f"glass/v1/pi-1/{kind}{'/x' if spec.has_rest else ''}", b"kept", retain=True)
        sender.subscribe("glass/v1/#")
        sender.publish("glass/v1/pi-1/probe", b"the end")
        kept = {topic for topic, *_ in sender.until("glass/v1/pi-1/probe", b"the end")}
    assert kept == {"glass/v1/pi-1/status", "glass/v1/pi-1/info"}
    assert open_broker.counts["denied_retain"] == len(SPECS) - 2


def test_retained_messages_have_a_bound_together_and_clearing_makes_room() -> None:
    with embedded_broker(limits=Limits(retained_bytes=1500)) as running, connected(running, "c") as client:
        client.subscribe("glass/v1/+/status")
        for topic, payload in (("pi-1/info", 1000), ("pi-2/info", 1000), ("pi-1/info", 0), ("pi-3/info", 1000)):
            client.publish(f"glass/v1/{topic}", bytes(payload), retain=True)
        assert running.counts["retained_full"] == 1
        client.subscribe("glass/v1/+/info")
        assert client.next()[0] == "glass/v1/pi-3/info"
        assert client.nothing_for(0.2)


def subscribe_packet(*filters: str) -> bytes:
    return packet(0x82, b"\0\1" + b"".join(text(filter) + b"\1" for filter in filters))


def test_a_filter_that_one_packet_names_often_gives_what_is_retained_once(open_broker: RunningBroker) -> None:
    with connected(open_broker, "c") as node, RawClient(open_broker.port) as greedy:
        for number in range(3):
            node.publish(f"glass/v1/pi-{number}/info", bytes(1000), retain=True)
        greedy.login(open_broker, "greedy")
        greedy.send(subscribe_packet(*["glass/v1/+/info"] * 500, "home/#") + b"\xc0\0")
        kind, body = greedy.receive()
        assert kind == 0x90
        assert body[2:] == b"\1" * 500 + bytes([REFUSED]), "one answer for each"
        kinds = [greedy.receive()[0] & 0xF0 for _ in range(4)]
        assert kinds == [0x30, 0x30, 0x30, 0xD0]


def test_who_asks_for_more_of_what_is_retained_than_may_wait_is_dropped() -> None:
    limits = Limits(waiting_bytes=250_000, retained_bytes=200_000, inflight=5)
    wide = ("glass/v1/#", "glass/v1/+/info", "glass/v1/+/+", "glass/v1/+/#")
    with embedded_broker(limits=limits) as running, connected(running, "c") as node:
        for number in range(20):
            node.publish(f"glass/v1/pi-{number}/info", bytes(5000), retain=True)
        with RawClient(running.port) as modest, RawClient(running.port) as greedy:
            modest.login(running, "modest")
            modest.send(subscribe_packet(*wide[:2]))
            greedy.login(running, "greedy")
            greedy.send(subscribe_packet(*wide))
            assert greedy.is_closed(5)
            assert running.counts["dropped_slow"] == 1
            assert not modest.is_closed(0.3)


def test_a_message_sent_again_at_qos_2_is_delivered_once(open_broker: RunningBroker) -> None:
    topic = "glass/v1/pi-1/detection"
    with connected(open_broker, "c") as client, RawClient(open_broker.port) as sender:
        client.subscribe(topic)
        sender.login(open_broker, "pi-1")
        for first in (0x34, 0x3C):
            sender.send(packet(first, text(topic) + b"\0\7once"))
            assert sender.receive() == (0x50, b"\0\7")
        sender.send(packet(0x62, b"\0\7"))
        assert sender.receive() == (0x70, b"\0\7")
        assert client.next()[1] == b"once"
        assert client.nothing_for(0.2)


def test_a_connection_gets_no_retained_message_it_did_not_subscribe_to(guarded: RunningBroker) -> None:
    with connected(guarded, "web-1") as web, connected(guarded, "pi-2") as node, RawClient(guarded.port) as other:
        web.subscribe("glass/v1/#")
        node.publish("glass/v1/pi-2/info", b"private", retain=True)
        other.login(guarded, "pi-1")
        other.send(b"\xc0\0")
        assert other.receive()[0] == 0xD0, "the answer to the ping comes first, nothing was sent before it"


def test_control_plain_amqtt_gives_others_retained_messages_to_every_connection() -> None:
    with plain_amqtt(port := free_port()):
        plain = RunningBroker(port=port)
        with connected(plain, "web-1") as web, connected(plain, "pi-2") as node, RawClient(port) as other:
            web.subscribe("glass/v1/#")
            node.publish("glass/v1/pi-2/info", b"private", retain=True)
            web.next()
            other.send(connect_packet("pi-1"))
            other.connack()
            kind, body = other.receive()
            assert kind & 0xF0 == 0x30
            assert b"private" in body


def test_control_plain_amqtt_raises_qos_0_to_the_subscription() -> None:
    with plain_amqtt(port := free_port()):
        plain = RunningBroker(port=port)
        with connected(plain, "c") as client:
            client.subscribe("glass/v1/pi-1/health", qos=1)
            client.publish("glass/v1/pi-1/health", b"zero", qos=0)
            assert client.next()[2] == 1


def test_sessions_are_never_kept(open_broker: RunningBroker) -> None:
    for _ in range(2):
        with RawClient(open_broker.port) as client:
            client.send(connect_packet("lasting", clean=False))
            assert client.receive() == (0x20, b"\0\0"), "session present must be 0"
            client.send(packet(0xC0, b""))
            assert client.receive()[0] == 0xD0, "no message of an earlier session comes before the answer"
            client.send(packet(0x82, b"\0\1" + text("glass/v1/#") + b"\1"))
            assert client.receive()[0] == 0x90
        with connected(open_broker, "sender") as sender:
            sender.publish("glass/v1/pi-1/detection", b"while away")


def test_a_broker_without_accounts_takes_everything_of_the_contract_and_nothing_else(
    open_broker: RunningBroker,
) -> None:
    with connected(open_broker, "anybody") as client:
        assert client.subscribe("glass/v1/#", "home/#") == [1, REFUSED]
        client.publish("home/lamp", b"on")
        client.publish("glass/v1/pi-1/cmd/ping", b"{}")
        assert client.next()[:2] == ("glass/v1/pi-1/cmd/ping", b"{}")


def test_starting_takes_less_than_a_second_and_a_half() -> None:
    begun = time.perf_counter()
    with embedded_broker():
        assert time.perf_counter() - begun < 1.5


def test_a_web_clears_what_a_retired_device_left_and_says_nothing_in_its_name(guarded: RunningBroker) -> None:
    topic = "glass/v1/pi-1/status"
    with connected(guarded, "pi-1") as node:
        node.client.publish(topic, b"offline", 1, True).wait_for_publish(5)
    with connected(guarded, "web-1") as web:
        web.client.publish(topic, b"online", 1, True).wait_for_publish(5)
    with connected(guarded, "eyes") as eyes:
        eyes.subscribe(topic)
        assert eyes.next()[1] == b"offline", "it was not let through"
    with connected(guarded, "web-1") as web:
        web.client.publish(topic, b"", 1, True).wait_for_publish(5)
    with connected(guarded, "eyes") as eyes:
        eyes.subscribe(topic)
        assert eyes.nothing_for(0.5)
