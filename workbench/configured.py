"""The store that this machine's settings name."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bridge.settings import BridgeSettings


def bridge_settings() -> BridgeSettings:
    """The settings of this machine's bridge; ValueError where they are wrong."""
    from bridge.settings import BridgeSettings
    from glassline.program.settings import SettingsError, find_file, resolve

    try:
        return resolve(BridgeSettings, flags={}, environ=os.environ, file=find_file(None, os.environ)).values
    except SettingsError as error:
        raise ValueError(str(error)) from None
