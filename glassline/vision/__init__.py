"""From pictures to boxes to marks: model runtimes behind one interface, and the tracker."""

from .card import DEFAULT_SCORE_THRESHOLD, ModelCard
from .choice import AUTO, Choice, choose
from .detector import FAINT_SHARE, Detector
from .errors import (
    CardError,
    DetectorError,
    ModelBrokenError,
    ModelMissingError,
    ModelUnknownError,
    RuntimeMissingError,
    TaskError,
)
from .files import DEFAULT_MODEL
from .mirrors import LOOKS, looking
from .track import RememberedMark, Track, TrackEvent
from .tracker import Tracker, TrackerSettings
from .yolo import YoloDetector

__all__ = [
    "AUTO", "DEFAULT_MODEL", "DEFAULT_SCORE_THRESHOLD", "FAINT_SHARE", "LOOKS", "CardError", "Choice", "Detector",
    "DetectorError", "ModelBrokenError", "ModelCard", "ModelMissingError", "ModelUnknownError",
    "RememberedMark", "RuntimeMissingError", "TaskError", "Track", "TrackEvent", "Tracker", "TrackerSettings",
    "YoloDetector", "choose", "looking",
]  # fmt: skip
