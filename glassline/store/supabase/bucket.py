"""Evidence pictures in a private bucket, several at once."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING
from uuid import uuid4

from storage3.exceptions import StorageApiError

from ..values import EvidenceItem, StoreError
from .faults import is_missing, is_refused_picture
from .rows import picture_path

if TYPE_CHECKING:
    from storage3.types import FileOptions
    from supabase import Client

BUCKET = "defect-images"
AT_ONCE = 4
REMOVED_AT_ONCE = 500
FRESH_S = 1200.0
"""Far below the hour after which what no row names is swept."""

_SMALLEST = b"\xff\xd8\xff\xd9"
_OPTIONS: "FileOptions" = {"upsert": "true", "content-type": "image/jpeg"}


class Bucket:
    """Errors are those of the client, StorageApiError and httpx.TransportError, and StoreError for nonsense."""

    def __init__(self, client: "Client", url: str) -> None:
        self._files, self._url = client.storage.from_(BUCKET), url
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="pictures")
        self._there: dict[str, float] = {}
        """Paths that were uploaded for a batch that is not committed yet, and when."""

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def upload(self, items: Sequence[EvidenceItem]) -> dict[str, str]:
        """Have all pictures in the bucket; returns why those that it refuses for good, by their path, are not.

        What was uploaded before another one failed is not uploaded again when the batch is tried again.
        """
        fresh_s = time.monotonic() - FRESH_S
        jpegs = {picture_path(item.event_id, item.sha256): item.jpeg for item in items}
        wanted = {path: jpeg for path, jpeg in jpegs.items() if self._there.get(path, fresh_s) <= fresh_s}
        running = {path: self._pool.submit(self._upload, path, jpeg) for path, jpeg in wanted.items()}
        wait(running.values())
        errors = {path: future.exception() for path, future in running.items()}
        self._there |= {path: time.monotonic() for path, error in errors.items() if error is None}
        for error in errors.values():
            if error is not None and not is_refused_picture(error):
                raise error
        return {path: str(error) for path, error in errors.items() if error is not None}

    def committed(self) -> None:
        """Rows name what was uploaded: it may go from now on, and must be uploaded again if it comes again."""
        self._there.clear()

    def read(self, path: str) -> bytes | None:
        """The bytes of a picture; None if it is gone."""
        try:
            return self._files.download(path)
        except StorageApiError as error:
            if is_missing(error):
                return None
            raise

    def link(self, path: str, *, valid_s: int) -> str | None:
        """A signed address that shows a picture to anybody for so long; None if the picture is gone."""
        try:
            return self._files.create_signed_url(path, valid_s)["signedURL"]
        except StorageApiError as error:
            if is_missing(error):
                return None
            raise

    def remove(self, paths: Sequence[str]) -> None:
        """Remove pictures that nothing names any more."""
        for first in range(0, len(paths), REMOVED_AT_ONCE):
            self._files.remove(list(paths[first : first + REMOVED_AT_ONCE]))

    def probe(self) -> None:
        """Write a picture and remove it."""
        path = f"probe/{uuid4()}.jpg"
        self._upload(path, _SMALLEST)
        self._files.remove([path])

    def _upload(self, path: str, jpeg: bytes) -> None:
        try:
            self._files.upload(path, jpeg, _OPTIONS)
        except (KeyError, TypeError, ValueError) as error:
            raise StoreError(
                f"the storage of {self._url} answered with something else than expected: {error!r}"
            ) from error
