"""One file over HTTP, of which size and digest are known before: onto the disk, and on from where it broke off."""

import contextlib
import hashlib
import http.client
import logging
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

from glassline.program.tls import fault_sentence

from .errors import BrokenOffError, FetchError
from .source import PATIENCE_S, Source

log = logging.getLogger(__name__)

CHUNK_BYTES = 1 << 16
HEAD_S = 30.0
"""So long the head of an answer may take."""
PACE_S, PACE_BYTES = 30.0, 60_000
"""What brings less in that time has stalled: 16 kbit/s."""


def download(
    source: Source,
    path: Path,
    *,
    size_bytes: int,
    progress: Callable[[int], None],
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Fetch what `path` still lacks of `size_bytes`, and onto the disk.

    `progress` is told how much is there after each piece, and may raise to end it. BrokenOffError when the connection
    fails, FetchError when the other side will not give it or gives something else, OSError when it cannot be written.
    """
    with path.open("ab") as file:
        there = min(file.tell(), size_bytes)
        file.truncate(there)
        if there < size_bytes:
            with contextlib.closing(source.connect()) as connection:
                answer = _asked(connection, source, there)
                there = _begin(answer, file, there, size_bytes)
                _take(answer, file, there, size_bytes, progress, clock)
        file.flush()
        os.fsync(file.fileno())


def check(path: Path, sha256: str) -> None:
    """FetchError, and the file is gone, if it has another digest."""
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        path.unlink()
        raise FetchError(
            f"what came has the digest {found}, not {sha256}: it was changed on the way, or on the web's disk"
        )


def _asked(connection: http.client.HTTPConnection, source: Source, there: int) -> http.client.HTTPResponse:
    """The head of the answer. The rest does not follow a redirect: that would be another place."""
    headers = {"Accept-Encoding": "identity", "User-Agent": "glassline pi_node"}
    if there:
        headers["Range"] = f"bytes={there}-"
    try:
        _connect(connection, source)
        late = threading.Event()
        timer = threading.Timer(HEAD_S, _hang_up, (connection.sock, late))
        timer.daemon = True
        timer.start()
        try:
            connection.request("GET", source.path, headers=headers)
            answer = connection.getresponse()
        finally:
            timer.cancel()
        if late.is_set():  # what had come by then may look like a head
            raise TimeoutError(f"its head took over {HEAD_S:g} s")
        return answer
    except ssl.SSLError as error:
        raise FetchError(f"{source}: {fault_sentence(error, source.host)}") from None
    except (OSError, http.client.HTTPException) as error:
        raise BrokenOffError(f"{source} gives no answer: {_words(error)}") from None


def _connect(connection: http.client.HTTPConnection, source: Source) -> None:
    """Of a host that is not known, nobody but this machine's log learns why it is none of ours, not even by the time
    that takes: whoever orders a model is not to find out what listens where.
    """
    began_s = time.monotonic()
    try:
        connection.connect()
    except OSError as error:
        if source.is_known:
            raise
        words = fault_sentence(error, source.host) if isinstance(error, ssl.SSLError) else _words(error)
        log.warning("model: %s: %s", source, words)
        time.sleep(max(0.0, began_s + PATIENCE_S - time.monotonic()))
        sentence = f"{source} does not prove to be a web of this node's CA; this node's log says why"
        raise BrokenOffError(sentence) from None


def _hang_up(sock: socket.socket, late: threading.Event) -> None:
    late.set()
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


def _begin(answer: http.client.HTTPResponse, file: IO[bytes], there: int, size_bytes: int) -> int:
    """From where on the answer goes, after the file was cut to that; FetchError for one that is none of ours."""
    status, told = answer.status, answer.getheader("Content-Range", "")
    if status == http.client.OK:
        there = 0
        file.truncate(0)
    elif status != http.client.PARTIAL_CONTENT or told != f"bytes {there}-{size_bytes - 1}/{size_bytes}":
        raise _refused(status)
    if answer.getheader("Content-Encoding", "identity") != "identity":
        raise FetchError("the web sends it packed, which was not asked for")
    length = answer.getheader("Content-Length")
    if length != str(size_bytes - there):
        said = f"{length} bytes" if length else "nobody knows how many bytes"
        raise FetchError(f"the web says it sends {said}, where {size_bytes - there} are due")
    return there


def _refused(status: int) -> FetchError:
    match status:
        case 404:
            return FetchError("the web has no such model: publish it there again")
        case 429 | 500 | 502 | 503 | 504:
            return BrokenOffError(f"the web cannot give it now (HTTP {status})")
        case 301 | 302 | 303 | 307 | 308:
            return FetchError(f"the web sends the node elsewhere (HTTP {status}), where it does not go")
    return FetchError(f"the web answers with HTTP {status}, which is no model")


def _take(
    answer: http.client.HTTPResponse, file: IO[bytes], there: int, size_bytes: int,
    progress: Callable[[int], None], clock: Callable[[], float],
) -> None:  # fmt: skip
    since_s, since_bytes = clock(), there
    while there < size_bytes:
        try:
            piece = answer.read1(min(CHUNK_BYTES, size_bytes - there))
        except (OSError, http.client.HTTPException) as error:
            raise BrokenOffError(f"it broke off after {there} of {size_bytes} bytes: {_words(error)}") from None
        if not piece:
            raise BrokenOffError(f"it broke off after {there} of {size_bytes} bytes")
        file.write(piece)
        there += len(piece)
        progress(there)
        if clock() - since_s > PACE_S:
            if there - since_bytes < PACE_BYTES:
                raise BrokenOffError(f"it has stalled after {there} of {size_bytes} bytes")
            since_s, since_bytes = clock(), there


def _words(error: BaseException) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
