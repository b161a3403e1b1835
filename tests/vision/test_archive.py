"""Models packed into one file, and what is not taken out of one."""

import json
import os
import stat
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest

from glassline.contract.archives import file_name, parse_file_name
from glassline.vision import DEFAULT_MODEL
from glassline.vision.archive import ArchiveError, pack, sha256_of, unpack
from glassline.vision.errors import CardError, DetectorError
from glassline.vision.files import variants

FIXTURES = Path(__file__).parent / "fixtures"
ONNX = (FIXTURES / "detect.onnx").read_bytes()
CARD = {"labels": ["red", "blue"], "files": {"best.onnx": sha256(ONNX).hexdigest()}}
GOOD = {"best.json": json.dumps(CARD).encode(), "best.onnx": ONNX}


def archive(path, members, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as made:
        for name, content in members.items():
            made.writestr(name if isinstance(name, zipfile.ZipInfo) else zipfile.ZipInfo(name), content, compression)
    return path


def test_the_shipped_model_goes_into_an_archive_and_comes_out_the_same(tmp_path):
    card = DEFAULT_MODEL.with_suffix(".json")
    packed = pack(card, tmp_path / "models")
    name, digest = parse_file_name(packed.name)
    assert (name, digest) == ("glassline-n", sha256_of(packed))
    assert pack(card, tmp_path / "again").read_bytes() == packed.read_bytes()
    assert [path.name for path in (tmp_path / "models").iterdir()] == [packed.name]
    taken = unpack(packed, tmp_path / "out")
    assert taken == tmp_path / "out" / "glassline-n.json"
    before = {one.path.name: one.sha256() for one in variants(card, ["glassline-n.onnx", "glassline-n_ncnn_model"])}
    assert {one.path.name: one.sha256() for one in variants(taken, list(before))} == before


def test_a_card_that_tells_of_one_model_is_told_the_digest_of_its_file(tmp_path):
    (tmp_path / "best.onnx").write_bytes(ONNX)
    (tmp_path / "best.json").write_text(json.dumps({"labels": ["red", "blue"]}))
    card = unpack(pack(tmp_path / "best.json", tmp_path / "models"), tmp_path / "out")
    assert json.loads(card.read_text())["files"] == CARD["files"]


def test_what_cannot_be_packed_says_why(tmp_path):
    with pytest.raises(CardError, match="no card"):
        pack(tmp_path / "best.json", tmp_path)
    (tmp_path / "best.json").write_text(json.dumps({"labels": ["a"], "files": {"best.pt": "0" * 64}}))
    (tmp_path / "best.pt").write_bytes(b"PK")
    with pytest.raises(ArchiveError, match=r"\.pt may not"):
        pack(tmp_path / "best.json", tmp_path)
    (tmp_path / "best.json").write_text(json.dumps({"labels": ["a"], "files": {"best.onnx": "0" * 64}}))
    (tmp_path / "best.onnx").write_bytes(ONNX)
    with pytest.raises(CardError, match="was written for"):
        pack(tmp_path / "best.json", tmp_path)
    (tmp_path / "my best.json").write_text(
        json.dumps({"labels": ["a"], "files": {"best.onnx": CARD["files"]["best.onnx"]}})
    )
    with pytest.raises((ValueError, DetectorError)):
        pack(tmp_path / "my best.json", tmp_path)
    assert not list(tmp_path.glob("*.zip"))
    assert not list(tmp_path.glob(".*"))


def linked(name):
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


def device(name):
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFCHR | 0o666) << 16
    return info


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ({"../evil": b"x"}, "no plain name"),
        ({"/etc/evil": b"x"}, "no plain name"),
        ({"a/b/c": b"x"}, "no plain name"),
        ({"a/../b": b"x"}, "no plain name"),
        ({".hidden": b"x"}, "no plain name"),
        ({"a\\b": b"x"}, "no plain name"),
        ({"folder/": b""}, "no plain name"),
        ({linked("best_ncnn_model"): b"/etc"}, "no plain file"),
        ({device("best.bin"): b""}, "no plain file"),
        ({"BEST.ONNX": b"x"}, "twice"),
        ({f"f{k}": b"" for k in range(65)}, "at most 64"),
        ({"other.json": b"{}"}, "one card"),
        ({"stray.txt": b"x"}, "does not name stray.txt"),
    ],
)
def test_what_does_not_belong_there_is_not_taken_out(tmp_path, members, says):
    made = archive(tmp_path / "a.zip", GOOD | members)
    with pytest.raises(ArchiveError, match=says) as refused:
        unpack(made, tmp_path / "out" / "model")
    assert "glassline model publish" in str(refused.value)
    assert sorted(os.listdir(tmp_path)) == ["a.zip", "out"]
    assert os.listdir(tmp_path / "out") == []


