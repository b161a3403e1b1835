"""The link against both brokers, real sockets, real freezes."""

import os
import signal
import socket
import ssl
import threading
import time

import pytest
from paho.mqtt.client import MQTTMessage

from glassline.contract import ContractError, Reason, Role
from glassline.contract.messages import Info, Probe, Receipt, decode
from glassline.contract.topics import filter_of
from glassline.link import BrokerAddress, Sent, probe_broker
from tests.support.embedded_broker import broker_process, free_port
from tests.support.links import Heard, listener, make_link
from tests.support.mosquitto import mosquitto
from tests.support.waiting import until

ROLES = {"pi-1": Role.NODE, "web-1": Role.WEB, "eye": Role.OBSERVER}


@pytest.fixture(params=["embedded", "mosquitto"])
def broker(request):
    with (broker_process if request.param == "embedded" else mosquitto)(ROLES) as running:
        yield running


def test_birth_and_death_are_told(broker):
    with listener(broker) as heard:
        with make_link(broker.url, "pi-1", broker.passwords["pi-1"]) as link:
            assert heard.wait_for(lambda kind, id, payload, _: (kind, id, payload) == ("status", "pi-1", b"online"))
            assert heard.wait_for(lambda kind, id, *_: (kind, id) == ("info", "pi-1"))
            assert link.state.connected
        assert heard.wait_for(lambda kind, id, payload, _: (kind, id, payload) == ("status", "pi-1", b"offline"), 3)


def test_once_it_listens_all_arrives(broker):
    heard, listens = [], []
    web, node = (make_link(broker.url, id, broker.passwords[id]) for id in ("web-1", "pi-1"))
    for kind in ("health", "detection", "frame"):
        web.on(filter_of(kind), lambda address, *_: heard.append(address.kind), qos=1)

    def once_listening():
        listens.append(True)
        assert node.publish("detection", b"{}")

    web.on_listening(once_listening)
    with node:
        until(lambda: node.state.connected)
        with web:
            until(lambda: heard == ["detection"] * len(listens) != [])
            web._client.socket().shutdown(socket.SHUT_RDWR)
            until(lambda: len(listens) == len(heard) == 2)


def test_a_frame_is_acknowledged_before_the_next(broker):
    with listener(broker) as heard, make_link(broker.url, "pi-1", broker.passwords["pi-1"]) as link:
        until(lambda: link.state.connected)
        for _ in range(5):
            assert link.publish_and_wait("frame", b"x" * 50_000, timeout_s=5) is Sent.ACKNOWLEDGED
        until(lambda: heard.count("frame") == 5)


def test_nothing_is_queued_while_the_broker_hangs_and_nothing_old_comes_afterwards(broker):
    with listener(broker) as heard, make_link(broker.url, "pi-1", broker.passwords["pi-1"]) as link:
        until(lambda: link.state.connected)
        os.kill(broker.pid, signal.SIGSTOP)
        try:
            results = [link.publish_and_wait("frame", bytes([i]) * 50_000, timeout_s=0.3) for i in range(10)]
            assert Sent.ACKNOWLEDGED not in results
            until(lambda: not link.state.connected, 30)
            assert link.publish("health", b"{}") is False
        finally:
            os.kill(broker.pid, signal.SIGCONT)
        until(lambda: link.state.connected, 20)
        before = heard.count("frame")
        assert link.publish_and_wait("frame", b"new", timeout_s=5) is Sent.ACKNOWLEDGED
        assert heard.wait_for(lambda kind, id, payload, _: payload == b"new")
        assert heard.count("frame") - before == 1


def test_a_stopping_link_does_not_wait_for_a_hung_broker(broker):
    link = make_link(broker.url, "pi-1", broker.passwords["pi-1"])
    link.start()
    until(lambda: link.state.connected)
    os.kill(broker.pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        link.stop()
        assert time.monotonic() - began < 4
    finally:
        os.kill(broker.pid, signal.SIGCONT)


def test_the_link_waits_for_a_broker_and_comes_back_after_it_died():
    port = free_port()
    with make_link(f"mqtt://127.0.0.1:{port}", "pi-1", None) as link:
        until(lambda: link.state.code is Reason.BROKER_REFUSED)
        for _ in range(2):
            with broker_process(port=port):
                until(lambda: link.state.connected, 20)
            until(lambda: not link.state.connected)


def test_a_wrong_password_is_named(broker):
    with make_link(broker.url, "pi-1", "wrong") as link:
        until(lambda: link.state.code is Reason.BROKER_BAD_CREDENTIALS)
        assert "pi-1" in link.state.sentence
        assert "secret" not in link.state.sentence


def test_another_program_on_the_port_is_named():
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_answer_http, args=(server,), daemon=True).start()
        with make_link(f"mqtt://127.0.0.1:{server.getsockname()[1]}", "pi-1", None) as link:
            until(lambda: link.state.code is Reason.BROKER_NOT_MQTT)


def _answer_http(server):
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        connection.close()


def test_a_handler_that_raises_does_not_end_the_connection(broker):
    heard = Heard()
    link = make_link(broker.url, "pi-1", broker.passwords["pi-1"])
    link.on(filter_of("probe", "pi-1"), lambda *_: 1 / 0)
    link.on(filter_of("probe", "pi-1"), heard)
    with link:
        until(lambda: link.state.connected)
        for _ in range(3):
            until(lambda: link.publish("probe", Probe(nonce="n").to_json()))
        until(lambda: link.counters["handler_failed"] >= 3)
        assert link.state.connected


