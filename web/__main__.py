"""python -m web"""

import logging
import sys

from glassline.program import SecretError, load_settings, read_secret, run_logging

from .server import PortTakenError, Server, listen
from .settings import WebSettings

log = logging.getLogger("web")


def main() -> int:
    """Serve until SIGTERM or SIGINT; 1 if it cannot listen or its secret cannot be read, 2 if settings are wrong."""
    settings = load_settings(WebSettings).values
    run_logging("web", settings.id)
    try:
        if settings.password_file:
            read_secret(settings.password_file)
        listener = listen(settings.http_host, settings.http_port)
    except (PortTakenError, SecretError, OSError) as error:
        print(f"web: {error}", file=sys.stderr)
        return 1
    host, port = listener.getsockname()[:2]
    log.info("open http://%s:%d", f"[{host}]" if ":" in host else host, port)
    Server(settings=settings, listener=listener).run()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
