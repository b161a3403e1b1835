"""Rendered glass with known truth: the camera of demos and the pictures for training."""

from glassline.scene.conveyor import Conveyor, PlantedMark, VisibleMark
from glassline.scene.marks import LABELS

__all__ = ["LABELS", "Conveyor", "PlantedMark", "VisibleMark"]
