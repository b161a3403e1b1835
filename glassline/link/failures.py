"""Why a broker could not be reached, as the contract's reason, a sentence, and what is known of whoever is there."""

import socket
import ssl
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from glassline.contract import Reason
from glassline.program import CertificateError, SecretError
from glassline.program.tls import TlsFault, fault_of, fault_sentence

from .address import BrokerAddress, Sought
from .other_side import accepts, may_be_broker, other_protocol, program_there, speaks_mqtt, speaks_tls

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


class Failure(NamedTuple):
    """Why there is no connection. `facts` are for diagnosis: `holder` is the program that has the port."""

    code: Reason
    sentence: str
    facts: Mapping[str, str] = {}


def explain(address: BrokerAddress | Sought, error: BaseException) -> Failure:
    """What a connection attempt raised, in words. Asks the other side once more where that tells."""
    match error:
        case SecretError():
            return Failure(Reason.SETTINGS_WRONG, f"no connection to {address} can be tried: {error}")
        case CertificateError():
            return Failure(Reason.SETTINGS_WRONG, f"{address} cannot be trusted without its certificate: {error}")
    if isinstance(address, Sought):
        return Failure(Reason.BROKER_NOT_FOUND, f"no server can be looked for: {type(error).__name__}: {error}")
    return _explain(address, error)


def _explain(address: BrokerAddress, error: BaseException) -> Failure:
    where = f"{address} at {address.at}" if address.at else str(address)
    match error:
        case socket.gaierror():
            sentence = f"the name {address.host!r} of the broker {where} is not known here"
            return Failure(Reason.BROKER_UNRESOLVED, sentence)
        case ConnectionRefusedError():
            return Failure(Reason.BROKER_REFUSED, f"{where} refused the connection: no broker listens there")
        case TimeoutError() if accepts(address):
            return explain_silence(address, closed=False)
        case TimeoutError():
            sentence = f"{where} did not answer: wrong address, powered off, or a firewall drops it"
            return Failure(Reason.BROKER_TIMEOUT, sentence)
        case ssl.SSLError() if fault_of(error) is not TlsFault.NOT_TLS:
            code = _TLS_REASONS[fault_of(error) or TlsFault.OTHER]
            return Failure(code, f"{where}: {fault_sentence(error, address.host)}")
        case ConnectionError() | ssl.SSLError():
            return explain_silence(address, closed=True)
        case OSError():
            return Failure(Reason.BROKER_TIMEOUT, f"{where} cannot be reached: {error.strerror or error}")
    return Failure(Reason.BROKER_LOST, f"{where}: {type(error).__name__}: {error}")


def explain_silence(address: BrokerAddress, *, closed: bool) -> Failure:
    """Why a peer took the connection and said nothing in MQTT: it closed it at once, or it was silent.

    A broker that hangs is told from another program: by what it answers to others, and, on this machine, by who it is.
    """
    with ThreadPoolExecutor(2) as asking:
        spoken = asking.submit(other_protocol, address)
        if address.tls and speaks_mqtt(address):
            plain = BrokerAddress(address.host, address.port)
            return Failure(Reason.BROKER_HAS_NO_TLS, f"{address} speaks MQTT without TLS: its address is {plain}")
        if not address.tls and speaks_tls(address):
            secure = BrokerAddress(address.host, address.port, tls=True)
            return Failure(Reason.BROKER_WANTS_TLS, f"{address} speaks TLS only: its address is {secure}")
    protocol, program = spoken.result(), program_there(address)
    holder = str(program or protocol)
    facts = {"holder": holder} if holder else {}
    if protocol or (program is not None and not may_be_broker(program)):
        return Failure(Reason.BROKER_NOT_MQTT, f"{address} does not speak MQTT: it is {holder}", facts)
    if not closed:
        return Failure(Reason.BROKER_HANGS, f"{address} accepts connections, but says nothing: it hangs", facts)
    if program is not None:
        return Failure(Reason.BROKER_LOST, f"{address} closed the connection before it said anything", facts)
    return Failure(Reason.BROKER_NOT_MQTT, f"{address} closed the connection at once: another program may listen there")


def explain_connack(address: BrokerAddress | Sought, id: str, code: int, text: str) -> Failure:
    """What a refusing CONNACK says."""
    if code in CONNACK_REFUSED:
        sentence = f"{address} refused the account {id!r}: wrong name or password, or another role"
        return Failure(Reason.BROKER_BAD_CREDENTIALS, sentence)
    return Failure(Reason.BROKER_LOST, f"{address} refused the connection of {id!r}: {text}")


def explain_other_role(address: BrokerAddress, id: str, role: str) -> Failure:
    """An account that comes in, but may not do what its program does."""
    sentence = f"{address} lets {id!r} in, but not as a {role}: its account has another role"
    return Failure(Reason.NODE_DENIED if role == "node" else Reason.BROKER_NO_ECHO, sentence)
