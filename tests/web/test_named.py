"""What only the server can see of a node that does not come through: the chain names it, by code."""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from glassline.contract import Role, from_unix, parse, topic_of
from glassline.contract.ids import BROKER_ID
from glassline.contract.messages import Health
from tests.support.clients import connected
from tests.support.embedded_broker import RunningBroker, embedded_broker
from tests.support.waiting import until
from web.programs.hub import Hub
from web.programs.signs import Signs

from .clients import Page
from .processes import Mosquitto, Web
from .publishers import NodeLike

ROLES = {
    "pi-1": Role.NODE, "pi-2": Role.NODE, "pi-3": Role.OBSERVER, "pi-4": Role.NODE, "eyes": Role.OBSERVER,
    "web-1": Role.WEB,
}  # fmt: skip


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


def test_a_node_that_speaks_another_contract_is_named(web: Web, broker: Mosquitto) -> None:
    with connected(RunningBroker(port=broker.port), "pi-old") as old:
        old.publish(topic_of("status", "pi-old"), b"online", retain=True)
        old.publish(topic_of("health", "pi-old"), b'{"v": 0, "state": "ok"}')
        assert until_cause(web, "pi-old", "node.other_contract")["hop"] == "node"


def test_one_stray_message_of_another_contract_accuses_nobody_who_speaks_ours(web: Web, node: NodeLike) -> None:
    until(lambda: web.http.get(f"/api/devices/{node.id}").is_success)
    node.link.publish("health", b'{"v": 0, "state": "ok"}')
    until(lambda: web.get(f"/api/devices/{node.id}")["refused"].get("other_version"))
    assert cause(web, node.id).get("code") != "node.other_contract"


@pytest.mark.parametrize(("off_s", "code"), [(3600, "node.clock_wrong"), (-3600, "node.clock_wrong"), (5, None)])
def test_a_clock_that_is_far_off_is_named_and_a_small_difference_is_not(
    web: Web, node: NodeLike, off_s: float, code: str | None
) -> None:
    def health() -> None:
        envelope = node.link.envelope() | {"ts": from_unix(time.time()) + timedelta(seconds=off_s)}
        node.link.envelope = lambda: envelope  # type: ignore[method-assign]
        node.publish_health()

    until(lambda: web.http.get(f"/api/devices/{node.id}").is_success)
    for _ in range(3):
        health()
    node.publish_health(uptime_s=77)
    until(lambda: (web.get(f"/api/devices/{node.id}")["health"] or {}).get("uptime_s") == 77)
    also = [one["code"] for one in web.get(f"/api/devices/{node.id}/chain")["also"]]
    named = {cause(web, node.id).get("code"), *also}
    assert ("node.clock_wrong" in named) == (code is not None)


def of(boot: str, *, ts: float, viewers: int = 0) -> Health:
    return Health(ts=from_unix(ts), boot=boot, state="ok", uptime_s=1, viewers=viewers)


def test_a_report_that_lay_somewhere_says_nothing_of_a_clock_and_one_that_was_set_shows_soon() -> None:
    signs = Signs()
    signs.note(of("00000001", ts=900), -5.0, 995.2)
    assert signs.clock_offset_s is None, "one report alone says nothing"
    for number in range(3):
        signs.note(of("00000001", ts=1000 + 5 * number), 5 * number, 1000.2 + 5 * number)
    signs.note(of("00000001", ts=1015), 15, 1600)
    assert signs.clock_offset_s == pytest.approx(-0.2)
    for number in range(3):
        signs.note(of("00000001", ts=5 * number), 20 + 5 * number, 1605 + 5 * number)
    assert signs.clock_offset_s == pytest.approx(-1605)


def test_who_was_started_anew_is_given_time_to_hear_that_it_is_asked() -> None:
    signs = Signs()
    signs.note(of("00000001", ts=0), 0.0, 0.0)
    signs.note(of("00000001", ts=5), 5.0, 5.0)
    assert signs.unasked_since_s == 0.0
    signs.note(of("00000002", ts=10), 10.0, 10.0)
    assert signs.unasked_since_s == 10.0, "another process"
    signs.note(of("00000002", ts=40), 40.0, 40.0)
    assert signs.unasked_since_s == 40.0, "it was away"
    signs.note(of("00000002", ts=45, viewers=1), 45.0, 45.0)
    assert signs.unasked_since_s is None
    signs.note(of("00000002", ts=50), 50.0, 50.0)
    assert signs.unasked_since_s == 35.0, "its lease ran out"
    signs.note(of("00000003", ts=55), 55.0, 55.0)
    assert signs.unasked_since_s == 55.0


def test_a_mistyped_password_of_a_person_makes_no_node_and_one_of_a_node_none_for_ever(
    accounts: tuple[RunningBroker, Web],
) -> None:
    broker, web = accounts
    with (
        connected(broker, "eyes", password="guessed", refused=True),
        connected(broker, "pi-4", password="guessed", refused=True),
    ):
        until(lambda: "pi-4" in [one["deviceId"] for one in web.get("/api/devices")["devices"]])
    assert "eyes" not in [one["deviceId"] for one in web.get("/api/devices")["devices"]]
    hub = Hub(changed=lambda id: None)
    for ages_s in ({"pi-4": 1.0}, {}):
        told = Health(ts=from_unix(0), boot="00000001", state="ok", uptime_s=1, turned_away_ages_s=ages_s)
        hub.on_message(parse(topic_of("health", BROKER_ID)), told.to_json(), False)
        assert [one.id for one in hub.all()] == ["broker", *ages_s]


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
