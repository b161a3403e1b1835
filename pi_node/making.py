"""What a node is made of, by the settings in force now: its camera, its detector, and where models come from."""

import logging
from pathlib import Path

from glassline.link import BrokerAddress, Link
from glassline.link.access import Access
from glassline.vision import Choice, Detector, choose, looking

from .camera import Camera, open_camera
from .config.in_force import Config
from .models import Shelf, Source, source_of
from .settings import NodeSettings

log = logging.getLogger(__name__)


class Making:
    """Called anew whenever a camera or a detector begins anew."""

    def __init__(self, *, settings: NodeSettings, config: Config, shelf: Shelf, link: Link) -> None:
        self._settings, self._config, self._shelf, self._link = settings, config, shelf, link
        self.choice: Choice | None = None
        """The model of the detector that was made last, and why this one."""

    def camera(self) -> Camera:
        running = self._config.running()
        return open_camera(
            self._settings.camera,
            image_wh=running.wh(),
            fps=running.camera_fps,
            tuning=running.tuning(),
            password_file=self._settings.camera_password_file,
        )

    def detector(self) -> Detector:
        s, running = self._settings, self._config.running()
        self.choice = choose(
            self._shelf.path_of(running.model), threads=s.detector_threads, half=s.detector_half, image_wh=running.wh(),
            cache=Path(s.state_dir) / "detector.json",
        )  # fmt: skip
        log.info("detector: %s", self.choice.why)
        return looking(
            self.choice.path, looks=s.detector_looks, runtime=self.choice.runtime, threads=s.detector_threads,
            score_threshold=running.score_threshold or None, half=s.detector_half, image_wh=running.wh(),
        )  # fmt: skip

    def source(self, url: str, sha256: str) -> Source:
        s = self._settings
        access = Access(password=None, ca_file=s.ca_file or None, credentials=s.credentials or None)
        return source_of(url, sha256, broker=self._known_broker(), keys=access.keys())

    def broker_host(self) -> str:
        """Empty while none is known."""
        known = self._known_broker()
        return "" if known is None else known.place[0]

    def _known_broker(self) -> BrokerAddress | None:
        """None where none is set, or none has been found yet."""
        address = self._link.address
        return address if isinstance(address, BrokerAddress) and address.host else None
