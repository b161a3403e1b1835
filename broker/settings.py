"""The broker's settings."""

from pydantic import field_validator

from glassline.program import Settings, setting

from .limits import Limits
from .listening import ListenAddress


class BrokerSettings(Settings, program="broker"):
    """The embedded MQTT broker: everything of Glassline meets here."""

    listen: str = setting("mqtt://127.0.0.1:1883", "Where the broker listens; beyond loopback only with accounts.")
    accounts: str = setting("", "Path of the accounts file; empty lets every program on this machine do everything.")
    max_connections: int = setting(Limits.connections, "How many connections may be open at once.", ge=1, le=10_000)

    @field_validator("listen")
    @classmethod
    def _is_address(cls, text: str) -> str:
        ListenAddress.parse(text)
        return text
