"""The broker's settings."""

from typing import Annotated

from pydantic import AfterValidator, field_validator

from glassline.discovery.server import check_site
from glassline.program import Settings, setting

from .limits import Limits
from .listening import ListenAddress


class BrokerSettings(Settings, program="broker"):
    """The embedded MQTT broker: everything of Glassline meets here."""

    listen: str = setting(
        "mqtt://127.0.0.1:1883",
        "Where the broker listens, with commas between several: mqtts:// with TLS, mqtt:// without, like "
        "mqtts://0.0.0.0:8883, mqtt://127.0.0.1:1883. Beyond loopback only with accounts.",
    )
    tls_cert: str = setting("", "File with the certificate for mqtts:// and its chain (PEM).")
    tls_key: str = setting("", "File (0600) with the certificate's private key (PEM).")
    plain_beyond_loopback: bool = setting(
        False,
        "Let mqtt:// listen beyond loopback too: only where the network itself is safe (a VPN, a cable of its own), "
        "for passwords and pictures cross it readable by all.",
    )
    accounts: str = setting("", "Path of the accounts file; empty lets every program on this machine do everything.")
    advertise: bool = setting(
        True,
        "Tell by mDNS where the broker is, where it listens beyond loopback with TLS, so that nodes with broker = "
        '"auto" find it.',
    )
    site: Annotated[str, AfterValidator(check_site)] = setting(
        "", "Name of this server for people, by which mDNS tells it apart from others; empty: that in its certificate."
    )
    max_connections: int = setting(Limits.connections, "How many connections may be open at once.", ge=1, le=10_000)

    @field_validator("listen")
    @classmethod
    def _is_address(cls, text: str) -> str:
        ListenAddress.parse_all(text)
        return text

    @property
    def addresses(self) -> list[ListenAddress]:
        """Where to listen."""
        return ListenAddress.parse_all(self.listen)
