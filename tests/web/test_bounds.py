"""What the web keeps of what anybody may send: so much and no more, and rather what is there than what is new."""

import json
import logging

import pytest

from glassline.contract import ContractError, new_event_id, parse
from glassline.contract.messages import Detection, FrameMeta, decode
from glassline.program import Tally
from tests.fuzz.seeds import EXAMPLES
from web.catalogue import MAX_WANTED, Catalogue
from web.finds import MAX_UNCONFIRMED, MAX_UNCONFIRMED_BYTES, Unconfirmed
from web.live.intake import MAX_WAITING_BYTES, Intake, Picture
from web.programs.hub import MAX_PICTURES_BYTES, MAX_PROGRAMS, Hub

META = decode(FrameMeta, json.dumps(EXAMPLES["FrameMeta"]).encode())
HEALTH = json.dumps(EXAMPLES["Health"]).encode()


def find() -> Detection:
    return decode(Detection, json.dumps(EXAMPLES["Detection"] | {"event_id": new_event_id()}).encode())


def picture(device_id: str, size_bytes: int, at_s: float) -> Picture:
    return Picture(device_id=device_id, jpeg=bytes(size_bytes), meta=META, image_wh=(32, 24), arrived_s=at_s)


@pytest.mark.parametrize(("size_bytes", "kept"), [(700, MAX_UNCONFIRMED), (200_000, MAX_UNCONFIRMED_BYTES // 200_000)])
def test_unconfirmed_finds_are_bounded_in_number_and_in_bytes(size_bytes: int, kept: int) -> None:
    unconfirmed = Unconfirmed()
    last = [find() for _ in range(600)]
    for detection in last:
        unconfirmed.see("pi-1", detection, size_bytes)
    assert [one.detection for one in unconfirmed.all()] == last[: -kept - 1 : -1]


def test_pictures_are_bounded_in_bytes_and_the_one_silent_longest_goes() -> None:
    hub = Hub(changed=lambda _id: None)
    for number in range(30):
        hub.on_picture(picture(f"pi-{number}", 2_000_000, float(number)))
    held = [program.id for program in hub.all() if program.picture]
    assert len(held) == MAX_PICTURES_BYTES // 2_000_000
    assert "pi-0" not in held
    assert "pi-29" in held


def test_who_is_there_is_not_pushed_out_and_one_too_many_is_refused() -> None:
    hub = Hub(changed=lambda _id: None)
    for number in range(MAX_PROGRAMS):
        hub.on_message(parse(f"glass/v1/there-{number}/health"), HEALTH, False)
    with pytest.raises(ContractError, match="one more") as refused:
        hub.on_message(parse("glass/v1/new/health"), HEALTH, False)
    assert refused.value.why == "too_many"
    assert len(hub.all()) == MAX_PROGRAMS


def test_frames_that_wait_are_bounded_over_all_devices() -> None:
    tally = Tally(log=logging.getLogger("test"))
    refused: list[tuple[str, str]] = []
    intake = Intake(clock_of=lambda _id: None, tally=tally, on_refused=lambda id, why: refused.append((id, why)))
    for number in range(100):
        intake.offer(f"pi-{number}", bytes(2_000_000))
    intake.offer("pi-0", bytes(2_000_000))
    assert tally.report()["refused_frame_too_many"] == len(refused) == 100 - MAX_WAITING_BYTES // 2_000_000
    intake.take()
    intake.offer("pi-99", bytes(2_000_000))
    assert intake.counters["frames_replaced"] == 1


def test_defects_to_read_again_are_bounded_while_the_store_hangs() -> None:
    catalogue = Catalogue(url="sqlite:nowhere", read=lambda *_: None, overrun=lambda: None, noticed=lambda _: None)
    for _ in range(3 * MAX_WANTED):
        catalogue.refresh(new_event_id())
    assert len(catalogue._wanted) == MAX_WANTED + 1
