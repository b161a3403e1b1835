"""What a hostile account, or a stranger, tries over MQTT. Each says whether it succeeded at a broker.

The attacker is the node pi-1; pi-2 is its victim. Where the broker asks for no accounts, anybody is anybody.
"""

import time
from collections.abc import Callable

from glassline.contract.topics import EVERYTHING
from tests.support.clients import RawClient, TestClient, connect_packet, connected, packet, text
from tests.support.embedded_broker import RunningBroker
from tests.support.links import make_link
from tests.support.waiting import until

Attack = Callable[[RunningBroker], bool]
ATTACKS: dict[str, Attack] = {}
NOW_S = 0.5
"""What has not come so long after a mark that was sent later does not come."""
SURELY_S = 15
"""Where nobody is asked who he is it must come, on a busy machine too."""


def attack(function: Attack) -> Attack:
    """One for the table, under its own name."""
    ATTACKS[function.__name__] = function
    return function


def _arrives(at: RunningBroker, topic: str, *, by: str = "pi-1", retain: bool = False, size_bytes: int = 6) -> bool:
    """Whether somebody who may hear everything hears what `by` publishes to `topic`."""
    with connected(at, "web-1") as web, connected(at, by) as attacker:
        web.subscribe(EVERYTHING)
        sent = attacker.client.publish(topic, bytes(size_bytes), 1, retain)
        try:
            sent.wait_for_publish(5)
            attacker.publish(f"glass/v1/{by}/probe", b"mark")
        except (AssertionError, RuntimeError):
            return False  # the connection was ended for it
        return any(message[0] == topic for message in web.until(f"glass/v1/{by}/probe", b"mark"))


def _hears(at: RunningBroker, filter: str, topic: str, *, reader: str = "pi-1", writer: str = "web-1") -> bool:
    """Whether `reader` gets what `writer` publishes to `topic`."""
    with connected(at, reader) as spy, connected(at, writer) as other:
        spy.subscribe(filter)
        other.publish(topic, b"secret")
        return _got(at, spy, topic)


def _got(at: RunningBroker, client: TestClient, topic: str) -> bool:
    end_s = time.monotonic() + (NOW_S if at.passwords else SURELY_S)
    while (left_s := end_s - time.monotonic()) > 0:
        if client.messages.empty():
            time.sleep(min(0.02, left_s))
        elif client.messages.get()[0] == topic:
            return True
    return False


def _loses_its_place(at: RunningBroker, *, user: str | None, password: str | None) -> bool:
    """Whether the program pi-2 is thrown out, so that its will is sent, by who connects under its name with these."""
    with connected(at, "web-1") as web, make_link(at.url, "pi-2", at.passwords.get("pi-2")) as victim:
        until(lambda: victim.state.connected)
        web.subscribe("glass/v1/pi-2/status")
        while web.next()[1] != b"online":
            pass
        with RawClient(at.port) as intruder:
            intruder.send(connect_packet("pi-2", user=user, password=password))
            return _got(at, web, "glass/v1/pi-2/status")


# -- in another's name -------------------------------------------------------------------------------------------


@attack
def say_that_another_is_offline(at: RunningBroker) -> bool:
    return _arrives(at, "glass/v1/pi-2/status")


@attack
def find_in_anothers_name(at: RunningBroker) -> bool:
    return _arrives(at, "glass/v1/pi-2/detection")


@attack
def show_a_picture_in_anothers_name(at: RunningBroker) -> bool:
    return _arrives(at, "glass/v1/pi-2/frame")


@attack
def replace_anothers_evidence(at: RunningBroker) -> bool:
    return _arrives(at, "glass/v1/pi-2/evidence")


@attack
def report_health_in_anothers_name(at: RunningBroker) -> bool:
    return _arrives(at, "glass/v1/pi-2/health")


@attack
def empty_anothers_outbox_with_a_forged_receipt(at: RunningBroker) -> bool:
    return _hears(at, "glass/v1/pi-2/receipt", "glass/v1/pi-2/receipt", reader="pi-2", writer="pi-1")


@attack
def command_another(at: RunningBroker) -> bool:
    return _hears(at, "glass/v1/pi-2/cmd/+", "glass/v1/pi-2/cmd/restart", reader="pi-2", writer="pi-1")


@attack
def command_as_an_observer(at: RunningBroker) -> bool:
    return _hears(at, "glass/v1/pi-2/cmd/+", "glass/v1/pi-2/cmd/restart", reader="pi-2", writer="eyes")


@attack
def find_as_the_bridge(at: RunningBroker) -> bool:
    return _arrives(at, "glass/v1/pi-2/detection", by="bridge-1")


