"""How what waits is bounded and how batches are cut."""

import threading
import time

from bridge.inbox import BATCH_BYTES, ITEM_COST_BYTES, Arrival, Inbox


def arrival(size_bytes: int = 0) -> Arrival:
    return Arrival("pi-1", "detection", bytes(size_bytes))


def take(inbox: Inbox, *, window_s: float = 0.0, max_items: int = 100, timeout_s: float = 0.0) -> list[Arrival]:
    return inbox.take(window_s=window_s, max_items=max_items, timeout_s=timeout_s)


def test_it_is_full_until_the_batch_is_done() -> None:
    inbox = Inbox(cap_bytes=2 * (ITEM_COST_BYTES + 1000))
    assert [inbox.put(arrival(1000)) for _ in range(3)] == [True, True, False]
    batch = take(inbox)
    assert len(batch) == 2
    assert not inbox.put(arrival()), "what is in hand still counts"
    inbox.done(batch)
    assert inbox.put(arrival(1000))
    assert inbox.counters["dropped"] == 2


def test_a_batch_holds_so_many_items_and_so_many_bytes_and_keeps_the_order() -> None:
    inbox = Inbox(cap_bytes=100_000_000)
    sent = [arrival(1_500_000 + i) for i in range(12)]
    for one in sent:
        inbox.put(one)
    batches = []
    while batch := take(inbox, window_s=0.05, max_items=7):
        batches.append(batch)
        assert sum(one.cost_bytes for one in batch) <= BATCH_BYTES
    assert [len(batch) for batch in batches] == [5, 5, 2]
    assert [one for batch in batches for one in batch] == sent
    inbox = Inbox(cap_bytes=1_000_000)
    for _ in range(5):
        inbox.put(arrival())
    assert [len(take(inbox, window_s=0.05, max_items=2)) for _ in range(3)] == [2, 2, 1]


def test_what_comes_alone_does_not_wait_for_the_window() -> None:
    inbox = Inbox(cap_bytes=1_000_000)
    inbox.put(arrival())
    began_s = time.monotonic()
    assert len(take(inbox, window_s=5.0)) == 1
    assert time.monotonic() - began_s < 1


def test_a_stream_without_a_lull_is_cut_by_the_window() -> None:
    inbox = Inbox(cap_bytes=100_000_000)
    stop = threading.Event()

    def stream() -> None:
        while not stop.wait(0.0005):
            inbox.put(arrival())

    source = threading.Thread(target=stream)
    source.start()
    try:
        began_s = time.monotonic()
        batch = take(inbox, window_s=0.2, max_items=10_000, timeout_s=5.0)
        took_s = time.monotonic() - began_s
    finally:
        stop.set()
        source.join()
    assert len(batch) > 1
    assert took_s < 2


def test_closed_it_takes_nothing_in_and_gives_what_it_has_at_once() -> None:
    inbox = Inbox(cap_bytes=1_000_000)
    inbox.put(arrival())
    inbox.close()
    assert not inbox.put(arrival())
    began_s = time.monotonic()
    assert len(take(inbox, window_s=5.0, timeout_s=5.0)) == 1
    assert take(inbox, window_s=5.0, timeout_s=5.0) == []
    assert time.monotonic() - began_s < 1
