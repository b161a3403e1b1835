"""N viewers in one process and one thread, on one epoll.

`python -m workbench.bench.viewers PORT N DEVICE MAX_FPS [plain]` prints `ready` when every viewer has got a picture,
runs until its input ends, then prints JSON {"frames": [[[seq, …], [Unix seconds, …]] for each viewer], "closed": n}.
"""

import base64
import json
import os
import selectors
import socket
import sys
import threading

from .reading import TEXT, InflatingStream, Stream, client_message
from .until_told import end_of_input

HANDSHAKE_TIMEOUT_S = 60


OFFER = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
"""Every browser offers to take compressed messages."""


def connect(port: int, watch: str, max_fps: float, *, plain: bool = False) -> Stream:
    """A viewer that has asked for the pictures of `watch`; `plain` offers no compression."""
    sock = socket.create_connection(("127.0.0.1", port), HANDSHAKE_TIMEOUT_S)
    answer, head = handshake(sock, port, plain=plain)
    sock.sendall(client_message(TEXT, json.dumps({"watch": [watch], "max_fps": max_fps}).encode()))
    sock.setblocking(False)
    return InflatingStream(sock, head) if b"permessage-deflate" in answer else Stream(sock, head)


def handshake(sock: socket.socket, port: int, *, plain: bool) -> tuple[bytes, bytes]:
    """(the server's answer, what came behind it) to a WebSocket's opening; ConnectionError if it is refused."""
    key = base64.b64encode(os.urandom(16)).decode()
    sock.sendall(
        f"GET /live HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n{'' if plain else OFFER}\r\n".encode()
    )
    data = b""
    while b"\r\n\r\n" not in data:
        more = sock.recv(1024)
        if not more:
            raise ConnectionError("closed during the handshake")
        data += more
    answer, _, head = data.partition(b"\r\n\r\n")
    status = answer.partition(b"\r\n")[0].decode(errors="replace")
    if " 101 " not in status:
        raise ConnectionError(f"refused: {status}")
    return answer, head


class Viewers:
    """All viewers of the process."""

    def __init__(self, *, port: int, count: int, watch: str, max_fps: float, plain: bool) -> None:
        self.streams: list[Stream] = []
        self.closed = 0
        self._port, self._count, self._watch, self._max_fps = port, count, watch, max_fps
        self._plain = plain
        self._selector = selectors.DefaultSelector()
        self._failed: Exception | None = None

    def run(self, ending: threading.Event) -> None:
        """Connect all and read until told to end; raises what kept one from connecting."""
        threading.Thread(target=self._connect_all, daemon=True).start()
        ready = False
        while not ending.is_set():
            events = self._selector.select(0.2)
            for key, _ in events:
                self._read(key.data)
            if self._failed:
                raise self._failed
            if not ready and len(self.streams) == self._count and all(stream.seqs for stream in self.streams):
                ready = True
                print("ready", flush=True)

    def _connect_all(self) -> None:
        """On a thread of its own, so that who is connected already reads meanwhile."""
        try:
            for _ in range(self._count):
                stream = connect(self._port, self._watch, self._max_fps, plain=self._plain)
                self.streams.append(stream)
                self._selector.register(stream.sock, selectors.EVENT_READ, stream)
        except Exception as error:  # noqa: BLE001 - handed to the thread that runs
            self._failed = error

    def _read(self, stream: Stream) -> None:
        stream.read()
        if not stream.open:
            self.closed += 1
            self._selector.unregister(stream.sock)
            stream.sock.close()


def main(port: str, count: str, watch: str, max_fps: str, plain: str = "") -> int:
    """Run; what was seen goes to standard output."""
    viewers = Viewers(port=int(port), count=int(count), watch=watch, max_fps=float(max_fps), plain=bool(plain))
    viewers.run(end_of_input())
    frames = [[stream.seqs.tolist(), stream.arrived_s.tolist()] for stream in viewers.streams]
    print(json.dumps({"frames": frames, "closed": viewers.closed}))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
