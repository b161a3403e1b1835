"""A model as one file to send: a zip archive of its card and the files that the card names.

What comes from outside is not believed: members are stored as they are (so that nothing grows), have plain names, one
folder deep at most, and the card names them with their digests. A .pt is refused: loading one runs code that is in it.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

from glassline.contract.archives import MAX_ARCHIVE_BYTES, file_name, is_sha256
from glassline.writing import sync_folder

from .card import check_digest, files_of, stored_card
from .errors import CardError, DetectorError, ModelBrokenError
from .files import ModelFile, variants

PUBLISH = "glassline model publish best.json"
MAX_MEMBERS = 64
MAX_CARD_BYTES = 1_000_000
_CHUNK = 1 << 20
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
_EPOCH = (1980, 1, 1, 0, 0, 0)


class ArchiveError(ModelBrokenError):
    """What came is no archive of a model; the text says why and how one is made."""

    def __init__(self, sentence: str) -> None:
        super().__init__(f"{sentence}. Make it with: {PUBLISH}")


def pack(card_path: Path, folder: Path) -> Path:
    """Write the archive of the models beside a card into `folder`; the same models make the same file.

    DetectorError says what is wrong with card or files, ValueError that it has a name that no file should have.
    """
    stored = stored_card(card_path)
    if not stored:
        raise CardError(f"there is no card at {card_path}. `glassline model export` writes one beside the models.")
    models = [model for model in _models(card_path) if model.kind != "pt"]
    if not models:
        raise ArchiveError(f"{card_path} names no model that may be sent: .onnx, ncnn and OpenVINO may, .pt may not")
    digests = {model.path.name: model.sha256() for model in models}
    for model in models:
        check_digest(model, stored, digests[model.path.name])
    card = json.dumps({**stored, "files": digests}, indent=2, ensure_ascii=False).encode() + b"\n"
    folder.mkdir(parents=True, exist_ok=True)
    scratch = folder / f".{card_path.stem}.{os.getpid()}.new"
    try:
        with zipfile.ZipFile(scratch, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr(zipfile.ZipInfo(card_path.name, _EPOCH), card)
            for path in sorted(file for model in models for file in _files(model)):
                name = path.relative_to(card_path.parent).as_posix()
                archive.writestr(zipfile.ZipInfo(name, _EPOCH), path.read_bytes())
        with zipfile.ZipFile(scratch) as archive:
            _checked(archive, MAX_ARCHIVE_BYTES)
        target = folder / file_name(card_path.stem, sha256_of(scratch))
        scratch.chmod(0o644)
        scratch.replace(target)
    finally:
        scratch.unlink(missing_ok=True)
    return target


def unpack(archive_path: Path, folder: Path) -> Path:
    """Write what is in the archive into `folder`, which is made, onto the disk; the path of the card.

    Check the archive's digest before. ArchiveError or CardError when it is none, OSError when it cannot be written;
    then `folder` is not there.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        with zipfile.ZipFile(archive_path) as archive:
            members = _checked(archive, archive_path.stat().st_size)
            for member in members:
                _write(archive, member, folder / member.filename)
        card_path = folder / _card_of(members).filename
        _check_models(card_path, members)
        for made in (*(path for path in folder.iterdir() if path.is_dir()), folder):
            sync_folder(made)
    except (zipfile.BadZipFile, NotImplementedError, EOFError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise ArchiveError(f"it is no zip archive that can be read ({error})") from None
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, OSError) and error.errno == errno.EINVAL:  # a place outside of the file
            raise ArchiveError("it is no zip archive that can be read") from None
        raise
    return card_path


def sha256_of(path: Path) -> str:
    """Digest of a file, however large."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _models(card_path: Path) -> list[ModelFile]:
    return variants(card_path, list(files_of(card_path, stored_card(card_path))))


def _files(model: ModelFile) -> Iterator[Path]:
    """All that belongs to a model: of a folder, whatever lies in it."""
    yield from (path for path in ([model.path] if model.path.is_file() else model.path.iterdir()) if path.is_file())


def _checked(archive: zipfile.ZipFile, max_bytes: int) -> list[zipfile.ZipInfo]:
    """The members, if all of them are such as `pack` writes."""
    members = archive.infolist()
    if len(members) > MAX_MEMBERS:
        raise ArchiveError(f"expected at most {MAX_MEMBERS} files in it, got {len(members)}")
    names = [member.filename.lower() for member in members]
    if len(set(names)) < len(names):
        raise ArchiveError("it holds one file twice")
    for member in members:
        parts = member.filename.split("/")
        if len(parts) > 2 or not all(_PART.fullmatch(part) for part in parts):
            raise ArchiveError(f"it holds {member.filename[:100]!r}, which is no plain name")
        if (
            member.compress_type != zipfile.ZIP_STORED
            or member.file_size != member.compress_size
            or member.flag_bits & 1
        ):
            raise ArchiveError(f"{member.filename} is compressed or encrypted in it")
        kind = member.external_attr >> 28
        if kind not in (0, 8):  # S_IFREG of stat.h; 0: whoever made it did not say
            raise ArchiveError(f"{member.filename} is no plain file")
    if sum(member.file_size for member in members) > max_bytes:
        raise ArchiveError("its files are said to be larger than itself")
    if _card_of(members).file_size > MAX_CARD_BYTES:
        raise ArchiveError(f"its card is larger than {MAX_CARD_BYTES} bytes")
    return members


def _card_of(members: list[zipfile.ZipInfo]) -> zipfile.ZipInfo:
    cards = [one for one in members if "/" not in one.filename and one.filename.endswith(".json")]
    if len(cards) != 1:
        raise ArchiveError(f"expected one card (NAME.json) in it, got {len(cards)}")
    return cards[0]


def _write(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    with archive.open(member) as source, path.open("xb") as target:
        shutil.copyfileobj(source, target, _CHUNK)
        target.flush()
        os.fsync(target.fileno())


def _check_models(card_path: Path, members: list[zipfile.ZipInfo]) -> None:
    """Each file belongs to a model that the card names with its digest, and none of them is a .pt."""
    stored = stored_card(card_path)
    promised = [name for name, digest in files_of(card_path, stored).items() if is_sha256(str(digest))]
    stray = sorted({one.filename.split("/")[0] for one in members} - {card_path.name, *promised})
    if stray or not promised:
        raise ArchiveError(f"its card does not name {', '.join(stray) or 'a model'} with a digest")
    try:
        models = _models(card_path)
        for model in models:
            if model.kind == "pt":
                raise ArchiveError(f"{model.path.name} would run code that is in it when it is loaded")
            check_digest(model, stored, model.sha256())
    except ArchiveError:
        raise
    except (DetectorError, TypeError, AttributeError) as error:
        raise ArchiveError(str(error).replace(str(card_path.parent) + "/", "").rstrip(".")) from None
