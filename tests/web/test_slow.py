"""A viewer on a slow way: it sees what is new, its node sends what it takes, and nobody else notices."""

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.hoard import Hoard
from tests.support.throttle import Throttle
from tests.support.waiting import until

from .clients import Page, RawPage
from .processes import Mosquitto, Web
from .publishers import NodeLike, picture

BYTES_PER_S = 100_000
JPEG = picture(3, image_wh=(320, 240), noise=True, quality=74)
PICTURE_S = len(JPEG) / BYTES_PER_S
assert 0.4 < PICTURE_S < 0.6


class Via:
    """The web, reached through something else."""

    def __init__(self, web: Web, port: int) -> None:
        self.port, self.url, self.trusted = port, web.url.replace(str(web.port), str(port)), web.trusted


@contextmanager
def phone(web: Web, way: Throttle | Hoard, device_id: str) -> Iterator[Page]:
    """A page behind a slow way. The way cannot carry its library's own pings in time."""
    with Page(Via(web, way.port), device_id, max_fps=15, ping_interval=None) as page:  # type: ignore[arg-type]
        yield page


def seen_in(page: Page, span_s: float) -> list[float]:
    """The ages of what arrives there in so long."""
    count = len(page.pictures)
    time.sleep(span_s)
    return [shown.age_s for shown in page.pictures[count:]]


@pytest.mark.parametrize("way", [Throttle, Hoard])
def test_a_slow_phone_sees_what_is_new(any_web: Web, node: NodeLike, way: type[Throttle] | type[Hoard]) -> None:
    node.stream(15, jpeg=JPEG)
    with way(any_web.port, bytes_per_s=BYTES_PER_S) as slow, phone(any_web, slow, node.id) as page:
        until(lambda: len(page.pictures) >= 3)
        ages = seen_in(page, 4)
        assert len(ages) >= 0.7 * 4 / PICTURE_S
        assert statistics.median(ages) < 2 * PICTURE_S
        assert max(ages) < 3 * PICTURE_S


def test_a_node_sends_what_its_only_viewer_takes_and_more_as_soon_as_it_can(web: Web, node: NodeLike) -> None:
    node.obey(jpeg=JPEG)
    with Throttle(web.port, bytes_per_s=BYTES_PER_S) as slow, phone(web, slow, node.id) as page:
        until(lambda: node.wanted_fps() == 15)
        until(lambda: 0 < node.wanted_fps() < 4, timeout_s=6)
        began_s = time.monotonic()
        time.sleep(5)
        settled = [lease.max_fps for at_s, _, lease in node.leases if at_s > began_s + 2]
        assert all(1 < fps < 4 for fps in settled)
        assert len(settled) <= 4
        slow.set_rate(None)
        until(lambda: node.wanted_fps() == 15, timeout_s=9)
        assert len(seen_in(page, 2)) > 20


def test_a_fast_viewer_beside_it_gets_every_picture(web: Web, node: NodeLike) -> None:
    node.obey(jpeg=JPEG)
    with Throttle(web.port, bytes_per_s=BYTES_PER_S) as slow, phone(web, slow, node.id):
        until(lambda: 0 < node.wanted_fps() < 4)
        with Page(web, node.id, max_fps=15) as fast:
            until(lambda: node.wanted_fps() == 15, timeout_s=2)
            time.sleep(1)
            ages = seen_in(fast, 4)
            assert len(ages) > 50
            assert statistics.median(ages) < 0.1
            assert {lease.max_fps for at_s, _, lease in node.leases if at_s > time.monotonic() - 4} <= {15}


def test_a_round_trip_is_not_taken_for_a_slow_link(web: Web, node: NodeLike) -> None:
    node.obey(jpeg=JPEG)
    with Throttle(web.port, latency_s=0.15) as far, phone(web, far, node.id) as page:
        until(lambda: node.wanted_fps() == 15)
        time.sleep(5)
        assert len(seen_in(page, 3)) > 38
        assert node.wanted_fps() == 15


@pytest.fixture(scope="module")
def strict(folder: Path, broker: Mosquitto) -> Iterator[Web]:
    """A web that has little patience."""
    with Web(folder, broker=broker.address, id="web-strict", stall_s=2) as process:
        until(lambda: process.get("/health")["broker"]["connected"])
        yield process


def _stalled(web: Web) -> int:
    return int(web.get("/health")["counters"].get("viewers_stalled", 0))


def test_who_takes_a_few_bytes_now_and_then_is_dropped_all_the_same(strict: Web, node: NodeLike) -> None:
    before = _stalled(strict)
    with Throttle(strict.port) as slow, phone(strict, slow, node.id) as page:
        node.stream(10, jpeg=JPEG)
        until(lambda: len(page.pictures) > 3)
        slow.set_rate(4000)
        until(lambda: _stalled(strict) == before + 1, timeout_s=8)
        slow.set_rate(None)
        page._thread.join(5)
        assert not page._thread.is_alive()


def test_who_is_dropped_behind_a_tunnel_is_told_why(strict: Web, node: NodeLike) -> None:
    before = _stalled(strict)
    with Hoard(strict.port, bytes_per_s=1e7) as tunnel, phone(strict, tunnel, node.id) as page:
        node.stream(10, jpeg=JPEG)
        until(lambda: len(page.pictures) > 3)
        tunnel.bytes_per_s = 10_000
        until(lambda: _stalled(strict) == before + 1, timeout_s=8)
        tunnel.bytes_per_s = 1e7
        page._thread.join(5)
        assert page.ws.close_code == 4008
        assert "nothing arrived" in (page.ws.close_reason or "")


def test_a_slow_answer_to_a_large_picture_is_no_stall(strict: Web, node: NodeLike) -> None:
    before = _stalled(strict)
    page = RawPage(strict)
    page.say(watch=[node.id])
    until(lambda: node.leases)
    sent = node.publish_frame(jpeg=picture(1, image_wh=(1280, 960), noise=True, quality=92))
    time.sleep(1.2)
    while (message := page.read())[0] != 2:
        pass
    assert message[1].endswith(sent)
    time.sleep(2.5)
    assert _stalled(strict) == before
    page.sock.close()
