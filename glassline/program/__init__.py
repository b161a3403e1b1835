"""What every program has: settings from file, environment and flags; secrets from 0600 files; logging and
counting; its end; what is this machine alone."""

from .ending import EndSignals
from .logs import log_frame, run_logging
from .loopback import is_loopback
from .secrets import SecretError, read_secret, write_secret
from .settings import Loaded, Settings, SettingsError, load_settings, resolve, setting
from .shown import shown
from .tally import Tally

__all__ = [
    "EndSignals",
    "Loaded",
    "SecretError",
    "Settings",
    "SettingsError",
    "Tally",
    "is_loopback",
    "load_settings",
    "log_frame",
    "read_secret",
    "resolve",
    "run_logging",
    "setting",
    "shown",
    "write_secret",
]
