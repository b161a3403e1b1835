"""A certificate for loopback, signed by an authority of its own, made anew for each run."""

import select
import ssl
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from tests.support.authority import signed


@dataclass(frozen=True)
class Certificate:
    """PEM files: the certificate, its key, and the authority that signed it."""

    cert: Path
    key: Path
    ca: Path

    def trusted(self) -> ssl.SSLContext:
        """A client's context that trusts the authority and nobody else."""
        context = ssl.create_default_context(cafile=str(self.ca))
        context.sslsocket_class = TurnSocket
        return context


class TurnSocket(ssl.SSLSocket):
    """Two threads of a client may use it: one at a time is inside OpenSSL, and nobody waits there."""

    @property
    def _turn(self) -> Lock:
        return self.__dict__.setdefault("_lock", Lock())

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        while True:
            with self._turn:
                patience_s = self.gettimeout()
                self.settimeout(0)
                try:
                    return super().recv(buflen, flags)
                except ssl.SSLWantReadError:
                    pass
                finally:
                    self.settimeout(patience_s)
            if not select.select([self], [], [], patience_s)[0]:
                raise TimeoutError

    def send(self, data: bytes | memoryview, flags: int = 0) -> int:
        with self._turn:
            return super().send(data, flags)


def make_certificate(folder: Path) -> Certificate:
    made = signed(folder)
    return Certificate(cert=made.cert, key=made.key, ca=made.ca)
