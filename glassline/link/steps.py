"""The first steps of the way to a broker, one by one: its name, its port, its certificate."""

import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from glassline.program.tls import TlsFault, fault_of

from .address import BrokerAddress

MOST_ADDRESSES = 8
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step, and how it went: `says` is a phrase for people, `ms` how long it took."""

    name: Literal["search", "name", "port", "tls", "password", "permission"]
    ok: bool
    says: str
    ms: float | None = None


@dataclass(frozen=True, kw_only=True)
class Reached:
    """One address of a name, and whether something accepts connections there: in `ms`, or else `error` says why not."""

    ip: str
    ms: float | None = None
    error: OSError | None = None

    def __str__(self) -> str:
        if self.error is None:
            return f"{self.ip} accepts connections"
        if isinstance(self.error, ConnectionRefusedError):
            return f"{self.ip} refuses them"
        said = "does not answer" if isinstance(self.error, TimeoutError) else _words(self.error)
        return f"{self.ip} {said}"


def resolve(address: BrokerAddress, timeout_s: float) -> list[str]:
    """The addresses that the name leads to, in the order in which they are tried; socket.gaierror where there is none.

    The resolver knows no time-out of ours, so it is asked in a thread that is left behind.
    """
    found = _in_time(lambda: socket.getaddrinfo(*address.place, type=socket.SOCK_STREAM), timeout_s)
    return list(dict.fromkeys(str(where[0]) for *_, where in found))[:MOST_ADDRESSES]


def reach(ips: Sequence[str], port: int, timeout_s: float) -> list[Reached]:
    """Connect to all of them at once, and hang up."""
    with ThreadPoolExecutor(MOST_ADDRESSES) as pool:
        return list(pool.map(lambda ip: _reach_one(ip, port, timeout_s), ips))


def certificate_of(address: BrokerAddress, ip: str, tls: ssl.SSLContext, timeout_s: float) -> str:
    """Do the handshake as a client does, and say who signed the certificate, for which names, and until when.

    OSError (ssl.SSLError) says why it did not come about.
    """
    with (
        socket.create_connection((ip, address.port), timeout_s) as plug,
        tls.wrap_socket(plug, server_hostname=address.host) as secure,
    ):
        return _certificate_words(secure.getpeercert() or {})


def names_offered(address: BrokerAddress, ip: str, tls: ssl.SSLContext, timeout_s: float) -> str:
    """The same of a certificate that is good but for the name; empty if it is not. `tls` checks no names afterwards."""
    tls.check_hostname = False
    try:
        return certificate_of(address, ip, tls, timeout_s)
    except OSError:
        return ""


def is_name_fault(error: OSError) -> bool:
    """Whether a handshake failed for the name alone."""
    return fault_of(error) is TlsFault.WRONG_NAME


def _reach_one(ip: str, port: int, timeout_s: float) -> Reached:
    began_s = time.monotonic()
    try:
        socket.create_connection((ip, port), timeout_s).close()
    except OSError as error:
        return Reached(ip=ip, error=error)
    return Reached(ip=ip, ms=(time.monotonic() - began_s) * 1000)


def _in_time(ask: Callable[[], T], timeout_s: float) -> T:
    answer: queue.SimpleQueue[tuple[T | None, OSError | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            answer.put((ask(), None))
        except OSError as error:
            answer.put((None, error))
        except UnicodeError:
            answer.put((None, socket.gaierror(socket.EAI_NONAME, "no name can look like that")))

    threading.Thread(target=run, name="resolver", daemon=True).start()
    try:
        found, error = answer.get(timeout=timeout_s)
    except queue.Empty:
        raise socket.gaierror(socket.EAI_AGAIN, f"no name server answered within {timeout_s:g} s") from None
    if error is not None:
        raise error
    assert found is not None
    return found


def _certificate_words(cert: dict[str, Any]) -> str:
    issuer = {key: value for pair in cert.get("issuer", ()) for key, value in pair}
    names = [str(value) for _, value in cert.get("subjectAltName", ())]
    until = time.strftime("%Y-%m-%d", time.gmtime(ssl.cert_time_to_seconds(cert["notAfter"]))) if cert else "?"
    signed_by = issuer.get("commonName") or issuer.get("organizationName") or "nobody that it names"
    return f"signed by {signed_by}, for {', '.join(names) or 'no name'}, until {until}"


def _words(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
