"""python -m web"""

import ipaddress
import logging
import socket
import sys

from glassline.accounts import AccountsError
from glassline.accounts.tokens import Tokens
from glassline.program import SecretError, load_settings, read_secret, run_logging

from .people.sign_in import sign_in_of
from .server import PortTakenError, Server, listen
from .settings import WebSettings
from .tls import CertificateError, tls_context

log = logging.getLogger("web")


def main() -> int:
    """Serve until SIGTERM or SIGINT; 1 if it cannot listen or a file of its cannot be used, 2 if settings are wrong."""
    loaded = load_settings(WebSettings)
    settings = loaded.values
    run_logging("web", settings.id)
    try:
        if settings.password_file:
            read_secret(settings.password_file)
        tls = tls_context(settings.tls_cert, settings.tls_key) if settings.tls_cert else None
        sign_in = sign_in_of(settings)
        if sign_in is not None:
            sign_in.prepare()
        if settings.tokens:
            Tokens(settings.tokens).check()
        listener = listen(settings.http_host, settings.http_port)
    except (AccountsError, PortTakenError, SecretError, CertificateError, OSError, ValueError) as error:
        print(f"web: {error}", file=sys.stderr)
        return 1
    log.info("open %s", _address(settings, listener))
    Server(settings=settings, config=loaded.file, listener=listener, tls=tls).run()
    return 0


def _address(settings: WebSettings, listener: socket.socket) -> str:
    """Where to open it; of all this machine's addresses its name."""
    host, port = listener.getsockname()[:2]
    if ipaddress.ip_address(host).is_unspecified:
        host = socket.gethostname()
    return f"{settings.scheme}://{f'[{host}]' if ':' in host else host}:{port}"


if __name__ == "__main__":
    raise SystemExit(main())
