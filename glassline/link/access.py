"""Passwords and CA of one account at the broker."""

import hashlib
import ssl
from dataclasses import dataclass

from glassline.program import client_context, read_credentials


@dataclass(frozen=True)
class Keys:
    """What a connection may be tried with: `passwords` in this order, and whom TLS trusts."""

    passwords: tuple[str | None, ...]
    ca_file: str | None = None
    ca: str | None = None
    broker: str = ""
    """The broker's address that the credentials were made with."""

    def context(self, server_name: str) -> ssl.SSLContext:
        """For TLS with the server of that name; CertificateError says what is wrong with the CA."""
        return client_context(ca_file=self.ca_file, ca=self.ca, server_name=server_name)

    def fingerprints(self) -> set[bytes]:
        """The SHA-256 of the certificate of each CA that is trusted; none where those of the system are."""
        if not (self.ca or self.ca_file):
            return set()
        return {hashlib.sha256(der).digest() for der in self.context("").get_ca_certs(binary_form=True)}


class Access:
    """Gives the keys for each connection anew, so that a credentials file may be replaced while a program runs.

    While passwords change over, a broker may know the new one or the one before: whichever worked last comes first,
    and stays known for as long as the program runs.
    """

    def __init__(self, *, password: str | None, ca_file: str | None, credentials: str | None) -> None:
        self._password, self._ca_file, self._credentials = password, ca_file, credentials
        self._worked: str | None = None

    def keys(self) -> Keys:
        """SecretError if the credentials file cannot be used."""
        if not self._credentials:
            return Keys((self._password,), ca_file=self._ca_file)
        found = read_credentials(self._credentials)
        known = (self._worked, *found.passwords) if self._worked else found.passwords
        return Keys(tuple(dict.fromkeys(known)), ca=found.ca or None, broker=found.broker)

    def note_worked(self, password: str | None) -> None:
        """The broker took it."""
        self._worked = password
