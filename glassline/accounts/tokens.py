"""One-time tokens: with one, a program fetches its credentials itself, once and soon.

    tokens = Tokens(Path("tokens.json"))
    text = tokens.issue(credentials, now=datetime.now(UTC))      # given to whoever sets the machine up
    tokens.redeem(text, now=…)                                   # the credentials; never a second time, but for the
                                                                 # same machine, whose power may have gone

The file holds the hash of a token's secret only, and the credentials encrypted with a key made of that secret: neither
it nor whoever serves it can tell the password.
"""

import base64
import errno
import hashlib
import os
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from glassline.program.credentials import Credentials, format_credentials
from glassline.program.tokens import SECRET_BYTES, Token, fingerprint_of

from .entries import AccountsError, EntriesFile

LIFE = timedelta(hours=1)
MAX_TOKENS = 1000
_NONCE_BYTES = 12
_REMEDY = "It and its folder must belong to the user that the web runs as"


class TokenError(Exception):
    """The token is not, or no longer, good. The text is the same for all reasons: a guesser learns nothing."""

    def __init__(self) -> None:
        super().__init__("this token is not known here, was used already, or has expired")


@dataclass(frozen=True)
class Sealed:
    """A token as the file has it. `new_account`: its account was made for it, and nobody has another way to it.

    `is_used`: by whom says `claimant`, empty for a machine that did not tell.
    """

    id: str
    expires_at: datetime
    ca: str
    content: bytes
    new_account: bool = False
    is_used: bool = False
    claimant: str = ""


class Tokens:
    """The tokens in `path` (0600), which need not exist. Every method may be called from any thread and process."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._file = EntriesFile(path, what="tokens", remedy=_REMEDY, read=_read, write=_write, may_lack=True)

    def check(self) -> None:
        """AccountsError unless this program can read the file and change it."""
        try:
            with self._file.holding():
                if not os.access(self.path.parent, os.W_OK):
                    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        except OSError as error:
            raise AccountsError(f"cannot change the tokens file {self.path}: {error.strerror}. {_REMEDY}") from None

    def issue(
        self, credentials: Credentials, *, now: datetime, life: timedelta = LIFE, new_account: bool = False
    ) -> str:
        """A new token for `credentials`, which must hold the CA; one that its account had before is void."""
        token = Token(fingerprint_of(credentials.ca), secrets.token_bytes(SECRET_BYTES))
        nonce = secrets.token_bytes(_NONCE_BYTES)
        content = nonce + _cipher(token).encrypt(nonce, format_credentials(credentials).encode(), None)
        with self._file.changing() as entries:
            _drop(entries, lambda one: one.expires_at <= now or one.id == credentials.id)
            if len(entries) >= MAX_TOKENS:
                raise AccountsError(f"{MAX_TOKENS} tokens wait to be used already")
            entries[_digest(token)] = Sealed(credentials.id, now + life, credentials.ca, content, new_account)
        return str(token)

    def redeem(self, text: str, *, now: datetime, claimant: str = "") -> str:
        """The credentials file for which the token was made; TokenError unless this is its first use, in time.

        `claimant` is told by the machine that brings it. Until the token expires the same one gets the same again: the
        answer may be lost on its way, or in a power cut before it lay on the disk. AccountsError or OSError where the
        file cannot be read or changed: the token stays good.
        """
        try:
            token = Token.parse(text)
        except ValueError:
            raise TokenError from None
        if _digest(token) not in self._file.current():
            raise TokenError
        with self._file.changing() as entries:
            found = entries.get(_digest(token))
            if found is None or found.expires_at <= now:
                raise TokenError
            if found.is_used and not (claimant and claimant == found.claimant):
                raise TokenError
            _drop(entries, lambda one: one.is_used and one.expires_at <= now)
            entries[_digest(token)] = replace(found, is_used=True, claimant=claimant)
        nonce, sealed = found.content[:_NONCE_BYTES], found.content[_NONCE_BYTES:]
        return _cipher(token).decrypt(nonce, sealed, None).decode()

    def revoke(self, id: str) -> None:
        """Take the account's token away, if it has one."""
        if any(one.id == id for one in self._file.current().values()):
            with self._file.changing() as entries:
                _drop(entries, lambda one: one.id == id)

    def withdraw_new(self, id: str, *, now: datetime) -> bool:
        """Take a token away that a new account waits for: True if nobody brought it, so the account was never used."""
        if id not in self.pending():
            return False
        with self._file.changing() as entries:
            before = len(entries)
            _drop(entries, lambda one: one.id == id and one.new_account and not one.is_used and one.expires_at > now)
            return len(entries) < before

    def pending(self) -> dict[str, datetime]:
        """Until when a token waits to be used, by account."""
        return {one.id: one.expires_at for one in self._file.current().values() if not one.is_used}

    def ca(self, fingerprint: bytes) -> str | None:
        """The certificate (PEM) of the CA with that fingerprint, while a token for it is kept; AccountsError."""
        known = {one.ca for one in self._file.current().values()}
        return next((pem for pem in known if fingerprint_of(pem) == fingerprint), None)


def _drop(entries: dict[str, Sealed], unwanted: Any) -> None:
    for name in [name for name, one in entries.items() if unwanted(one)]:
        del entries[name]


def _read(name: str, fields: Any) -> Sealed:
    expires_at = datetime.fromisoformat(fields["expires_at"]).astimezone(UTC)
    content = base64.b64decode(fields["content"])
    new_account, is_used = fields.get("new_account") is True, fields.get("is_used") is True
    claimant = str(fields.get("claimant", ""))
    return Sealed(str(fields["id"]), expires_at, str(fields["ca"]), content, new_account, is_used, claimant)


def _write(one: Sealed) -> dict[str, str | bool]:
    content = base64.b64encode(one.content).decode()
    return vars(one) | {"expires_at": one.expires_at.isoformat(), "content": content}


def _digest(token: Token) -> str:
    """Under what the file knows a token. Guessing 192 bits needs no slow hash."""
    return hashlib.sha256(b"known as" + token.secret).hexdigest()


def _cipher(token: Token) -> AESGCM:
    return AESGCM(hashlib.sha256(b"sealed with" + token.secret).digest())
