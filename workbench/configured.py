"""What this machine's settings say of the programs whose files the commands use."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TypeVar

from glassline.program import Settings

if TYPE_CHECKING:
    from bridge.settings import BridgeSettings
    from web.settings import WebSettings

S = TypeVar("S", bound=Settings)


def bridge_settings() -> BridgeSettings:
    """The settings of this machine's bridge; ValueError where they are wrong."""
    from bridge.settings import BridgeSettings

    return _settings_of(BridgeSettings)


def web_settings() -> WebSettings:
    """The settings of this machine's web; ValueError where they are wrong."""
    from web.settings import WebSettings

    return _settings_of(WebSettings)


def _settings_of(kind: type[S]) -> S:
    from glassline.program.settings import SettingsError, find_file, resolve

    try:
        return resolve(kind, flags={}, environ=os.environ, file=find_file(None, os.environ)).values
    except SettingsError as error:
        raise ValueError(str(error)) from None
