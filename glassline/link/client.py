"""Making a paho client as every connection of this project wants it."""

import hashlib
import logging
import socket
from functools import lru_cache
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from .access import Keys
from .address import BrokerAddress

log = logging.getLogger(__name__)

KEEPALIVE_S = 10
CONNECT_TIMEOUT_S = 5.0
_ROUNDS = 20_000


@lru_cache(maxsize=256)
def client_id_of(id: str, password: str | None) -> str:
    """The client id of the program `id`: the same for every copy of it, so that a second one replaces the first.

    mosquitto lets any account take the place of any client id. So where there is a password it is part of it, in a form
    that tells nobody the password, and nobody else can know it.
    """
    if password is None:
        return id
    return f"{id}.{hashlib.pbkdf2_hmac('sha256', password.encode(), id.encode(), _ROUNDS).hex()[:16]}"


def new_client(address: BrokerAddress, *, client_id: str, id: str, password: str | None, keys: Keys) -> mqtt.Client:
    """A fresh client for one connection: MQTT 3.1.1, clean session, no reconnecting of its own.

    paho would keep unacknowledged QoS 1 messages over a reconnect and send them late; a client that is thrown away
    with its connection cannot. CertificateError where `keys` hold a CA that cannot be used.
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
        client.tls_set_context(keys.context(address.host))
    return client


def _send_at_once(client: mqtt.Client, userdata: Any, sock: Any) -> None:
    """Without this an acknowledgement and the message behind it wait 40 ms for each other (Nagle, delayed ACK)."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def hang_up(client: mqtt.Client) -> None:
    """Close without a word, so that the broker speaks the will unless a DISCONNECT went before.

    It ends paho's thread for sure, which would wait for acknowledgements that a frozen broker never sends.
    """
    sock = client.socket()
    if sock is not None:
        try:
            sock.close()
        except OSError as error:
            log.debug("closing: %s", error)
    client.loop_stop()
