"""What the same garbage does to whoever has no guard. Each control fails if the harm does not show."""

import base64
import itertools
import json
import re
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.sync_api import Error, Page

from broker.limits import Limits
from glassline.contract import new_event_id
from tests.support.clients import RawClient, connected
from tests.support.embedded_broker import RunningBroker, embedded_broker, free_port
from tests.support.plain_amqtt import plain_amqtt
from tests.support.waiting import until

from . import payloads

Control = Callable[[Page, Path], None]
_NAN = '{"settings": {"a": NaN}}'


def decodes_half_a_picture(page: Page, _folder: Path) -> None:
    whole = payloads.picture(1)
    source = "data:image/jpeg;base64," + base64.b64encode(whole[: len(whole) // 2]).decode()
    size = page.evaluate(
        "async source => { const image = new Image(); image.src = source;"
        " await new Promise(done => { image.onload = image.onerror = done; });"
        " return [image.naturalWidth, image.naturalHeight]; }",
        source,
    )
    assert size == [640, 480], "a browser shows it as a whole picture, the rest of it grey"


def decodes_the_bomb(_page: Page, folder: Path) -> None:
    (folder / "bomb.jpg").write_bytes(payloads.bomb())
    code = (
        "import resource, sys, cv2, numpy as np\n"
        "resource.setrlimit(resource.RLIMIT_AS, (2_500_000_000, 2_500_000_000))\n"
        "cv2.imdecode(np.fromfile(sys.argv[1], np.uint8), cv2.IMREAD_COLOR)\n"
    )
    run = subprocess.run([sys.executable, "-c", code, folder / "bomb.jpg"], capture_output=True, text=True, timeout=60)
    assert run.returncode != 0
    wanted = re.search(r"Failed to allocate (\d+) bytes", run.stderr)
    assert wanted, run.stderr[-500:]
    assert int(wanted[1]) >= 3_000_000_000


def decodes_every_scan(_page: Page, _folder: Path) -> None:
    def decode_s(jpeg: bytes) -> float:
        began_s = time.process_time()
        cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
        return time.process_time() - began_s

    few, many = payloads.many_scans(0), payloads.many_scans(500)
    assert len(many) < 40_000
    assert decode_s(many) > 10 * decode_s(few)


def _naive_segments(jpeg: bytes, steps: int) -> list[bytes]:
    """As it is written in an evening: believe every length."""
    found, at = [], 2
    for _ in range(steps):
        length = int.from_bytes(jpeg[at + 2 : at + 4], "big")
        found.append(jpeg[at + 4 : at + 2 + length])
        at += length
        if jpeg[at + 1 : at + 2] == b"\xda":
            break
    return found


def walks_segments_for_ever(_page: Page, _folder: Path) -> None:
    liar = payloads.with_segment(payloads.segment(0xFE, length=0))
    assert len(_naive_segments(liar, 100_000)) == 100_000


def reads_beyond_the_segment(_page: Page, _folder: Path) -> None:
    liar = payloads.with_segment(payloads.segment(0xFE, b"{}", length=65_535))
    assert len(_naive_segments(liar, 1)[0]) > 5000, "half of the picture is taken for metadata"


def breaks_the_browsers_json(page: Page, _folder: Path) -> None:
    assert json.loads(_NAN), "Python reads and writes it"
    with pytest.raises(Error, match="SyntaxError"):
        page.evaluate("text => JSON.parse(text)", _NAN)


def recurses_too_deep(_page: Page, _folder: Path) -> None:
    with pytest.raises(RecursionError):
        json.loads(payloads.DEEP)


def takes_many_times_its_size(_page: Page, _folder: Path) -> None:
    text = payloads.nested_lists(1_000_000)
    tracemalloc.start()
    read = json.loads(text)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert read["v"] == 1
    assert peak > 15 * len(text)


def leaves_the_folder(_page: Page, folder: Path) -> None:
    assert not (folder / "images" / "../../../../etc/passwd").resolve().is_relative_to(folder / "images")


def stands_on_top_for_ever(_page: Page, _folder: Path) -> None:
    now = datetime.now(UTC)
    listed = sorted([now, now + timedelta(days=300), datetime(2100, 1, 1, tzinfo=UTC)], reverse=True)
    assert listed[0].year == 2100, "also in 300 days"


def falls_off_the_list(_page: Page, _folder: Path) -> None:
    found = [datetime(1970, 1, 1, tzinfo=UTC), *(datetime(2026, 1, day, tzinfo=UTC) for day in range(1, 32))]
    assert datetime(1970, 1, 1, tzinfo=UTC) not in sorted(found, reverse=True)[:30], "nobody sees it"


def overflows(_page: Page, _folder: Path) -> None:
    with pytest.raises(OverflowError):
        datetime(9999, 12, 31, 23, tzinfo=UTC) + timedelta(hours=2)


def stores_every_copy(_page: Page, _folder: Path) -> None:
    rows = [json.loads(copy) for copy in [payloads.detection(event_id=new_event_id())] * 50]
    assert len(rows) == 50


def takes_the_older_for_the_newer(_page: Page, _folder: Path) -> None:
    stored: dict[str, int] = {}
    for rev in (5, 3, 4, 0):
        stored["event"] = rev
    assert stored["event"] == 0


def runs_the_script(page: Page, _folder: Path) -> None:
    page.set_content("<p id=label></p>")
    page.evaluate("text => { document.querySelector('#label').innerHTML = text; }", payloads.SCRIPT)
    page.wait_for_function("window.pwned === 1", timeout=5000)


def grows_with_every_name(_page: Page, _folder: Path) -> None:
    programs: dict[str, bytes] = {}
    for number in range(10_000):
        programs[f"made-up-{number}"] = b"online"
    assert len(programs) == 10_000


def remembers_every_topic(_page: Page, _folder: Path) -> None:
    ask = lru_cache(maxsize=8192)(lambda topic: False)
    tracemalloc.start()
    for number in range(200):
        ask(f"{number}/" + "x" * 60_000)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held / 200 * 8192 > 400_000_000


def waits_for_no_number(_page: Page, _folder: Path) -> None:
    with pytest.raises(ValueError, match="NaN"):
        time.sleep(float("nan"))


def keeps_empty_pieces(_page: Page, _folder: Path) -> None:
    pieces: list[str] = []
    for piece in itertools.repeat("", 100_000):
        pieces.append(piece)
        if sum(map(len, pieces[:1])) > 8192:
            break
    assert len(pieces) == 100_000, "no limit of characters ever ends it"


def forges_a_line(_page: Page, _folder: Path) -> None:
    line = "12:00:00 WARNING web: a label: {}".format("x\n12:00:01 ERROR broker: all is lost")
    assert len(line.splitlines()) == 2


def takes_all_that_comes(_page: Page, _folder: Path) -> None:
    with plain_amqtt(port := free_port()):
        plain = RunningBroker(port=port)
        with connected(plain, "reader") as reader, connected(plain, "sender") as sender:
            reader.subscribe("glass/v1/#")
            sender.publish("glass/v1/pi-1/frame", bytes(3_000_000), qos=0)
            assert len(reader.next()[1]) == 3_000_000


def drops_who_subscribes_to_more_than_may_wait(_page: Page, _folder: Path) -> None:
    with embedded_broker(limits=Limits(retained_bytes=32_000_000)) as broker:
        with connected(broker, "sender") as sender:
            for number in range(300):
                sender.publish(f"glass/v1/kept-{number}/info", bytes(20_000), retain=True)
        with RawClient(broker.port, receive_buffer=4096) as reader, connected(broker, "sender") as sender:
            reader.login(broker, "reader")
            reader.subscribe("glass/v1/#", 1)
            sender.publish("glass/v1/kept-1/status", b"online")
            until(lambda: broker.counts.get("dropped_slow"), what="it is dropped for what it was given")
