"""From pictures to boxes to marks: model runtimes behind one interface, and the tracker."""

from .card import ModelCard
from .detector import Detector
from .errors import CardError, DetectorError, ModelBrokenError, ModelMissingError, RuntimeMissingError, TaskError
from .onnx import DEFAULT_MODEL, OnnxDetector
from .track import RememberedMark, Track, TrackEvent
from .tracker import Tracker, TrackerSettings

__all__ = [
    "DEFAULT_MODEL", "CardError", "Detector", "DetectorError", "ModelBrokenError", "ModelCard", "ModelMissingError",
    "OnnxDetector", "RememberedMark", "RuntimeMissingError", "TaskError", "Track", "TrackEvent", "Tracker",
    "TrackerSettings",
]  # fmt: skip
