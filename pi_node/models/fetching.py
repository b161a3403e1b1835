"""The command `model`: fetch a model from the web, check it, and put it in force on probation."""

import errno
import logging
import shutil
import threading
import time
from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from glassline.contract import Reason
from glassline.contract.archives import MAX_ARCHIVE_BYTES
from glassline.contract.messages import ModelFetch
from glassline.contract.values import Sha256
from glassline.program import CertificateError, SecretError
from glassline.vision import DetectorError

from ..config.in_force import Config
from ..config.probation import Probation
from ..config.running import ConfigError
from ..health.host import DISK_FULL_MB
from .download import check, download
from .errors import BrokenOffError, FetchError
from .shelf import Shelf
from .source import Source

log = logging.getLogger(__name__)

RETRY_S = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0)
"""Between attempts of which none brought a byte."""
LONGEST_S = 3600.0
LOOK_EACH_BYTES = 4_000_000
SAID_S = 600.0
"""How long it is told that a model did not come."""


class ModelArgs(BaseModel):
    """What the command is told: where the archive lies, its digest, its size in bytes, what it is called."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str
    sha256: Sha256
    size: Annotated[int, Field(gt=0, le=MAX_ARCHIVE_BYTES)]
    name: Annotated[str, StringConstraints(max_length=100)] = ""


class _StoppedError(Exception):
    """The node ends."""


class Fetching:
    """One model at a time. `source` says from where, for an address and a digest; FetchError: from there not."""

    def __init__(
        self, *, shelf: Shelf, config: Config, probation: Probation, source: Callable[[str, str], Source]
    ) -> None:
        self._shelf, self._config, self._probation, self._source = shelf, config, probation, source
        self._state: ModelFetch | None = None
        self._failed_s: float | None = None
        self._looked_bytes = 0
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Remove what an earlier run did not finish unpacking; what it had fetched stays, to be gone on with."""
        self._shelf.tidy()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(1)

    @property
    def state(self) -> ModelFetch | None:
        """The model on its way, or for a while the one that did not come."""
        if self._failed_s is not None and time.monotonic() - self._failed_s > SAID_S:
            return None
        return self._state

    def reason(self) -> Reason | None:
        """Whether a model did not come, of late."""
        state = self.state
        return Reason.NODE_MODEL_NOT_FETCHED if state is not None and state.state == "failed" else None

    def order(self, args: dict[str, Any]) -> dict[str, Any]:
        """Begin to fetch, or put in force what lies here already; ConfigError changes nothing."""
        wanted = _checked(args)
        if self._state is not None and self._state.state != "failed":
            if self._state.sha256 != wanted.sha256:
                raise ConfigError("another model is being fetched: wait until that is done", "model.busy")
            return {"fetching": True}
        if self._config.on_probation:
            raise ConfigError("a change is on probation: wait until that is decided", "config.on_probation")
        if wanted.sha256 in self._shelf.names():
            self._state = None
            self._probation.change({"model": wanted.sha256})
            return {"fetching": False, "on_probation": sorted(self._config.on_probation)}
        try:
            source = self._source(wanted.url, wanted.sha256)
        except (FetchError, CertificateError, SecretError) as error:
            raise ConfigError(str(error), "model.refused") from None
        self._make_room(wanted)
        self._tell(wanted, "fetching")
        self._thread = threading.Thread(target=self._run, args=(wanted, source), name="model", daemon=True)
        self._thread.start()
        return {"fetching": True}

    def _make_room(self, wanted: ModelArgs) -> None:
        """For the archive and for what is in it, and leave what the node wants for detections."""
        self._shelf.tidy(part_of=wanted.sha256)
        self._shelf.prune({self._config.running().model}, room_for=1)
        try:
            self._shelf.folder.mkdir(parents=True, exist_ok=True)
            free_mb = shutil.disk_usage(self._shelf.folder).free / 1e6
        except OSError as error:
            raise ConfigError(
                f"no model can be kept in {self._shelf.folder}: {error.strerror}", "model.no_room"
            ) from None
        needed_mb = 2 * wanted.size / 1e6 + DISK_FULL_MB
        if free_mb < needed_mb:
            sentence = f"the node's disk has {free_mb:.0f} MB free, where {needed_mb:.0f} are needed"
            raise ConfigError(sentence, "model.no_room")

    def _run(self, wanted: ModelArgs, source: Source) -> None:
        try:
            self._fetch(wanted, source)
            self._tell(wanted, "checking", wanted.size)
            check(self._shelf.part(wanted.sha256), wanted.sha256)
            self._shelf.put(wanted.sha256)
            log.info("the model %s (%s) has come", wanted.name, wanted.sha256)
            self._state = None
            self._probation.change({"model": wanted.sha256})
        except _StoppedError:
            return
        except (FetchError, DetectorError, ConfigError) as error:
            self._fail(wanted, str(error))
        except OSError as error:
            self._fail(wanted, f"it cannot be kept on the node's disk: {error.strerror}")
            if error.errno == errno.ENOSPC:
                self._shelf.part(wanted.sha256).unlink(missing_ok=True)
        except Exception as error:
            log.exception("model")
            self._fail(wanted, f"{type(error).__name__}: {error}")

    def _fetch(self, wanted: ModelArgs, source: Source) -> None:
        """As often as it breaks off, for as long as each attempt or its successor brings more."""
        part, began_s, attempt = self._shelf.part(wanted.sha256), time.monotonic(), 0
        log.info("fetching the model %s (%d bytes) from %s", wanted.name, wanted.size, source)
        while True:
            before = self._done_bytes
            try:
                download(source, part, size_bytes=wanted.size, progress=lambda done: self._progress(wanted, done))
            except BrokenOffError as error:
                attempt = 0 if self._done_bytes > before else attempt + 1
                if attempt >= len(RETRY_S) or time.monotonic() - began_s > LONGEST_S:
                    raise
                log.warning("model: %s; it is asked for again", error)
                if self._stopping.wait(RETRY_S[attempt]):
                    raise _StoppedError from None
            else:
                return

    @property
    def _done_bytes(self) -> int:
        return self._state.done_bytes if self._state is not None else 0

    def _progress(self, wanted: ModelArgs, done_bytes: int) -> None:
        if self._stopping.is_set():
            raise _StoppedError
        if done_bytes - self._looked_bytes > LOOK_EACH_BYTES:
            self._looked_bytes = done_bytes
            if shutil.disk_usage(self._shelf.folder).free < DISK_FULL_MB * 1e6 / 2:
                raise OSError(errno.ENOSPC, "less than the half of what detections may need is free")
        self._tell(wanted, "fetching", done_bytes)

    def _tell(self, wanted: ModelArgs, state: Literal["fetching", "checking"], done_bytes: int = 0) -> None:
        self._failed_s = None
        self._state = ModelFetch(
            sha256=wanted.sha256, name=wanted.name, state=state, size_bytes=wanted.size, done_bytes=done_bytes
        )

    def _fail(self, wanted: ModelArgs, why: str) -> None:
        log.error("the model %s did not come: %s", wanted.name, why)
        done_bytes = self._done_bytes
        self._state = ModelFetch(
            sha256=wanted.sha256, name=wanted.name, state="failed", size_bytes=wanted.size, done_bytes=done_bytes,
            why=why[:1000],
        )  # fmt: skip
        self._failed_s = time.monotonic()


def _checked(args: dict[str, Any]) -> ModelArgs:
    try:
        return ModelArgs.model_validate(args)
    except ValidationError as error:
        items = error.errors(include_url=False, include_context=False, include_input=False)[:5]
        problems = "; ".join(f"{'.'.join(map(str, item['loc']))[:80]}: {item['msg']}" for item in items)
        raise ConfigError(f"{problems} (expected url, sha256, size and maybe name)", "model.invalid") from None
