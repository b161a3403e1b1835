"""The slow link of the tests is as slow as it says."""

import socket
import threading
import time
from contextlib import contextmanager

import pytest

from .throttle import Throttle


@contextmanager
def far_end(serve):
    """Something that listens; `serve(connection)` runs for one connection."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def run():
            connection, _ = listening.accept()
            with connection:
                serve(connection)

        thread = threading.Thread(target=run)
        thread.start()
        yield listening.getsockname()[1]
        thread.join(10)


def swallow(connection):
    """Read to the end, then say how much it was."""
    total = 0
    while chunk := connection.recv(65536):
        total += len(chunk)
    connection.sendall(str(total).encode())


def timed(link, size_bytes):
    """Seconds until the far end has all of so many bytes."""
    with socket.create_connection(("127.0.0.1", link.port)) as plug:
        began_s = time.monotonic()
        plug.sendall(bytes(size_bytes))
        plug.shutdown(socket.SHUT_WR)
        assert plug.recv(100) == str(size_bytes).encode()
        return time.monotonic() - began_s


@pytest.mark.parametrize("bytes_per_s", [20_000, 250_000, pytest.param(2_000_000, marks=pytest.mark.alone)])
def test_it_carries_what_it_says(bytes_per_s):
    with far_end(swallow) as port, Throttle(port, bytes_per_s=bytes_per_s) as link:
        took_s = timed(link, int(bytes_per_s * 1.5))
    print(f"{bytes_per_s / took_s * 1.5:.0f} bytes/s where {bytes_per_s} were asked for")
    assert 1.5 / 1.1 < took_s < 1.5 * 1.1


def test_the_way_back_has_the_same_rate_of_its_own():
    with (
        far_end(lambda connection: connection.sendall(bytes(100_000))) as port,
        Throttle(port, bytes_per_s=100_000) as link,
        socket.create_connection(("127.0.0.1", link.port)) as plug,
    ):
        began_s = time.monotonic()
        total = 0
        while chunk := plug.recv(65536):
            total += len(chunk)
        assert total == 100_000
        assert 0.9 < time.monotonic() - began_s < 1.2


def test_the_rate_can_change_on_the_way():
    with far_end(swallow) as port, Throttle(port, bytes_per_s=50_000) as link:
        threading.Timer(1, link.set_rate, [None]).start()
        assert 0.9 < timed(link, 1_000_000) < 1.5


def test_a_link_that_idled_has_saved_up_nothing():
    def echo(connection):
        for _ in range(4):
            left = 10_000
            while left:
                left -= len(connection.recv(left))
            connection.sendall(b"y")

    with (
        far_end(echo) as port,
        Throttle(port, bytes_per_s=100_000) as link,
        socket.create_connection(("127.0.0.1", link.port)) as plug,
    ):
        for _ in range(4):
            began_s = time.monotonic()
            plug.sendall(bytes(10_000))
            assert plug.recv(1) == b"y"
            assert 0.09 < time.monotonic() - began_s < 0.25
            time.sleep(0.2)


def test_it_does_not_hide_a_backlog_in_a_buffer():
    with (
        far_end(swallow) as port,
        Throttle(port, bytes_per_s=50_000) as link,
        socket.create_connection(("127.0.0.1", link.port)) as plug,
    ):
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        plug.setblocking(False)
        taken = 0
        for _ in range(10):
            time.sleep(0.05)
            try:
                while True:
                    taken += plug.send(bytes(4096))
            except BlockingIOError:
                continue
        print(f"{taken} bytes taken in 0.5 s at 50000 bytes/s")
        assert taken < 25_000 * 1.2 + 40_000


def test_latency_is_added_and_takes_nothing_from_the_rate():
    with far_end(swallow) as port, Throttle(port, bytes_per_s=200_000, latency_s=0.2) as link:
        assert 1 + 2 * 0.2 - 0.1 < timed(link, 200_000) < 1 + 2 * 0.2 + 0.15
