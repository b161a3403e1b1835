"""`python -m bridge`: run the bridge until it is told to end."""

import logging
import sys

from glassline.link import AddressError, broker_address
from glassline.program import EndSignals, SecretError, Systemd, load_settings, read_secret, run_logging
from glassline.program.settings import EXIT_SETTINGS
from glassline.store import open_store

from .app import Bridge
from .settings import BridgeSettings

log = logging.getLogger("bridge")


def main() -> int:
    """Exit codes: 0 told to end, 2 settings wrong, 1 the password cannot be read."""
    settings = load_settings(BridgeSettings).values
    run_logging("bridge", settings.id)
    signals = EndSignals()
    signals.catch()
    try:
        bridge = Bridge(
            settings=settings,
            address=broker_address(settings.broker, credentials=settings.credentials, ca_file=settings.ca_file),
            store=open_store(settings.store, key_file=settings.store_key_file),
            systemd=Systemd(),
            password=read_secret(settings.password_file) if settings.password_file else None,
        )
    except (AddressError, ValueError) as error:
        log.error("%s", error)
        return EXIT_SETTINGS
    except SecretError as error:
        log.error("%s", error)
        return 1
    with bridge:
        log.info("bridge %s stores into %s", settings.id, settings.store)
        signals.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
