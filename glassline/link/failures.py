"""Why a broker could not be reached, as the contract's reason and a sentence."""

import socket
import ssl

from glassline.contract import Reason

from .address import BrokerAddress
from .client import CaFileError

CONNACK_REFUSED = {4, 5, 134, 135}
"""Bad user name or password, not authorised: MQTT 3.1.1 table 3.1, and what paho makes of them."""


def explain(address: BrokerAddress, error: BaseException) -> tuple[Reason, str]:
    """Turn what a connection attempt raised into (reason, sentence)."""
    where = str(address)
    match error:
        case CaFileError():
            return Reason.SETTINGS_WRONG, f"{where} cannot be trusted without its certificate: {error}"
        case socket.gaierror():
            return Reason.BROKER_UNRESOLVED, f"the name {address.host!r} of the broker {where} is not known here"
        case ConnectionRefusedError():
            return Reason.BROKER_REFUSED, f"{where} refused the connection: no broker listens there"
        case TimeoutError():
            return Reason.BROKER_TIMEOUT, f"{where} did not answer: wrong address, powered off, or a firewall drops it"
        case ssl.SSLError():
            return Reason.BROKER_NOT_MQTT, f"{where}: the TLS handshake failed: {error.reason or error}"
        case ConnectionError():
            return Reason.BROKER_NOT_MQTT, f"{where} closed the connection at once: another program may listen there"
        case OSError():
            return Reason.BROKER_TIMEOUT, f"{where} cannot be reached: {error.strerror or error}"
    return Reason.BROKER_LOST, f"{where}: {type(error).__name__}: {error}"


def explain_connack(address: BrokerAddress, id: str, code: int, text: str) -> tuple[Reason, str]:
    """Turn a refusing CONNACK into (reason, sentence)."""
    if code in CONNACK_REFUSED:
        return (
            Reason.BROKER_BAD_CREDENTIALS,
            f"{address} refused the account {id!r}: wrong name or password, or another role",
        )
    return Reason.BROKER_LOST, f"{address} refused the connection of {id!r}: {text}"
