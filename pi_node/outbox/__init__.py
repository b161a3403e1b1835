"""Confirmed detections and their pictures on the disk, until the bridge says that they are stored."""

from .file import OutboxError
from .outbox import SURE, Outbox, Parcel

__all__ = ["SURE", "Outbox", "OutboxError", "Parcel"]
