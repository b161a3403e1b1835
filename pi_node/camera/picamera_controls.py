"""What picamera2 is told of exposure, gain, white balance and focus, as far as the camera offers it."""

import logging
from collections.abc import Mapping
from typing import Any

from glassline.contract.tunable import colour_gains

from ..config.tuning import Tuning

log = logging.getLogger(__name__)

Range = tuple[Any, Any, Any]
"""The least, the most and the default of a control."""

_WHITE_BALANCE = {"incandescent": 1, "tungsten": 2, "fluorescent": 3, "indoor": 4, "daylight": 5, "cloudy": 6}
_MANUAL_FOCUS, _CONTINUOUS_FOCUS = 0, 2
"""Numbers of libcamera's controls AwbMode and AfMode."""


def controls_of(tuning: Tuning, *, fps: float, offered: Mapping[str, Range]) -> dict[str, Any]:
    """Controls for picamera2. What was asked for and is not offered is left out and said in the log."""
    interval_us = max(round(1e6 / fps), tuning.exposure_us)
    wanted: dict[str, Any] = {"FrameDurationLimits": (interval_us, interval_us)}
    if tuning.exposure_us:
        wanted["ExposureTime"] = tuning.exposure_us
    if tuning.gain:
        wanted["AnalogueGain"] = tuning.gain
    gains = colour_gains(tuning.white_balance)
    if gains is not None:
        wanted["ColourGains"] = gains
    elif tuning.white_balance in _WHITE_BALANCE:
        wanted |= {"AwbEnable": True, "AwbMode": _WHITE_BALANCE[tuning.white_balance]}
    if tuning.focus_dioptres is not None:
        wanted |= {"AfMode": _MANUAL_FOCUS, "LensPosition": tuning.focus_dioptres}
    elif "AfMode" in offered:
        wanted["AfMode"] = _CONTINUOUS_FOCUS
    missing = [name for name in wanted if name not in offered]
    if missing:
        log.warning("this camera does not offer %s: what the settings say of it has no effect", ", ".join(missing))
    return {name: _within(name, value, offered[name]) for name, value in wanted.items() if name in offered}


def _within(name: str, value: Any, range_: Range) -> Any:
    """`value`, or the nearest that the camera can."""
    least, most = range_[:2]
    if isinstance(value, (bool, tuple)) or not isinstance(least, int | float) or not isinstance(most, int | float):
        return value
    nearest = type(value)(min(max(value, least), most))
    if nearest != value:
        log.warning("this camera's %s goes from %g to %g: %g is taken for %g", name, least, most, nearest, value)
    return nearest