@attack
def ask_for_anothers_pictures(at: RunningBroker) -> bool:
    return _hears(at, "glass/v1/pi-2/viewers/+", "glass/v1/pi-2/viewers/web-1", reader="pi-2", writer="pi-1")


@attack
def leave_a_will_that_says_another_is_offline(at: RunningBroker) -> bool:
    with connected(at, "web-1") as web:
        web.subscribe("glass/v1/pi-2/status")
        with RawClient(at.port) as dying:
            dying.login(at, "pi-1", will=("glass/v1/pi-2/status", b"offline"))
        return _got(at, web, "glass/v1/pi-2/status")


# -- reading what is not for it ------------------------------------------------------------------------------------


@attack
def read_everything(at: RunningBroker) -> bool:
    return _hears(at, "#", "glass/v1/pi-2/cmd/config")


@attack
def read_anothers_commands(at: RunningBroker) -> bool:
    return _hears(at, "glass/v1/pi-2/cmd/#", "glass/v1/pi-2/cmd/config")


@attack
def read_all_commands_by_a_wildcard(at: RunningBroker) -> bool:
    return _hears(at, "glass/v1/+/cmd/+", "glass/v1/pi-2/cmd/config")


@attack
def watch_anothers_pictures(at: RunningBroker) -> bool:
    return _hears(at, "glass/v1/pi-2/frame", "glass/v1/pi-2/frame", writer="pi-2")


@attack
def read_anothers_finds(at: RunningBroker) -> bool:
    return _hears(at, "glass/v1/+/detection", "glass/v1/pi-2/detection", writer="pi-2")


@attack
def read_what_was_retained_before_it_came(at: RunningBroker) -> bool:
    with connected(at, "pi-2") as other:
        other.publish("glass/v1/pi-2/info", b"secret", retain=True)
    with connected(at, "pi-1") as spy:
        spy.subscribe("glass/v1/#")
        return _got(at, spy, "glass/v1/pi-2/info")


# -- taking a place --------------------------------------------------------------------------------------------------


@attack
def come_in_without_a_password(at: RunningBroker) -> bool:
    return _is_let_in(at, connect_packet("pi-9"))


@attack
def come_in_with_a_guessed_password(at: RunningBroker) -> bool:
    return _is_let_in(at, connect_packet("pi-2", user="pi-2", password="guessed it"))


@attack
def come_in_under_an_unknown_name(at: RunningBroker) -> bool:
    return _is_let_in(at, connect_packet("admin", user="admin", password="admin-admin"))


@attack
def throw_another_out_with_ones_own_account(at: RunningBroker) -> bool:
    user, password = _account(at, "pi-1")
    return _loses_its_place(at, user=user, password=password)


@attack
def throw_another_out_with_a_wrong_password(at: RunningBroker) -> bool:
    return _loses_its_place(at, user="pi-2", password="a wrong one")


@attack
def throw_another_out_as_an_observer(at: RunningBroker) -> bool:
    user, password = _account(at, "eyes")
    return _loses_its_place(at, user=user, password=password)


# -- planting and flooding -------------------------------------------------------------------------------------------


@attack
def plant_a_retained_command(at: RunningBroker) -> bool:
    with connected(at, "pi-1") as attacker:
        attacker.publish("glass/v1/pi-2/cmd/restart", b'{"v":1}', retain=True)
    with connected(at, "pi-2") as victim:
        victim.subscribe("glass/v1/pi-2/cmd/+")
        return _got(at, victim, "glass/v1/pi-2/cmd/restart")


@attack
def plant_a_topic_of_no_contract(at: RunningBroker) -> bool:
    return _arrives(at, "glass/v1/pi-1/cmd/x/y", retain=True)


@attack
def send_twenty_megabytes_at_once(at: RunningBroker) -> bool:
    """In one packet, on a topic of its own."""
    with connected(at, "web-1") as web, RawClient(at.port) as attacker:
        web.subscribe("glass/v1/pi-1/frame", qos=0)
        attacker.login(at, "pi-1")
        try:
            attacker.send(packet(0x30, text("glass/v1/pi-1/frame") + bytes(20_000_000)))
        except OSError:
            return False  # it is hung up on
        return _got(at, web, "glass/v1/pi-1/frame")


def _account(at: RunningBroker, id: str) -> tuple[str | None, str | None]:
    return (id, at.passwords[id]) if at.passwords else (None, None)


def _is_let_in(at: RunningBroker, connect: bytes) -> bool:
    with RawClient(at.port) as stranger:
        stranger.send(connect)
        return stranger.connack() == 0
