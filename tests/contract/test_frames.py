import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glassline.contract import Box, ContractError, from_unix
from glassline.contract.frames import MAX_COM_BYTES, check_jpeg, embed, embed_frame, extract
from glassline.contract.messages import FrameMeta, decode

JPEG = cv2.imencode(".jpg", np.random.default_rng(1).integers(0, 255, (48, 64, 3), np.uint8))[1].tobytes()


def meta(**more):
    return FrameMeta(ts=from_unix(1_800_000_000), boot="0123abcd", seq=7, image_wh=(64, 48), **more)


def test_metadata_comes_out_as_it_went_in_and_the_picture_is_the_same():
    frame = embed_frame(JPEG, meta(boxes=[Box(label="<b>ü", score=0.5, xyxyn=(0.1, 0.2, 0.3, 0.4))]))
    back = decode(FrameMeta, extract(frame))
    assert back.boxes[0].label == "<b>ü"
    assert back.seq == 7
    before, after = (cv2.imdecode(np.frombuffer(b, np.uint8), cv2.IMREAD_COLOR) for b in (JPEG, frame))
    assert (before == after).all()
    assert check_jpeg(frame) == (64, 48)


def test_a_foreign_comment_is_not_taken_for_metadata():
    with_comment = embed(JPEG, b"Created with some program")
    assert extract(with_comment) is None
    assert extract(embed(with_comment, b'{"v":1}')) == b'{"v":1}'


def test_when_metadata_is_too_long_masks_go_first_then_the_weakest_boxes():
    mask = [(i / 1000, 0.5) for i in range(1000)]
    masked = [Box(label="scratch", score=i / 100, xyxyn=(0, 0, 1, 1), mask=mask) for i in range(100)]
    back = decode(FrameMeta, extract(embed_frame(JPEG, meta(boxes=masked))))
    assert back.truncated
    assert len(back.boxes) == 100
    assert all(box.mask is None for box in back.boxes)
    long = [
        Box(label="x" * 64, score=i / 300, xyxyn=(0, 0, 1, 1), event_id=f"{i:08d}-0000-7000-8000-000000000000")
        for i in range(300)
    ]
    kept = decode(FrameMeta, extract(embed_frame(JPEG, meta(boxes=long)))).boxes
    assert 0 < len(kept) <= 300
    assert min(box.score for box in kept) >= sorted(box.score for box in long)[-len(kept)]


def test_metadata_longer_than_a_segment_is_refused():
    with pytest.raises(ContractError, match="at most"):
        embed(JPEG, b"{" + b" " * MAX_COM_BYTES)


@pytest.mark.parametrize("cut", [0, 1, 2, 3, 10, len(JPEG) // 2, len(JPEG) - 1])
def test_a_truncated_jpeg_is_named_as_such(cut):
    with pytest.raises(ContractError, match="expected"):
        check_jpeg(JPEG[:cut])


def test_a_com_segment_that_lies_about_its_length_is_refused():
    with pytest.raises(ContractError, match="inside"):
        extract(b"\xff\xd8\xff\xfe\xff\xff{}")


@settings(max_examples=300)
@given(st.binary(max_size=400))
def test_no_bytes_at_all_break_the_reader(data):
    for jpeg in (data, b"\xff\xd8" + data, JPEG[:60] + data):
        for function in (extract, check_jpeg):
            try:
                function(jpeg)
            except ContractError:
                pass
