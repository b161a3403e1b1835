"""What every program has: settings from file, environment and flags; secrets and credentials from 0600 files; TLS;
logging and counting; its end, and what systemd is told; what is this machine alone, who has its ports, and whom an
address stands for."""

from .credentials import Credentials, is_blank, read_credentials, write_credentials
from .ending import EndSignals
from .logs import log_frame, run_logging
from .loopback import is_loopback
from .neighbours import WEB_PORT, joining_port
from .networks import SPEAK_FOR_MANY, network_of
from .ports import PortHolder, holder_of, holders_of, is_own_address, program_of
from .secrets import SecretError, read_secret, write_secret
from .settings import Loaded, Settings, SettingsError, load_settings, resolve, setting
from .shown import masked, one_line, shown
from .systemd import Systemd
from .tally import Tally
from .tls import CertificateError, ServerCertificate, client_context

__all__ = [
    "SPEAK_FOR_MANY",
    "WEB_PORT",
    "CertificateError",
    "Credentials",
    "EndSignals",
    "Loaded",
    "PortHolder",
    "SecretError",
    "ServerCertificate",
    "Settings",
    "SettingsError",
    "Systemd",
    "Tally",
    "client_context",
    "holder_of",
    "holders_of",
    "is_blank",
    "is_loopback",
    "is_own_address",
    "joining_port",
    "load_settings",
    "log_frame",
    "masked",
    "network_of",
    "one_line",
    "program_of",
    "read_credentials",
    "read_secret",
    "resolve",
    "run_logging",
    "setting",
    "shown",
    "write_credentials",
    "write_secret",
]
