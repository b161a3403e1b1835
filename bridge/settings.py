"""The bridge's settings table."""

from typing import Annotated

from pydantic import StringConstraints

from glassline.contract.ids import ID_PATTERN
from glassline.program import Settings, setting
from glassline.store import Keep


class BridgeSettings(Settings, program="bridge"):
    """Stores what nodes find, and tells them when it is stored."""

    broker: str = setting(
        "", "Address of the MQTT broker, like mqtt://192.168.1.10:1883, or auto; it is never guessed."
    )
    id: Annotated[str, StringConstraints(pattern=ID_PATTERN)] = setting(
        "bridge-1", "Name of this bridge on the wire: 1-32 lower case letters, digits or '-'."
    )
    credentials: str = setting(
        "", "File (0600) that `glassline enroll` made for this bridge: id, broker, password and CA in one."
    )
    password_file: str = setting("", "File (mode 0600) with this bridge's password at the broker; empty: none.")
    ca_file: str = setting("", "File with the CA certificate that signs the broker's, for mqtts://.")
    store: str = setting(
        "sqlite:var/glassline.db", "Where defects are stored: sqlite:PATH or supabase:URL; web needs the same."
    )
    store_key_file: str = setting("", "File (0600) with the secret key of the Supabase project; SQLite needs none.")
    batch_ms: int = setting(
        50, "How long a batch is gathered while more keeps coming; what comes alone does not wait.", unit="ms", ge=0
    )
    batch_items: int = setting(500, "How many messages a batch may hold.", ge=1, le=10_000)
    memory_mb: int = setting(
        64,
        "Memory for what waits for the store; when full, what comes is dropped and counted, and nodes send it again.",
        unit="MB",
        ge=4,
    )
    keep_evidence_days: float = setting(0, "How long pictures are kept; 0: for ever.", unit="d", ge=0, le=36_500)
    keep_evidence_gb: float = setting(
        0, "Room for all pictures together: the oldest make room; 0: no bound.", unit="GB", ge=0, le=1e6
    )
    keep_rows_days: float = setting(
        0, "How long defects and their reviews are kept; 0: for ever.", unit="d", ge=0, le=36_500
    )
    health_s: float = setting(5.0, "How often the bridge reports its health.", unit="s", ge=0.2, le=10)

    @property
    def keep(self) -> Keep:
        """What the store keeps for how long."""
        return Keep(
            evidence_days=self.keep_evidence_days or None,
            evidence_gb=self.keep_evidence_gb or None,
            rows_days=self.keep_rows_days or None,
        )
