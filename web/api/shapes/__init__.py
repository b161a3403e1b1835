"""The answers of the API as models, the same for an answer and for a pushed event."""

from .answer import Answer, ErrorAnswer
from .chain import ChainShape, HopShape, chain_json
from .defect import DefectShape, defect_json, defect_shape, unconfirmed_json
from .device import DeviceShape, clock_json, device_json, remembered_json

__all__ = [
    "Answer",
    "ChainShape",
    "DefectShape",
    "DeviceShape",
    "ErrorAnswer",
    "HopShape",
    "chain_json",
    "clock_json",
    "defect_json",
    "defect_shape",
    "device_json",
    "remembered_json",
    "unconfirmed_json",
]
