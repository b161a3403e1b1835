"""A TLS handshake of one version, whoever's certificate it is."""

import socket
import ssl


def negotiated(port: int, version: ssl.TLSVersion) -> str | None:
    """The version that comes about with the server at `port` of this machine; ssl.SSLError if it refuses."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    with socket.create_connection(("127.0.0.1", port), 5) as plug, context.wrap_socket(plug) as tls:
        return tls.version()
