"""What listens at an address where MQTT did not come about: asked once more, without any password."""

import re
import socket
import ssl
from contextlib import suppress

from glassline.program import PortHolder, holder_of, is_own_address

from .address import BrokerAddress

_PATIENCE_S = 2.0
_CONNECT = bytes.fromhex("100c 0004 4d515454 04 02 000a 0000")
"""A CONNECT of MQTT 3.1.1: clean session, keepalive 10 s, no client id, nobody's account."""
_CONNACK = b"\x20"
_TLS_ALERT = b"\x15\x03"
_HTTP_REQUEST = b"GET / HTTP/1.0\r\n\r\n"
_BROKERS = re.compile(
    r"python[\d.]* (-m broker|(-m )?amqtt)|amqtt|mosquitto|nanomq|rumqttd|nats-server|emqx|beam\.smp|java"
)
_PASS_ON = re.compile(
    r"docker-proxy|com\.docker.*|rootlessport|rootlesskit|gvproxy|pasta|slirp4netns|conmon|ssh|sshd.*|autossh|socat|"
    r"haproxy|nginx|stunnel4?|envoy|traefik|caddy|frpc|frps|tailscaled"
)
"""Programs that listen for another one, which may be a broker: containers, tunnels, proxies."""


def accepts(address: BrokerAddress) -> bool:
    """Whether a connection comes about there at all."""
    try:
        with socket.create_connection(address.place, _PATIENCE_S):
            return True
    except OSError:
        return False


def speaks_mqtt(address: BrokerAddress) -> bool:
    """Whether a broker answers there without TLS, be it with a refusal."""
    try:
        with socket.create_connection(address.place, _PATIENCE_S) as plug:
            plug.sendall(_CONNECT)
            return plug.recv(1) == _CONNACK
    except OSError:
        return False


def speaks_tls(address: BrokerAddress) -> bool:
    """Whether a TLS handshake comes about there, whoever's certificate it is."""
    try:
        with _secured(socket.create_connection(address.place, _PATIENCE_S), address.host):
            return True
    except (OSError, ValueError):
        return False


def other_protocol(address: BrokerAddress) -> str:
    """What speaks there, if that is no MQTT, in words; empty if nothing can be told. A broker says nothing to HTTP."""
    said = (_said(address, tls=True) if address.tls else b"") or _said(address, tls=False)
    if not said or said.startswith(_TLS_ALERT):
        return ""
    if said.startswith(b"HTTP/"):
        return "a web server"
    if said.startswith(b"SSH-"):
        return "an SSH server"
    return "a program that speaks another protocol"


def _said(address: BrokerAddress, *, tls: bool) -> bytes:
    with suppress(OSError, ValueError):
        plug = socket.create_connection(address.place, _PATIENCE_S)
        with _secured(plug, address.host) if tls else plug as talk:
            talk.sendall(_HTTP_REQUEST)
            return talk.recv(64)
    return b""


def program_there(address: BrokerAddress) -> PortHolder | None:
    """Who listens there, if the address is one of this machine and we may know."""
    try:
        found = {str(where[0]) for *_, where in socket.getaddrinfo(*address.place, type=socket.SOCK_STREAM)}
    except OSError:
        return None
    return holder_of(address.port) if any(map(is_own_address, found)) else None


def may_be_broker(holder: PortHolder) -> bool:
    """Whether the program may be a broker, or pass on to one."""
    return bool(_BROKERS.fullmatch(holder.program) or _PASS_ON.fullmatch(holder.program))


def _secured(plug: socket.socket, host: str) -> ssl.SSLSocket:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(plug, server_hostname=host)
