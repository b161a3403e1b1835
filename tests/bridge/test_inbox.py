"""How what waits is bounded and shared, and how batches are cut."""

import logging
import threading
import time

from bridge.inbox import BATCH_BYTES, ITEM_COST_BYTES, Arrival, Inbox
from glassline.program import Tally


def inbox_of(cap_bytes: int) -> Inbox:
    return Inbox(cap_bytes=cap_bytes, tally=Tally(log=logging.getLogger("test")))


def arrival(size_bytes: int = 0, device_id: str = "pi-1") -> Arrival:
    return Arrival(device_id, "detection", bytes(size_bytes))


def take(inbox: Inbox, *, window_s: float = 0.0, max_items: int = 100, timeout_s: float = 0.0) -> list[Arrival]:
    return inbox.take(window_s=window_s, max_items=max_items, timeout_s=timeout_s)


def test_it_is_full_until_the_batch_is_done() -> None:
    inbox = inbox_of(4 * (ITEM_COST_BYTES + 1000))
    assert [inbox.put(arrival(1000)) for _ in range(3)] == [True, True, False]
    batch = take(inbox)
    assert len(batch) == 2
    assert not inbox.put(arrival(1000)), "what is in hand still counts"
    inbox.done(batch)
    assert inbox.put(arrival(1000))
    assert inbox.dropped == 2


def test_a_device_that_floods_leaves_room_and_turns_to_the_others() -> None:
    inbox = inbox_of(1_000_000)
    taken_in = sum(inbox.put(arrival(8000, "flood")) for _ in range(1000))
    assert taken_in == 50, "half of all"
    assert all(inbox.put(arrival(8000, "pi-1")) for _ in range(20))
    assert inbox.put(arrival(50_000, "pi-2")), "and there is a rest for the next"
    batch = take(inbox, max_items=9)
    assert [one.device_id for one in batch].count("pi-1") == 4
    assert [one.device_id for one in batch].index("pi-2") == 2
    inbox.done(batch)
    while batch := take(inbox):
        inbox.done(batch)
    assert inbox.put(arrival(480_000, "flood")), "nothing is held against anybody afterwards"


def test_a_batch_holds_so_many_items_and_so_many_bytes_and_keeps_the_order() -> None:
    inbox = inbox_of(100_000_000)
    sent = [arrival(1_500_000 + i) for i in range(12)]
    for one in sent:
        inbox.put(one)
    batches = []
    while batch := take(inbox, window_s=0.05, max_items=7):
        batches.append(batch)
        assert sum(one.cost_bytes for one in batch) <= BATCH_BYTES
    assert [len(batch) for batch in batches] == [5, 5, 2]
    assert [one for batch in batches for one in batch] == sent
    inbox = inbox_of(1_000_000)
    for _ in range(5):
        inbox.put(arrival())
    assert [len(take(inbox, window_s=0.05, max_items=2)) for _ in range(3)] == [2, 2, 1]


def test_what_comes_alone_does_not_wait_for_the_window() -> None:
    inbox = inbox_of(1_000_000)
    inbox.put(arrival())
    began_s = time.monotonic()
    assert len(take(inbox, window_s=5.0)) == 1
    assert time.monotonic() - began_s < 1


def test_a_stream_without_a_lull_is_cut_by_the_window() -> None:
    inbox = inbox_of(100_000_000)
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
    inbox = inbox_of(1_000_000)
    inbox.put(arrival())
    inbox.close()
    assert not inbox.put(arrival())
    began_s = time.monotonic()
    assert len(take(inbox, window_s=5.0, timeout_s=5.0)) == 1
    assert take(inbox, window_s=5.0, timeout_s=5.0) == []
    assert time.monotonic() - began_s < 1
