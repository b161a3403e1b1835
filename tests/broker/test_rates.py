"""What comes more often, or more in bytes, than the contract allows: dropped, counted by account, told on the wire."""

import json
import time

from broker.limits import Limits
from glassline.contract.messages import Health, Info
from glassline.contract.rates import BURST_S
from glassline.contract.topics import SPECS
from tests.broker.conftest import ROLES
from tests.support.clients import connected
from tests.support.embedded_broker import RunningBroker, embedded_broker

FLOOD = "glass/v1/pi-1/detection"
AT_ONCE = round(SPECS["detection"].max_per_s * BURST_S)


def flood(node, count: int) -> float:
    """Publish so many, wait for the last acknowledgement, and return the seconds it took."""
    began_s = time.monotonic()
    for number in range(count - 1):
        node.client.publish(FLOOD, str(number), 1)
    node.publish(FLOOD, "last")
    return time.monotonic() - began_s


def test_a_flood_is_cut_to_the_rate_and_the_others_notice_nothing(guarded: RunningBroker) -> None:
    with connected(guarded, "web-1") as web, connected(guarded, "pi-1") as node, connected(guarded, "pi-2") as other:
        web.subscribe("glass/v1/+/detection")
        seconds = flood(node, 3 * AT_ONCE)
        other.publish("glass/v1/pi-2/detection", b"mark")
        got = len(web.until("glass/v1/pi-2/detection", b"mark"))
    most = AT_ONCE + seconds * SPECS["detection"].max_per_s + 1
    assert AT_ONCE <= got <= most
    assert guarded.counts["denied_rate"] == 3 * AT_ONCE - got


def test_control_without_accounts_everything_comes(open_broker: RunningBroker) -> None:
    with connected(open_broker, "web-1") as web, connected(open_broker, "pi-1") as node:
        web.subscribe("glass/v1/+/detection")
        flood(node, 3 * AT_ONCE)
        assert len(web.until(FLOOD, b"last")) == 3 * AT_ONCE - 1


def test_an_account_has_so_many_bytes_over_all_topics() -> None:
    limits = Limits(account_bytes_per_s=100_000)
    with embedded_broker(ROLES, limits=limits) as broker, connected(broker, "eyes") as eyes:
        eyes.subscribe("glass/v1/#", qos=0)
        with connected(broker, "pi-1") as node:
            for kind in ("frame", "evidence") * 10:
                node.publish(f"glass/v1/pi-1/{kind}", bytes(100_000))
            node.publish("glass/v1/pi-1/detection", b"end")
            assert broker.counts["denied_rate"] >= 13
        with connected(broker, "pi-2") as other:
            other.publish("glass/v1/pi-2/frame", bytes(100_000))
        eyes.until("glass/v1/pi-2/frame", bytes(100_000))


def test_the_broker_says_who_it_is_and_whose_messages_it_did_not_take() -> None:
    will = ("glass/v1/pi-1/status", b"offline")
    with embedded_broker(ROLES, id="broker") as broker, connected(broker, "pi-1", will=will) as node:
        node.publish("glass/v1/pi-2/frame")
        node.publish("glass/v1/pi-1/health", bytes(SPECS["health"].max_bytes + 1))
        with connected(broker, "eyes") as eyes:
            eyes.subscribe("glass/v1/broker/#")
            assert eyes.next() == ("glass/v1/broker/status", b"online", 1, True)
            topic, payload, _, retained = eyes.next()
            assert (topic, Info.model_validate_json(payload).role, retained) == ("glass/v1/broker/info", "broker", True)
            while not (health := Health.model_validate_json(eyes.next()[1])).denied:
                pass
        assert health.denied == {"pi-1": 2}
        assert health.denied_ages_s.keys() == {"pi-1"}
        assert {"denied_publish": 1, "denied_oversize": 1}.items() <= health.counters.items()
        assert "secret" not in json.dumps(health.to_dict())


def test_the_broker_says_whose_password_is_wrong_and_names_nobody_it_does_not_know() -> None:
    with embedded_broker(ROLES, id="broker") as broker, connected(broker, "eyes") as eyes:
        for name in ("pi-1", "pi-9"):
            with connected(broker, name, password="guessed", refused=True) as stranger:
                assert stranger.refused == 134
        eyes.subscribe("glass/v1/broker/health")
        while not (health := Health.model_validate_json(eyes.next()[1])).turned_away_ages_s:
            pass
    assert health.turned_away_ages_s.keys() == {"pi-1"}
    assert 0 <= health.turned_away_ages_s["pi-1"] <= 6
    assert health.denied == {}


def test_a_program_that_was_revoked_is_still_told_of() -> None:
    with embedded_broker(ROLES, id="broker") as broker:
        with connected(broker, "pi-1"):
            pass
        assert broker.accounts is not None
        broker.accounts.remove("pi-1")
        with connected(broker, "eyes") as eyes:
            with connected(broker, "pi-1", refused=True):
                eyes.subscribe("glass/v1/broker/health")
            while not (health := Health.model_validate_json(eyes.next()[1])).turned_away_ages_s:
                pass
        assert health.turned_away_ages_s.keys() == {"pi-1"}
