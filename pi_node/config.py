"""Settings that may change while the node runs: from the page, kept on the disk, echoed in `info`."""

import json
import logging
import os
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from glassline.program import shown

from .settings import NodeSettings

log = logging.getLogger(__name__)


class ConfigError(ValueError):
    """A wanted change is not possible; the text says which and why."""


class RunningConfig(BaseModel):
    """What the command `config` may set; same names and bounds as in the settings table."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    detect_fps: Annotated[float, Field(gt=0, le=120)]
    live_fps: Annotated[float, Field(gt=0, le=120)]
    live_quality: Annotated[int, Field(ge=1, le=100)]
    frame_meta: bool


class Config:
    """The settings in force: the node's own, and over them what was changed while it ran."""

    def __init__(self, *, settings: NodeSettings, path: Path) -> None:
        self._path = path
        self._base = RunningConfig(**{name: getattr(settings, name) for name in RunningConfig.model_fields})
        self._changes: dict[str, Any] = {}
        self._running = self._base

    def running(self) -> RunningConfig:
        return self._running

    def load(self) -> None:
        """Take over what was changed in an earlier run; a file that does not hold is reported and ignored."""
        try:
            changes = json.loads(self._path.read_bytes())
            if not isinstance(changes, dict):
                raise ConfigError(f"expected a JSON object, got {type(changes).__name__}")
            self._running = self._merged(changes)
        except FileNotFoundError:
            return
        except (OSError, ValueError, RecursionError) as error:
            log.error("the changed settings in %s are not used: %s", self._path, error)
            return
        self._changes = changes
        if changes:
            log.info("changed from the page, over what is set elsewhere: %s (%s)", changes, self._path)

    def change(self, wanted: dict[str, Any]) -> RunningConfig:
        """Check, keep on the disk, and put in force; ConfigError changes nothing."""
        running = self._merged(self._changes | wanted)
        changes = {name: value for name, value in running.model_dump().items() if name in self._changes | wanted}
        temporary = self._path.with_suffix(".new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with temporary.open("w") as file:
                json.dump(changes, file)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self._path)
        except OSError as error:
            raise ConfigError(f"cannot keep the settings in {self._path}: {error.strerror}") from None
        self._running, self._changes = running, changes
        return running

    def _merged(self, wanted: dict[str, Any]) -> RunningConfig:
        try:
            return RunningConfig.model_validate(self._base.model_dump() | wanted)
        except ValidationError as error:
            problems = [
                f"{'.'.join(map(str, item['loc']))[:80]}: {item['msg']}, got {shown(repr(item['input']))}"
                for item in error.errors()[:10]
            ]
            known = ", ".join(RunningConfig.model_fields)
            raise ConfigError("; ".join(problems) + f" (can be changed: {known})") from None
