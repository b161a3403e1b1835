"""Making a paho client as every connection of this project wants it."""

import socket
import ssl
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from .address import BrokerAddress

KEEPALIVE_S = 10
CONNECT_TIMEOUT_S = 5.0


class CaFileError(Exception):
    """`ca_file` cannot be used; the text says why."""


def new_client(
    address: BrokerAddress, *, client_id: str, id: str, password: str | None, ca_file: str | None = None
) -> mqtt.Client:
    """A fresh client for one connection: MQTT 3.1.1, clean session, no reconnecting of its own.

    CaFileError says what is wrong with `ca_file`.

    paho would keep unacknowledged QoS 1 messages over a reconnect and send them late; a client that is thrown away
    with its connection cannot.
    """
    client = mqtt.Client(
        CallbackAPIVersion.VERSION2,
        client_id=client_id,
        clean_session=True,
        protocol=mqtt.MQTTv311,
        reconnect_on_failure=False,
    )
    client.connect_timeout = CONNECT_TIMEOUT_S
    client.on_socket_open = _send_at_once
    client.max_inflight_messages_set(20)
    client.max_queued_messages_set(200)
    if password is not None:
        client.username_pw_set(id, password)
    if address.tls:
        try:
            client.tls_set(ca_certs=ca_file)
        except ssl.SSLError:
            raise CaFileError(f"`ca_file` {ca_file} holds no certificate in PEM form") from None
        except OSError as error:
            raise CaFileError(f"`ca_file` {ca_file} cannot be read: {error.strerror}") from None
    return client


def _send_at_once(client: mqtt.Client, userdata: Any, sock: Any) -> None:
    """Without this an acknowledgement and the message behind it wait 40 ms for each other (Nagle, delayed ACK)."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
