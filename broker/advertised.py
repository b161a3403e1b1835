"""What mDNS is to tell of this broker: only what others reach with TLS, and can check."""

import logging
from collections.abc import Sequence
from pathlib import Path

from glassline.accounts import AccountsError
from glassline.accounts.identity import ca_beside, identity_of
from glassline.discovery import Server
from glassline.program import is_loopback, joining_port

from .doors import Door
from .settings import BrokerSettings

log = logging.getLogger(__name__)
ANYWHERE = "0.0.0.0"  # noqa: S104


def advertised(settings: BrokerSettings, doors: Sequence[Door], file: Path | None) -> Server | None:
    """None where there is nothing to tell, or `advertise` is off. `file` is the machine's settings file.

    mDNS is spoken over IPv4, so that is what is told.
    """
    places = [door.place for door in doors if door.certificate]
    place = next((one for one in places if ":" not in one[0] and not is_loopback(one[0])), None)
    if not settings.advertise or place is None:
        return None
    try:
        known = identity_of(Path(settings.tls_cert), ca_beside(Path(settings.accounts)))
    except AccountsError as error:
        log.warning('not told by mDNS, so that nodes with broker = "auto" cannot find it: %s', error)
        return None
    host, port = place
    return Server(
        site=settings.site or known.host.partition(".")[0], host=known.host, port=port, fingerprint=known.fingerprint,
        addresses=() if host == ANYWHERE else (host,), web_port=joining_port(file),
    )  # fmt: skip
