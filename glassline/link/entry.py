"""Whether an account is let in at all: a broker that refuses a last will says no more than "not authorised"."""

import secrets
import threading
from typing import Any

import paho.mqtt.client as mqtt

from .access import Keys
from .address import BrokerAddress
from .client import KEEPALIVE_S, new_client

_PATIENCE_S = 3.0
NOT_AUTHORISED = {5, 135}
"""MQTT 3.1.1 table 3.1, and what paho makes of it. mosquitto says it of a wrong password too."""


def is_let_in(address: BrokerAddress, *, id: str, password: str | None, keys: Keys) -> bool:
    """Whether the account may come in if it leaves no will. Never raises."""
    answered, codes = threading.Event(), list[Any]()

    def on_connect(client: mqtt.Client, userdata: Any, flags: Any, code: Any, properties: Any) -> None:
        codes.append(code)
        answered.set()

    client_id = f"{id}.entry-{secrets.token_hex(4)}"
    client = new_client(address, client_id=client_id, id=id, password=password, keys=keys)
    client.on_connect, client.connect_timeout = on_connect, _PATIENCE_S
    try:
        client.connect(*address.place, KEEPALIVE_S)
    except OSError:
        return False
    client.loop_start()
    try:
        return answered.wait(_PATIENCE_S) and not codes[0].is_failure
    finally:
        client.disconnect()
        client.loop_stop()
