"""The settings in force: the node's own, and over them what was changed from the page, kept on the disk.

What may break camera or detector is on probation first. Two files say how far it is: `config.json` holds the changes
that are known to work, `config-trial.json` those on probation, or what was taken back. A start that finds a change on
probation takes it back: with it the node crashed, was restarted, or lost power, and nobody saw it work.
"""

import json
import logging
import threading
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, JsonValue

from glassline.contract import from_unix
from glassline.contract.messages import ConfigInfo, TakenBack
from glassline.program import shown
from glassline.vision import ModelCard
from glassline.writing import sync_folder, write_whole

from ..settings import NodeSettings
from .running import RISKY, ConfigError, RunningConfig, check_labels, check_model, check_names

log = logging.getLogger(__name__)

ENDED = "the node ended before the change had proven itself: it crashed with it, was restarted, or lost power"
RESET = "reset"


class _Trial(BaseModel):
    """The file `config-trial.json`: all changes as they are on probation, or what was taken back."""

    changes: dict[str, JsonValue] | None = None
    taken_back: TakenBack | None = None


class Config:
    """Thread-safe. `models` gives the names of the models on this node that may be chosen."""

    def __init__(
        self, *, settings: NodeSettings, path: Path, models: Callable[[], Collection[str]] = lambda: ()
    ) -> None:
        self._path, self._trial_path = path, path.with_name(f"{path.stem}-trial.json")
        self._base = RunningConfig(**{name: getattr(settings, name) for name in RunningConfig.model_fields})
        self._models = models
        self._lock = threading.RLock()
        self._confirmed: dict[str, Any] = {}
        self._trial: dict[str, Any] | None = None
        self._taken_back: TakenBack | None = None
        self._running = self._base

    def running(self) -> RunningConfig:
        return self._running

    @property
    def on_probation(self) -> frozenset[str]:
        """Names of the settings that are on probation now."""
        with self._lock:
            return frozenset() if self._trial is None else self._running.unlike(self._with(self._confirmed))

    @property
    def taken_back(self) -> TakenBack | None:
        """The last change that did not work, until there is another."""
        return self._taken_back

    def info(self) -> ConfigInfo:
        """What was done to the settings, for `info`."""
        with self._lock:
            return ConfigInfo(
                changed=sorted(self._running.unlike(self._base)),
                on_probation=sorted(self.on_probation),
                taken_back=self._taken_back,
            )

    def load(self) -> None:
        """Take over what was changed in an earlier run; what of it does not hold is reported and left out."""
        changes = self._read()
        self._confirmed, self._running = changes, self._with(changes)
        if changes:
            log.info("changed from the page, over what is set elsewhere: %s (%s)", changes, self._path)
        trial = self._read_trial()
        self._taken_back = trial.taken_back
        if trial.changes is not None and trial.changes != changes:
            self._trial, self._running = trial.changes, self._with(trial.changes)
            self.take_back(ENDED)
        elif trial.changes is not None:  # it was confirmed, and that was all there was time for
            self._forget_trial()
        if (model := self._running.model) != self._base.model and model not in self._models():
            self._lose_model(model)

    def warn_of_labels(self, card: ModelCard | None) -> None:
        """Say in the log which labels are set up that the model now in force does not have."""
        unknown = [] if card is None else self._running.unknown_labels(card.labels)
        if unknown:
            log.warning("set up for labels that the model does not have, without effect: %s", ", ".join(unknown))

    def change(self, wanted: dict[str, Any], *, labels: Sequence[str] | None = None) -> RunningConfig:
        """Check, keep on the disk, and put in force; ConfigError changes nothing.

        None as a value takes a change back, `reset` all of them. `labels` are the model's, None while there is none.
        Where `RISKY` settings become others, all that is wanted with them is on probation from then on.
        """
        with self._lock:
            wanted = self._spelt_out(wanted)
            check_names(wanted)
            running = self._with(_over(self._changes, wanted))
            check_labels(running, wanted, None if running.model != self._running.model else labels)
            if wanted.get("model") is not None:
                check_model(running.model, (self._base.model, *self._models()))
            kept = running.model_dump(mode="json")
            wanted = {name: None if value is None else kept[name] for name, value in wanted.items()}
            is_risky = bool(RISKY & running.unlike(self._running))
            if is_risky and self._trial is not None:
                names = ", ".join(sorted(self.on_probation))
                raise ConfigError(f"{names} is on probation: wait until that is decided", "config.on_probation")
            self._keep(wanted, is_risky=is_risky)
            self._running = running
            return running

    def confirm(self) -> None:
        """What was on probation works, and stays; ConfigError when that cannot be kept on the disk."""
        with self._lock:
            if self._trial is not None:
                self._write(self._path, self._trial)
                self._confirmed, self._trial = self._trial, None
                self._forget_trial()

    def take_back(self, why: str) -> None:
        """What was on probation does not work: what was before is in force again."""
        with self._lock:
            before = self._with(self._confirmed)
            wanted = {name: getattr(self._running, name) for name in sorted(RISKY & self._running.unlike(before))}
            self._trial, self._running = None, before
            self._say_taken_back(wanted, why)

    @property
    def _changes(self) -> dict[str, Any]:
        return self._confirmed if self._trial is None else self._trial

    def _with(self, changes: dict[str, Any]) -> RunningConfig:
        return self._base.with_changes(changes)

    def _spelt_out(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """`wanted` with `reset` as what it stands for."""
        if RESET not in wanted:
            return wanted
        if wanted != {RESET: True}:
            raise ConfigError('"reset": true takes all changes back, and stands alone')
        return dict.fromkeys(self._changes)

    def _keep(self, wanted: dict[str, Any], *, is_risky: bool) -> None:
        """Before anything takes effect. What cannot break stays, whatever becomes of what is on probation."""
        confirmed, trial = self._confirmed, self._trial
        if is_risky:
            trial = _over(confirmed, wanted)
            self._write(self._trial_path, {"changes": trial})
        else:
            confirmed = _over(confirmed, wanted)
            self._write(self._path, confirmed)
            if trial is not None:
                trial = _over(trial, wanted)
                self._write(self._trial_path, {"changes": trial})
            elif self._taken_back is not None:
                self._forget_trial()
        self._confirmed, self._trial, self._taken_back = confirmed, trial, None

    def _lose_model(self, model: str) -> None:
        """The model in force no longer lies on this node: the one of the settings is."""
        self._confirmed = {name: value for name, value in self._confirmed.items() if name != "model"}
        self._running = self._with(self._confirmed)
        try:
            self._write(self._path, self._confirmed)
        except ConfigError as error:
            log.error("%s", error)
        self._say_taken_back({"model": model}, "its files no longer lie on the node: send it again")

    def _say_taken_back(self, wanted: dict[str, Any], why: str) -> None:
        self._taken_back = TakenBack(settings=wanted, why=why[:1000], at=from_unix(time.time()))
        log.error("taken back: %s; %s", ", ".join(f"{name} = {value!r}" for name, value in wanted.items()), why)
        try:
            self._write(self._trial_path, {"taken_back": self._taken_back.to_dict()})
        except ConfigError as error:  # then the next start takes it back once more
            log.error("%s", error)

    def _read(self) -> dict[str, Any]:
        try:
            changes = json.loads(self._path.read_bytes())
            if not isinstance(changes, dict):
                raise ConfigError(f"expected a JSON object, got {type(changes).__name__}")
            return self._holding(changes, self._path)
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, RecursionError) as error:
            log.error("the changed settings in %s are not used: %s", self._path, error)
            return {}

    def _read_trial(self) -> _Trial:
        try:
            trial = _Trial.model_validate_json(self._trial_path.read_bytes())
        except FileNotFoundError:
            return _Trial()
        except (OSError, ValueError) as error:
            log.error("what was on probation in %s is forgotten: %s", self._trial_path, error)
            self._forget_trial()
            return _Trial()
        if trial.changes is not None:
            trial.changes = self._holding(trial.changes, self._trial_path)
        return trial

    def _holding(self, changes: dict[str, Any], path: Path) -> dict[str, Any]:
        """Those of `changes` that this version knows and takes: another one, older or newer, may have written them."""
        holding = {}
        for name, value in changes.items():
            try:
                self._with({name: value})
            except ConfigError as error:
                log.error("%s in %s is left out: %s", shown(name), path, error)
            else:
                holding[name] = value
        return holding

    def _forget_trial(self) -> None:
        """Nothing is on probation or taken back."""
        try:
            self._trial_path.unlink(missing_ok=True)
            sync_folder(self._trial_path.parent)
        except OSError as error:
            log.error("cannot remove %s: %s", self._trial_path, error.strerror)

    def _write(self, path: Path, content: dict[str, Any]) -> None:
        try:
            write_whole(path, json.dumps(content).encode(), durable=True)
            sync_folder(path.parent)
        except OSError as error:
            raise ConfigError(f"cannot keep the settings in {path}: {error.strerror}", "config.not_kept") from None


def _over(changes: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    """`wanted` over what was changed before; what is None there is no change any more."""
    return {name: value for name, value in (changes | wanted).items() if value is not None}
