"""gunicorn, embedded: one worker process with threads, on a socket that was bound before, all by our own settings."""

import contextlib
import errno
import logging
import socket
import ssl
import sys
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger
from gunicorn.workers.gthread import ThreadWorker

from glassline.child import die_with_parent
from glassline.program import Tally, holder_of, shown

from .app import create_app
from .services import Services
from .settings import WebSettings

log = logging.getLogger(__name__)

STOP_S = 2
WORKER_STOP_S = 1
HUNG_S = 120
BIND_PATIENCE_S = 3.0


class PortTakenError(Exception):
    """Another program listens there; the text names it where it can be known."""


def listen(host: str, port: int) -> socket.socket:
    """Bind and listen; PortTakenError or OSError. A predecessor that is just ending gets a moment."""
    until_s = time.monotonic() + BIND_PATIENCE_S
    while True:
        try:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            return socket.create_server((host, port), family=family, backlog=512)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            holder = holder_of(port)
            is_web = holder is not None and holder.program.endswith(" -m web")
            if not is_web or time.monotonic() >= until_s:
                raise PortTakenError(_taken(port, str(holder or ""))) from None
            time.sleep(0.2)


def _taken(port: int, owner: str) -> str:
    apple = sys.platform == "darwin" and port in (5000, 7000) and (not owner or "ControlC" in owner)
    whose = "AirPlay (System Settings, AirDrop & Handoff)" if apple else owner or "another program"
    return (
        f"port {port} is taken by {whose}: end that, or choose another with `http_port` in [web] of glassline.toml, "
        f"GLASS_HTTP_PORT or --http-port"
    )


class Worker(ThreadWorker):  # type: ignore[misc]
    """The one process that serves. Its services live as long as it does, and end as soon as it is told to."""

    services: Services

    def run(self) -> None:
        die_with_parent()
        self.cfg.set("graceful_timeout", WORKER_STOP_S)
        self.services = self.app.services
        self.log.error_log.addFilter(Malformed(self.services.tally))
        with self.services:
            self.services.systemd.ready()
            super().run()

    def handle(self, conn: Any) -> Any:
        """In a thread: one request of a connection, from its first byte to its end.

        The connection is closed here as well: that waits for the other side, and gunicorn would have the one thread
        wait that accepts everybody.
        """
        readings, goes_on = self.services.readings, False
        if not readings.begin(conn):
            _close(conn, graceful=False)
            return False
        try:
            goes_on = super().handle(conn)
        finally:
            if not goes_on:
                _close(conn, graceful=True)
            readings.done()
        return goes_on

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """SIGTERM: viewers hold their threads for ever, so they are sent away before these are waited for."""
        threading.Thread(target=self.services.fanout.stop, name="goodbye", daemon=True).start()
        super().handle_exit(sig, frame)


def _close(conn: Any, *, graceful: bool) -> None:
    """Close for good: gunicorn closes once more."""
    with contextlib.suppress(OSError):
        conn.close(graceful=graceful)
    conn.close = lambda graceful=False: None


class Malformed(logging.Filter):
    """Takes gunicorn's line for every request that is no HTTP out of the log, and counts it with the others."""

    def __init__(self, tally: Tally) -> None:
        super().__init__()
        self._tally = tally

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if not text.startswith("Invalid request"):
            return True
        self._tally.note("refused_http_malformed", shown(text, limit=300))
        return False


class ServerLogger(Logger):  # type: ignore[misc]
    """gunicorn's own words, from warnings on, in the program's log."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True
        self.error_log.setLevel(logging.WARNING)


class Server(BaseApplication):  # type: ignore[misc]
    """gunicorn with our settings and nothing from its own files, arguments or environment."""

    def __init__(
        self, *, settings: WebSettings, config: Path | None, listener: socket.socket, tls: ssl.SSLContext | None
    ) -> None:
        self._settings, self._config, self._listener, self._tls = settings, config, listener, tls
        self.services: Services | None = None
        super().__init__()

    def load_config(self) -> None:
        for name, value in {
            "bind": f"fd://{self._listener.detach()}",
            "worker_class": Worker,
            "workers": 1,
            "threads": self._settings.threads,
            "worker_connections": self._settings.threads + 200,
            "timeout": HUNG_S,
            "graceful_timeout": STOP_S,
            "keepalive": 5,
            "proc_name": "glassline-web",
            "logger_class": ServerLogger,
            "control_socket_disable": True,
            **self._tls_config(),
        }.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def _tls_config(self) -> dict[str, Any]:
        """One context for all connections; the names of the files only tell gunicorn that there is TLS."""
        if self._tls is None:
            return {}
        files = {"certfile": self._settings.tls_cert, "keyfile": self._settings.tls_key}
        return {**files, "ssl_context": lambda config, default: self._tls}

    def load(self) -> Any:
        """In the worker, after the fork."""
        self.services = Services(settings=self._settings, config=self._config)
        return create_app(services=self.services)
