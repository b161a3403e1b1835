"""The obvious way: one loop over all connections that calls the library's `send` on each, under the same web server.

`python -m workbench.bench.naive BROKER PORT THREADS`
"""

import sys
import threading
from typing import Any

from flask import Flask
from flask_sock import Sock
from gunicorn.app.base import BaseApplication
from simple_websocket import ConnectionClosed

from .newest import Newest
from .until_told import end_with_input


class Loop:
    """All connections, and the thread that sends to one after the other."""

    def __init__(self, *, broker: str) -> None:
        self.connections: list[Any] = []
        self._bell = threading.Event()
        self._newest = Newest(broker=broker, client_id="naive", rang=self._bell.set)

    def start(self) -> None:
        self._newest.__enter__()
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while self._bell.wait():
            self._bell.clear()
            frame = self._newest.take()
            if frame is None:
                continue
            device_id, jpeg = frame
            message = bytes([len(device_id)]) + device_id.encode() + jpeg
            for connection in tuple(self.connections):
                try:
                    connection.send(message)
                except (ConnectionClosed, OSError):
                    self.connections.remove(connection)


class Server(BaseApplication):  # type: ignore[misc]
    """gunicorn as the web has it."""

    def __init__(self, *, broker: str, port: int, threads: int) -> None:
        self._broker, self._port, self._threads = broker, port, threads
        super().__init__()

    def load_config(self) -> None:
        for name, value in {
            "bind": f"127.0.0.1:{self._port}", "worker_class": "gthread", "workers": 1, "threads": self._threads,
            "worker_connections": self._threads + 200, "graceful_timeout": 1, "loglevel": "warning",
            "control_socket_disable": True,
        }.items():  # fmt: skip
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Flask:
        """In the worker, after the fork."""
        loop = Loop(broker=self._broker)
        loop.start()
        app = Flask(__name__)

        @Sock(app).route("/live")  # type: ignore[untyped-decorator]
        def live(ws: Any) -> None:
            loop.connections.append(ws)
            while True:
                ws.receive()

        return app


if __name__ == "__main__":
    end_with_input()
    Server(broker=sys.argv[1], port=int(sys.argv[2]), threads=int(sys.argv[3])).run()
