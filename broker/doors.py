"""The doors of the broker: sockets that listen, each plain or under TLS, and the streams of whoever comes in."""

import asyncio
import socket
import ssl
from dataclasses import dataclass

from glassline.program import ServerCertificate

_GOODBYE_S = 2.0
"""How long a TLS connection may take to close."""
_BUFFER_BYTES = 65_536
_NOT_TLS = {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "HTTPS_PROXY_REQUEST", "UNKNOWN_PROTOCOL", "UNSUPPORTED_PROTOCOL"}


@dataclass(frozen=True)
class Door:
    """A bound socket. `certificate` None: connections through it are plain."""

    socket: socket.socket
    certificate: ServerCertificate | None = None

    @property
    def place(self) -> tuple[str, int]:
        """Host and port on which it is bound."""
        host, port = self.socket.getsockname()[:2]
        return host, port

    def __str__(self) -> str:
        host, port = self.place
        return f"{host}:{port}{' (TLS)' if self.certificate else ''}"


async def open_streams(
    plug: socket.socket, door: Door, handshake_s: float
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """The streams of an accepted connection, after its TLS handshake where the door wants one.

    ssl.SSLError, ConnectionError or TimeoutError when that does not come about.
    """
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(loop=loop)
    protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
    if door.certificate is None:
        transport, _ = await loop.connect_accepted_socket(lambda: protocol, plug)
    else:
        transport, _ = await loop.connect_accepted_socket(
            lambda: protocol, plug, ssl=door.certificate.context,
            ssl_handshake_timeout=handshake_s, ssl_shutdown_timeout=_GOODBYE_S,
        )  # fmt: skip
        transport.set_write_buffer_limits(_BUFFER_BYTES)
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)


def handshake_sentence(error: ssl.SSLError) -> str:
    """What a client did to end its TLS handshake, in words."""
    reason = error.reason or str(error)
    if reason in _NOT_TLS:
        return "does not speak TLS 1.2 or later, and this port wants it"
    if "ALERT" in reason and ("CA" in reason.split("_") or "CERTIFICATE" in reason):
        return f"does not trust the broker's certificate ({reason.lower().replace('_', ' ')})"
    return f"did not complete the TLS handshake ({reason.lower().replace('_', ' ')})"
