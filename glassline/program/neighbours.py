"""What a program may know of another one that the same settings file sets up."""

from pathlib import Path

from .loopback import is_loopback
from .settings import read_tables

WEB_PORT = 5000
"""Where the web listens unless it is told otherwise."""


def joining_port(file: Path | None) -> int | None:
    """Where the web of this machine takes `glassline join` from others, over HTTPS; None if it does not.

    SettingsError if the file cannot be read. What is wrong in [web] is for the web to say.
    """
    web = read_tables(file).get("web", {})
    host, port = web.get("http_host"), web.get("http_port", WEB_PORT)
    takes = web.get("tokens") and web.get("tls_cert") and isinstance(host, str) and not is_loopback(host)
    return port if takes and isinstance(port, int) and 0 < port < 65536 else None
