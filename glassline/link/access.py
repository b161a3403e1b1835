"""Passwords and CA of one account at the broker."""

import ssl
from dataclasses import dataclass

from glassline.program import client_context, read_credentials


@dataclass(frozen=True)
class Keys:
    """What a connection may be tried with: `passwords` in this order, and whom TLS trusts."""

    passwords: tuple[str | None, ...]
    ca_file: str | None = None
    ca: str | None = None

    def context(self) -> ssl.SSLContext:
        """For TLS; CertificateError says what is wrong with the CA."""
        return client_context(ca_file=self.ca_file, ca=self.ca)


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
        return Keys(tuple(dict.fromkeys(known)), ca=found.ca or None)

    def note_worked(self, password: str | None) -> None:
        """The broker took it."""
        self._worked = password