def test_a_payload_over_the_contracts_limit_is_refused_here(broker):
    with make_link(broker.url, "pi-1", broker.passwords["pi-1"]) as link:
        until(lambda: link.state.connected)
        with pytest.raises(ContractError, match="at most 2000000"):
            link.publish("frame", b"x" * 2_000_001)
        assert link.state.connected


@pytest.mark.parametrize("id", ["pi-1", "web-1"])
def test_the_probe_sees_its_echo_beside_the_running_program(broker, id):
    with make_link(broker.url, id, broker.passwords[id]) as link:
        until(lambda: link.state.connected)
        since = link.state.since
        found = probe_broker(link.address, id=id, password=broker.passwords[id])
        assert found.ok, found.sentence
        assert found.echo_ms is not None
        assert link.state.since == since


def test_an_observer_may_probe_but_not_pose_as_a_program(broker):
    address = BrokerAddress.parse(broker.url)
    assert probe_broker(address, id="eye", password=broker.passwords["eye"]).ok


def test_the_probe_names_what_is_wrong(broker):
    address = BrokerAddress.parse(broker.url)
    assert probe_broker(address, id="pi-1", password="wrong").code is Reason.BROKER_BAD_CREDENTIALS
    closed = BrokerAddress("127.0.0.1", free_port())
    assert probe_broker(closed, id="pi-1", password=None).code is Reason.BROKER_REFUSED
    nowhere = BrokerAddress("no-such-name.invalid", 1883)
    assert probe_broker(nowhere, id="pi-1", password=None).code is Reason.BROKER_UNRESOLVED


@pytest.mark.parametrize(("content", "says"), [(None, "No such file"), ("no certificate", "PEM")])
def test_a_ca_file_that_cannot_be_used_is_named_and_the_link_tries_again(tmp_path, content, says):
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    address = f"mqtts://127.0.0.1:{free_port()}"
    with make_link(address, "pi-1", None, ca_file=str(file)) as link:
        until(lambda: link.state.code is Reason.SETTINGS_WRONG)
        assert "`ca_file`" in link.state.sentence
        assert says in link.state.sentence
        trusted = ssl.create_default_context().get_ca_certs(binary_form=True)
        file.write_text("".join(ssl.DER_cert_to_PEM_cert(der) for der in trusted))
        until(lambda: link.state.code is Reason.BROKER_REFUSED)
    found = probe_broker(BrokerAddress.parse(address), id="pi-1", password=None, ca_file="/no/such/ca.pem")
    assert (found.ok, found.code) == (False, Reason.SETTINGS_WRONG)
    assert "/no/such/ca.pem" in found.sentence


def test_a_link_that_is_stopped_while_it_connects_leaves_no_online_behind(broker):
    link = make_link(broker.url, "pi-1", broker.passwords["pi-1"])
    os.kill(broker.pid, signal.SIGSTOP)
    try:
        link.start()
        time.sleep(0.3)
        began = time.monotonic()
        link.stop()
        assert time.monotonic() - began < 2
    finally:
        os.kill(broker.pid, signal.SIGCONT)
    with listener(broker) as heard:
        assert not heard.wait_for(lambda kind, id, payload, _: (kind, id, payload) == ("status", "pi-1", b"online"), 2)


def test_what_is_refused_is_counted_by_topic_and_fault_and_told_without_flooding_the_log(caplog):
    link = make_link("mqtt://127.0.0.1:1", "web-1", None)
    for kind, model in (("receipt", Receipt), ("info", Info)):
        link.on(filter_of(kind), lambda _address, payload, _retained, model=model: decode(model, payload))
    for topic, payload in (
        (b"glass/v1/pi-1/receipt", b"no JSON \x1b[2J"),
        (b"glass/v1/pi-1/receipt", b"{"),
        (b"glass/v1/pi-2/receipt", b"{}"),
        (b"glass/v1/pi-1/info", bytes(40_000)),
        (b"glass/v1/pi-\xff/info", b""),
        (b"elsewhere", b""),
    ):
        message = MQTTMessage(topic=topic)
        message.payload = payload
        link._on_message(None, None, message)
    assert link.counters == {
        "refused_receipt_not_json": 2,
        "refused_receipt_wrong_value": 1,
        "refused_info_too_large": 1,
        "refused_topic": 2,
    }
    assert len(caplog.records) == 4
    assert "\x1b" not in caplog.text


def test_an_account_of_another_role_is_told_from_a_wrong_password():
    with broker_process(ROLES) as broker:
        with make_link(broker.url, "eye", broker.passwords["eye"]) as link:
            until(lambda: link.state.code is Reason.NODE_DENIED, what=lambda: link.state)
            assert "its account has another role" in link.state.sentence
        with make_link(broker.url, "eye", broker.passwords["eye"], "bridge") as link:
            until(lambda: link.state.code is Reason.BROKER_NO_ECHO, what=lambda: link.state)
        with make_link(broker.url, "pi-1", "guessed") as link:
            until(lambda: link.state.code is Reason.BROKER_BAD_CREDENTIALS, what=lambda: link.state)
