"""The node's birth message: who it is, what it runs, and the settings in force."""

import socket
import time
from collections.abc import Callable

import glassline
from glassline.contract import from_unix
from glassline.contract.messages import CameraInfo, Info, ModelInfo
from glassline.link import Link
from glassline.program import masked
from glassline.vision import Choice

from ..camera.capture import Capture
from ..config.in_force import Config
from ..detection.inspection import Inspection
from ..models import Shelf
from ..settings import NodeSettings

FEATURES = ["ping", "snapshot", "config", "restart", "doctor", "model"]


_OWN_MATTERS = {"credentials", "password_file", "camera_password_file", "ca_file", "state_dir"}


class Birth:
    """Call it for the message of this moment. `choice` says which model file was taken, once there is one."""

    def __init__(
        self,
        *,
        settings: NodeSettings,
        link: Link,
        capture: Capture,
        inspection: Inspection,
        config: Config,
        shelf: Shelf,
        choice: Callable[[], Choice | None],
    ) -> None:
        self._settings, self._link, self._capture = settings, link, capture
        self._inspection, self._config, self._choice = inspection, config, choice
        self._shelf = shelf
        self._started_s = time.time()

    def __call__(self) -> Info:
        s, running = self._settings, self._config.running()
        settings = s.model_dump(exclude=_OWN_MATTERS) | {"camera": masked(s.camera)}
        return Info(
            **self._link.envelope(),
            role="node",
            id=s.id,
            version=glassline.__version__,
            started_at=from_unix(self._started_s),
            hostname=socket.gethostname(),
            camera=CameraInfo(uri=masked(s.camera), image_wh=self._capture.image_wh, fps=running.camera_fps),
            model=self._model(),
            settings=settings | running.model_dump(mode="json"),
            config=self._config.info().model_copy(update={"models": self._shelf.kept()}),
            features=FEATURES,
        )

    def _model(self) -> ModelInfo | None:
        card, choice = self._inspection.card, self._choice()
        if card is None or choice is None:
            return None
        return ModelInfo(
            name=card.name, sha256=card.sha256 or "", runtime=choice.runtime, imgsz=card.imgsz,
            labels=list(card.labels), why=choice.why[:1000],
        )  # fmt: skip
