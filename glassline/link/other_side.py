"""What listens at an address where MQTT did not come about: asked once, without any password."""

import socket
import ssl

from .address import BrokerAddress

_PATIENCE_S = 2.0
_CONNECT = bytes.fromhex("100c 0004 4d515454 04 02 000a 0000")
"""A CONNECT of MQTT 3.1.1: clean session, keepalive 10 s, no client id, nobody's account."""
_CONNACK = b"\x20"


def speaks_mqtt(address: BrokerAddress) -> bool:
    """Whether a broker answers there without TLS, be it with a refusal."""
    try:
        with socket.create_connection((address.host, address.port), _PATIENCE_S) as plug:
            plug.sendall(_CONNECT)
            return plug.recv(1) == _CONNACK
    except OSError:
        return False


def speaks_tls(address: BrokerAddress) -> bool:
    """Whether a TLS handshake comes about there, whoever's certificate it is."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with (
            socket.create_connection((address.host, address.port), _PATIENCE_S) as plug,
            context.wrap_socket(plug, server_hostname=address.host),
        ):
            return True
    except (OSError, ValueError):
        return False
