"""What only the server can see of a node that does not come through: the chain names it, by code."""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from glassline.contract import Role, from_unix, topic_of
from tests.support.clients import connected
from tests.support.embedded_broker import RunningBroker, embedded_broker
from web.boots import Boots

from .clients import Page
from .processes import Mosquitto, Web, until
from .publishers import NodeLike

ROLES = {"pi-1": Role.NODE, "pi-2": Role.NODE, "pi-3": Role.OBSERVER, "web-1": Role.WEB}


def cause(web: Web, id: str) -> dict[str, Any]:
    answer = web.http.get(f"/api/devices/{id}/chain")
    return (answer.json().get("first_cause") or {}) if answer.is_success else {}


def until_cause(web: Web, id: str, code: str, timeout_s: float = 15) -> dict[str, Any]:
    return until(lambda: (told := cause(web, id)).get("code") == code and told, timeout_s=timeout_s, what=code)


@pytest.fixture(scope="module")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningBroker, Web]]:
    """A broker that reports itself and asks for passwords, and a web at it."""
    folder = tmp_path_factory.mktemp("named")
    with embedded_broker(ROLES, id="broker") as broker:
        (folder / "password").write_text(broker.passwords["web-1"])
        (folder / "password").chmod(0o600)
        with Web(folder, broker=broker.url, password_file=folder / "password") as web:
            until(lambda: web.get("/health")["broker"]["connected"])
            yield broker, web


def test_a_node_with_a_wrong_password_is_named_at_the_server(accounts: tuple[RunningBroker, Web]) -> None:
    broker, web = accounts
    with connected(broker, "pi-1") as node:
        node.publish(topic_of("status", "pi-1"), b"offline", retain=True)
    with connected(broker, "pi-1", password="guessed", refused=True):
        told = until_cause(web, "pi-1", "node.bad_credentials")
    assert "glassline rotate pi-1" in told["remedy"]


def test_a_stranger_who_tries_a_nodes_name_accuses_nobody_who_is_there(accounts: tuple[RunningBroker, Web]) -> None:
    broker, web = accounts
    with NodeLike(broker.url, "pi-2", password=broker.passwords["pi-2"]) as node:
        with connected(broker, "pi-2", password="guessed", refused=True):
            node.publish_health()
        until(lambda: "pi-2" in (web.get("/api/devices/broker").get("health") or {}).get("turned_away_ages_s", {}))
        assert cause(web, "pi-2").get("code") != "node.bad_credentials"


def test_an_account_of_another_role_is_named_at_the_server(accounts: tuple[RunningBroker, Web]) -> None:
    broker, web = accounts
    with connected(broker, "pi-3", client_id="pi-3.tool") as tool:
        tool.publish(topic_of("health", "pi-3"), b"{}")
    node = NodeLike(broker.url, "pi-3", password=broker.passwords["pi-3"])
    node.link.start()
    try:
        told = until_cause(web, "pi-3", "node.denied")
    finally:
        node.link.stop()
    assert "`glassline enroll pi-3 --role node`" in told["remedy"]


def test_a_tool_that_looks_around_in_a_nodes_name_accuses_it_of_nothing(accounts: tuple[RunningBroker, Web]) -> None:
    broker, web = accounts
    with connected(broker, "pi-1", client_id="pi-1.tool") as tool:
        assert tool.subscribe("glass/v1/#") == [128]
    until(lambda: (web.get("/api/devices/broker").get("health") or {}).get("denied", {}).get("pi-1"))
    assert "pi-1" not in web.get("/api/devices/broker")["health"].get("denied_ages_s", {})


def test_two_nodes_of_one_name_are_named_and_a_restart_is_not(web: Web, broker: Mosquitto) -> None:
    with NodeLike(broker.address, "pi-twice"):
        until(lambda: web.http.get("/api/devices/pi-twice").is_success)
    with NodeLike(broker.address, "pi-twice") as second:
        second.publish_health()
        until(lambda: web.get("/api/devices/pi-twice")["online"])
        assert cause(web, "pi-twice").get("code") != "node.twice"
        with NodeLike(broker.address, "pi-twice"):
            told = until_cause(web, "pi-twice", "node.twice")
    assert "a name of its own" in told["remedy"]


def test_a_boot_that_comes_back_is_seen_and_a_new_one_is_not() -> None:
    boots = Boots()
    for number, boot in enumerate("aabbcc"):
        boots.note(boot, number)
    assert boots.back_at_s is None
    boots.note("b", 10.0)
    assert boots.back_at_s == 10.0


def test_a_node_that_speaks_another_contract_is_named(web: Web, node: NodeLike) -> None:
    until(lambda: web.http.get(f"/api/devices/{node.id}").is_success)
    node.link.publish("health", b'{"v": 0, "state": "ok"}')
    told = until_cause(web, node.id, "node.other_contract")
    assert told["hop"] == "node"


@pytest.mark.parametrize(("off_s", "code"), [(3600, "node.clock_wrong"), (-3600, "node.clock_wrong"), (5, None)])
def test_a_clock_that_is_far_off_is_named_and_a_small_difference_is_not(
    web: Web, node: NodeLike, off_s: float, code: str | None
) -> None:
    def health() -> None:
        envelope = node.link.envelope() | {"ts": from_unix(time.time()) + timedelta(seconds=off_s)}
        node.link.envelope = lambda: envelope  # type: ignore[method-assign]
        node.publish_health()

    until(lambda: web.http.get(f"/api/devices/{node.id}").is_success)
    health()
    until(lambda: (web.get(f"/api/devices/{node.id}")["health"] or {}).get("ts", "") != "")
    time.sleep(0.5)
    also = [one["code"] for one in web.get(f"/api/devices/{node.id}/chain")["also"]]
    named = {cause(web, node.id).get("code"), *also}
    assert ("node.clock_wrong" in named) == (code is not None)


def test_a_node_that_is_not_told_of_viewers_is_named(web: Web, node: NodeLike) -> None:
    node.publish_health(viewers=0)
    with Page(web, node.id):
        until(lambda: node.leases)
        for _ in range(5):
            node.publish_health(viewers=1)
            time.sleep(1)
            assert cause(web, node.id).get("code") != "node.not_asked"

        def deaf() -> bool:
            node.publish_health(viewers=0)
            time.sleep(0.5)
            return cause(web, node.id).get("code") == "node.not_asked"

        until(deaf, timeout_s=25)
