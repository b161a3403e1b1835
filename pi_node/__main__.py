"""`python -m pi_node`: run the node until it is told to end."""

import faulthandler
import logging
import os
import sys

from glassline.link import AddressError, BrokerAddress, Sought, broker_address
from glassline.program import EndSignals, Loaded, SecretError, Systemd, load_settings, masked, run_logging
from glassline.program.settings import EXIT_SETTINGS

from .app import Node
from .camera import CameraError, open_camera
from .health import host
from .outbox import OutboxError
from .settings import NodeSettings

log = logging.getLogger("pi_node")

EXIT_RESTART = 75
"""EX_TEMPFAIL of sysexits(3): whoever runs this is to start it again."""


def broker_of(loaded: Loaded[NodeSettings]) -> BrokerAddress | Sought | AddressError:
    """The broker's address, or what is missing, which the log says too. It is never guessed."""
    s = loaded.values
    try:
        address = broker_address(s.broker, credentials=s.credentials, ca_file=s.ca_file)
    except AddressError as error:
        log.error(
            "%s. Until then defects are detected and kept here, and nobody sees the picture [%s]", error, error.code
        )
        return error
    if isinstance(address, BrokerAddress) and address.is_loopback and (host.is_pi() or "broker" not in loaded.tables):
        log.warning(
            "the broker's address %s (from %s) names this machine itself: right only if the broker runs here; else set "
            "`broker` to the server's address [broker.localhost_on_node]",
            address,
            loaded.sources["broker"],
        )
    return address


def main() -> int:
    """Exit codes: 0 told to end, 2 settings wrong, 1 cannot run, 75 start me again."""
    loaded = load_settings(NodeSettings)
    settings = loaded.values
    run_logging("pi_node", settings.id)
    faulthandler.enable()  # the watchdog ends a node that hangs by SIGABRT: where it hung is worth knowing
    try:
        open_camera(
            settings.camera,
            image_wh=settings.wh(),
            fps=settings.camera_fps,
            password_file=settings.camera_password_file,
        )
    except CameraError as error:
        log.error("%s", masked(str(error)))
        return EXIT_SETTINGS
    systemd = Systemd()
    node = Node(
        settings=settings,
        broker=broker_of(loaded),
        systemd=systemd,
        settings_file=loaded.file.resolve() if loaded.file else None,
        alone=not {"broker", "bridge", "web"} & set(loaded.tables),
    )
    signals = EndSignals()
    signals.catch()
    try:
        with node:
            log.info("node %s looks at %s", settings.id, masked(settings.camera))
            systemd.ready()
            while not node.ended.is_set() and not signals.wait(0.5):
                pass
            systemd.stopping()
    except (OutboxError, SecretError) as error:
        log.error("%s", error)
        return 1
    return EXIT_RESTART if node.restart_wanted else 0


if __name__ == "__main__":
    code = main()
    logging.shutdown()
    sys.stderr.flush()
    os._exit(code)  # a camera or detector that hangs in native code must not keep the process