@pytest.mark.parametrize(
    ("card", "says"),
    [
        (b"{", "JSON"),
        (b"[]", "JSON"),
        (b'{"labels": ["a"]}', "does not name"),
        (b'{"labels": ["a"], "files": 7}', "expected `files`"),
        (b'{"labels": ["a"], "files": {"best.onnx": "' + b"0" * 64 + b'"}}', "was written for"),
        (b'{"labels": ["a"], "files": {"best.onnx": null}}', "does not name"),
        (b" " * 1_000_001, "larger than 1000000"),
    ],
)
def test_a_card_that_does_not_vouch_for_its_files_is_refused(tmp_path, card, says):
    with pytest.raises((ArchiveError, CardError), match=says):
        unpack(archive(tmp_path / "a.zip", GOOD | {"best.json": card}), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_pt_is_refused_though_its_digest_is_right(tmp_path):
    card = {"labels": ["a"], "files": {"best.pt": sha256(b"PK").hexdigest()}}
    made = archive(tmp_path / "a.zip", {"best.json": json.dumps(card).encode(), "best.pt": b"PK"})
    with pytest.raises(ArchiveError, match="run code"):
        unpack(made, tmp_path / "out")


def test_a_bomb_does_not_go_off(tmp_path):
    made = archive(tmp_path / "a.zip", GOOD | {"best.bin": bytes(50_000_000)}, zipfile.ZIP_DEFLATED)
    assert made.stat().st_size < 100_000
    with pytest.raises(ArchiveError, match="compressed"):
        unpack(made, tmp_path / "out")


def test_members_that_lie_over_each_other_do_not_grow_beyond_the_archive(tmp_path):
    """The central directory names one large member many times."""
    inner = bytes(1_000_000)
    path = archive(tmp_path / "a.zip", GOOD | {"best.bin": inner})
    with zipfile.ZipFile(path, "a") as made:
        info = made.getinfo("best.bin")
        for k in range(40):
            copy = zipfile.ZipInfo(f"copy{k}")
            copy.header_offset, copy.file_size, copy.compress_size, copy.CRC = (
                info.header_offset,
                1_000_000,
                1_000_000,
                info.CRC,
            )
            made.filelist.append(copy)
            made.NameToInfo[copy.filename] = copy
        made._didModify = True
    with pytest.raises(ArchiveError, match="larger than itself"):
        unpack(path, tmp_path / "out")


@pytest.mark.parametrize("content", [b"", b"PK", b"PK\x03\x04" + bytes(100), ONNX, b"<html>"])
def test_what_is_no_archive_is_refused(tmp_path, content):
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(ArchiveError, match="no zip archive"):
        unpack(tmp_path / "a.zip", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_no_flipped_byte_brings_anything_but_the_model_or_an_error(tmp_path):
    good = archive(tmp_path / "a.zip", GOOD).read_bytes()
    for place in range(0, len(good), 3):
        (tmp_path / "b.zip").write_bytes(good[:place] + bytes([good[place] ^ 0x41]) + good[place + 1 :])
        try:
            card = unpack(tmp_path / "b.zip", tmp_path / "out")
        except DetectorError:
            assert not (tmp_path / "out").exists()
        else:
            assert (card.parent / "best.onnx").read_bytes() == ONNX


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".x", "a b", "x" * 101])
def test_a_name_that_no_file_should_have_is_refused(name):
    with pytest.raises(ValueError, match="expected a name"):
        file_name(name, "0" * 64)


@pytest.mark.parametrize("file", ["x.zip", f"x.{'0' * 63}.zip", f"x.{'G' * 64}.zip", f"../x.{'0' * 64}.zip"])
def test_other_files_are_no_archives(file):
    assert parse_file_name(file) is None
