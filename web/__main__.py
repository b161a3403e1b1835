"""python -m web"""

import logging
import sys

from glassline.program import SecretError, load_settings, read_secret, run_logging

from .server import PortTakenError, Server, listen
from .settings import WebSettings
from .tls import CertificateError, tls_context

log = logging.getLogger("web")


def main() -> int:
    """Serve until SIGTERM or SIGINT; 1 if it cannot listen or a file of its cannot be used, 2 if settings are wrong."""
    settings = load_settings(WebSettings).values
    run_logging("web", settings.id)
    try:
        if settings.password_file:
            read_secret(settings.password_file)
        tls = tls_context(settings.tls_cert, settings.tls_key) if settings.tls_cert else None
        listener = listen(settings.http_host, settings.http_port)
    except (PortTakenError, SecretError, CertificateError, OSError) as error:
        print(f"web: {error}", file=sys.stderr)
        return 1
    host, port = listener.getsockname()[:2]
    log.info("open %s://%s:%d", settings.scheme, f"[{host}]" if ":" in host else host, port)
    Server(settings=settings, listener=listener, tls=tls).run()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
