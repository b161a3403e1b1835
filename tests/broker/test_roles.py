"""Who may write and read what, on every broker. Denial is proved by what arrives: brokers acknowledge all the same."""

import pytest

from tests.support.clients import TestClient, connected
from tests.support.embedded_broker import RunningBroker

KINDS = {
    "status", "info", "health", "frame", "frame/meta", "detection", "evidence", "receipt", "review", "alert", "probe",
    "cmd/ping", "reply/ping", "viewers/web-1", "viewers/web-2",
}  # fmt: skip
OWNERS = ("pi-1", "pi-2", "web-1", "web-2", "bridge-1", "eyes")
EVERY_TOPIC = [f"glass/v1/{owner}/{kind}" for owner in OWNERS for kind in sorted(KINDS)]
STRANGE_TOPICS = ["glass/v1/pi-1", "glass/v1/pi-1/status/x", "glass/v2/pi-1/status", "home/lamp", "glass/v1//status"]


def of(owners: tuple[str, ...], *kinds: str) -> set[str]:
    return {f"glass/v1/{owner}/{kind}" for owner in owners for kind in kinds}


MAY_WRITE = {
    "pi-1": of(("pi-1",), "status", "info", "health", "frame", "frame/meta", "detection", "evidence", "alert")
    | of(("pi-1",), "probe", "reply/ping"),
    "bridge-1": of(("bridge-1",), "status", "info", "health", "alert", "probe") | of(OWNERS, "receipt"),
    "web-1": of(("web-1",), "status", "info", "health", "review", "alert", "probe")
    | of(OWNERS, "cmd/ping", "viewers/web-1"),
    "eyes": of(("eyes",), "probe"),
}
ON_MOSQUITTO = {"web-1": of(OWNERS, "status", "info") | {"glass/v1//status"}}
"""A web may clear what is retained under these; what else it writes there mosquitto cannot tell from that."""
MAY_READ = {
    "pi-1": of(("pi-1",), "cmd/ping", "receipt", "viewers/web-1", "viewers/web-2", "probe"),
    "bridge-1": of(OWNERS, "detection", "evidence", "status", "info", "health") | of(("bridge-1",), "probe"),
    "web-1": set(EVERY_TOPIC),
    "eyes": set(EVERY_TOPIC),
}
SENT = {
    **MAY_WRITE,
    "pi-2": of(("pi-2",), "status", "frame", "detection", "evidence", "reply/ping"),
    "web-2": of(("web-2",), "status", "review") | of(("pi-1", "pi-2"), "cmd/ping", "viewers/web-2"),
}


def mark(sender: TestClient, id: str, at: TestClient, payload: bytes) -> list[str]:
    """Send a mark to oneself, and return the topics that `at` received before it."""
    sender.publish(f"glass/v1/{id}/probe", payload)
    return [topic for topic, *_ in at.until(f"glass/v1/{id}/probe", payload)]


@pytest.mark.parametrize("id", MAY_WRITE)
def test_an_account_writes_its_own_topics_and_no_others(any_broker: RunningBroker, id: str) -> None:
    with connected(any_broker, "watcher") as watcher, connected(any_broker, id) as sender:
        watcher.subscribe("glass/v1/#")
        for topic in (*EVERY_TOPIC, *STRANGE_TOPICS):
            sender.publish(topic)
        also = set() if any_broker.broker else ON_MOSQUITTO.get(id, set())
        assert set(mark(sender, id, watcher, b"the end")) == MAY_WRITE[id] | also


@pytest.mark.parametrize("id", MAY_READ)
def test_an_account_reads_what_its_role_is_for_and_nothing_else(any_broker: RunningBroker, id: str) -> None:
    with connected(any_broker, id) as reader:
        for topic in EVERY_TOPIC:
            reader.subscribe(topic)
        for pattern in ("glass/v1/#", "#", "glass/v1/+/frame", "+/+/+/+"):
            reader.subscribe(pattern)
        for writer, topics in SENT.items():
            with connected(any_broker, writer, client_id=f"{writer}.test") as sender:
                for topic in topics:
                    sender.publish(topic)
        with connected(any_broker, id, client_id=f"{id}.test") as sender:
            assert set(mark(sender, id, reader, b"the end")) == MAY_READ[id] & set().union(*SENT.values())


def test_strangers_are_refused(any_broker: RunningBroker) -> None:
    nobody = RunningBroker(port=any_broker.port)
    with connected(nobody, "pi-1", refused=True):
        pass
    with connected(any_broker, "pi-1", password="wrong", refused=True):
        pass
    with connected(any_broker, "stranger", password="wrong", refused=True):
        pass


def test_a_retained_status_reaches_later_subscribers_and_an_empty_one_clears_it(any_broker: RunningBroker) -> None:
    topic = "glass/v1/pi-2/status"
    with connected(any_broker, "pi-2") as node, connected(any_broker, "watcher", client_id="late") as late:
        node.publish(topic, b"online", retain=True)
        late.subscribe(topic)
        assert late.next() == (topic, b"online", 1, True)
        node.publish(topic, b"", retain=True)
        assert late.next() == (topic, b"", 1, False)
        with connected(any_broker, "watcher", client_id="later") as later:
            later.subscribe(topic)
            assert later.nothing_for(0.5)


def test_two_copies_of_a_program_replace_each_other_and_the_will_of_the_first_is_sent(
    any_broker: RunningBroker,
) -> None:
    topic = "glass/v1/pi-1/status"
    with connected(any_broker, "watcher") as watcher:
        watcher.subscribe(topic)
        with connected(any_broker, "pi-1", will=(topic, b"offline")) as first:
            first.client.reconnect_delay_set(30, 60)
            with connected(any_broker, "pi-1") as second:
                second.publish(topic, b"online", retain=True)
                seen = [payload for _, payload, *_ in (watcher.next(), watcher.next())]
                assert seen == [b"offline", b"online"]
                assert first.lost.wait(5)


def test_qos_0_stays_qos_0_and_qos_2_is_delivered_once_at_qos_1(any_broker: RunningBroker) -> None:
    topic = "glass/v1/pi-1/health"
    with connected(any_broker, "watcher") as watcher, connected(any_broker, "pi-1") as node:
        watcher.subscribe(topic, qos=1)
        node.publish(topic, b"zero", qos=0)
        node.publish(topic, b"two", qos=2)
        node.publish(topic, b"one", qos=1)
        assert [watcher.next()[1:3] for _ in range(3)] == [(b"zero", 0), (b"two", 1), (b"one", 1)]
