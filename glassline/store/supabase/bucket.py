"""Evidence pictures in a private bucket, several at once."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from uuid import uuid4

from storage3.exceptions import StorageApiError

from ..base import EvidenceItem
from .faults import RefusedError, explain, is_missing
from .rows import picture_path

if TYPE_CHECKING:
    from storage3.types import FileOptions
    from supabase import Client

BUCKET = "defect-images"
AT_ONCE = 4
_SMALLEST = b"\xff\xd8\xff\xd9"
_OPTIONS: "FileOptions" = {"upsert": "true", "content-type": "image/jpeg"}


class Bucket:
    """Errors are those of the client: StorageApiError, httpx.TransportError."""

    def __init__(self, client: "Client", url: str) -> None:
        self._files, self._url = client.storage.from_(BUCKET), url
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="pictures")

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)

    def upload(self, items: Sequence[EvidenceItem]) -> dict[str, str]:
        """Have all pictures in the bucket; returns why those that it refuses for good, by their path, are not."""
        jpegs = {picture_path(item.event_id, item.sha256): item.jpeg for item in items}
        errors = zip(jpegs, self._pool.map(self._upload, jpegs, jpegs.values()), strict=True)
        return {path: error for path, error in errors if error is not None}

    def read(self, path: str) -> bytes | None:
        """The bytes of a picture; None if it is gone."""
        try:
            return self._files.download(path)
        except StorageApiError as error:
            if is_missing(error):
                return None
            raise

    def remove(self, paths: Sequence[str]) -> None:
        """Remove pictures that nothing names any more."""
        if paths:
            self._files.remove(list(paths))

    def probe(self) -> None:
        """Write a picture and remove it."""
        path = f"probe/{uuid4()}.jpg"
        self._files.upload(path, _SMALLEST, _OPTIONS)
        self._files.remove([path])

    def _upload(self, path: str, jpeg: bytes) -> str | None:
        try:
            self._files.upload(path, jpeg, _OPTIONS)
        except StorageApiError as error:
            told = explain(error, self._url)
            if isinstance(told, RefusedError):
                return str(told)
            raise
        return None
