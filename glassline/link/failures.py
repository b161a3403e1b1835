"""Why a broker could not be reached, as the contract's reason and a sentence."""

import socket
import ssl

from glassline.contract import Reason
from glassline.program import CertificateError, SecretError
from glassline.program.tls import TlsFault, fault_of, fault_sentence

from .address import BrokerAddress
from .other_side import speaks_mqtt, speaks_tls

CONNACK_REFUSED = {4, 5, 134, 135}
"""Bad user name or password, not authorised: MQTT 3.1.1 table 3.1, and what paho makes of them."""
_TLS_REASONS = {
    TlsFault.UNTRUSTED: Reason.BROKER_TLS_UNTRUSTED,
    TlsFault.EXPIRED: Reason.BROKER_TLS_EXPIRED,
    TlsFault.NOT_YET_VALID: Reason.BROKER_TLS_NOT_YET_VALID,
    TlsFault.WRONG_NAME: Reason.BROKER_TLS_WRONG_NAME,
    TlsFault.NOT_TLS: Reason.BROKER_NOT_MQTT,
    TlsFault.OTHER: Reason.BROKER_TLS_FAILED,
}


def explain(address: BrokerAddress, error: BaseException) -> tuple[Reason, str]:
    """Turn what a connection attempt raised into (reason, sentence). Asks the other side once more where that tells."""
    where = str(address)
    match error:
        case SecretError():
            return Reason.SETTINGS_WRONG, f"no connection to {where} can be tried: {error}"
        case CertificateError():
            return Reason.SETTINGS_WRONG, f"{where} cannot be trusted without its certificate: {error}"
        case socket.gaierror():
            return Reason.BROKER_UNRESOLVED, f"the name {address.host!r} of the broker {where} is not known here"
        case ConnectionRefusedError():
            return Reason.BROKER_REFUSED, f"{where} refused the connection: no broker listens there"
        case TimeoutError():
            return Reason.BROKER_TIMEOUT, f"{where} did not answer: wrong address, powered off, or a firewall drops it"
        case ssl.SSLError() if fault_of(error) is not TlsFault.NOT_TLS:
            return _TLS_REASONS[fault_of(error) or TlsFault.OTHER], f"{where}: {fault_sentence(error, address.host)}"
        case ConnectionError() | ssl.SSLError():
            return explain_silence(address, "closed the connection at once: another program may listen there")
        case OSError():
            return Reason.BROKER_TIMEOUT, f"{where} cannot be reached: {error.strerror or error}"
    return Reason.BROKER_LOST, f"{where}: {type(error).__name__}: {error}"


def explain_silence(address: BrokerAddress, how: str) -> tuple[Reason, str]:
    """(reason, sentence) for a peer that took the connection and then said nothing in MQTT; `how` it behaved."""
    if address.tls and speaks_mqtt(address):
        plain = BrokerAddress(address.host, address.port)
        return Reason.BROKER_HAS_NO_TLS, f"{address} speaks MQTT without TLS: its address is {plain}"
    if not address.tls and speaks_tls(address):
        secure = BrokerAddress(address.host, address.port, tls=True)
        return Reason.BROKER_WANTS_TLS, f"{address} speaks TLS only: its address is {secure}"
    return Reason.BROKER_NOT_MQTT, f"{address} {how}"


def explain_connack(address: BrokerAddress, id: str, code: int, text: str) -> tuple[Reason, str]:
    """Turn a refusing CONNACK into (reason, sentence)."""
    if code in CONNACK_REFUSED:
        return (
            Reason.BROKER_BAD_CREDENTIALS,
            f"{address} refused the account {id!r}: wrong name or password, or another role",
        )
    return Reason.BROKER_LOST, f"{address} refused the connection of {id!r}: {text}"
