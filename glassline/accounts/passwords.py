"""Passwords: how they are made, and the two hashes an account keeps of one."""

import base64
import hashlib
import secrets

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher

_ARGON2 = PasswordHash((Argon2Hasher(),))
_PBKDF2_ROUNDS = 20_000
"""mosquitto checks passwords in its only thread: this costs it some 10 ms a connect."""
MAX_PASSWORD_CHARACTERS = 128


def new_password() -> str:
    """A password nobody needs to remember: 192 random bits, safe in files, URLs and shells."""
    return secrets.token_urlsafe(24)


def check_password(password: str) -> str:
    """Return `password` if every client can send it; ValueError says what is wrong (never the password itself)."""
    if not 8 <= len(password) <= MAX_PASSWORD_CHARACTERS:
        raise ValueError(
            f"expected a password of 8 to {MAX_PASSWORD_CHARACTERS} characters, got one of {len(password)}"
        )
    if not password.isprintable() or password != password.strip():
        raise ValueError("a password may not begin or end with a space, nor hold line breaks or control characters")
    return password


def argon2_hash(password: str) -> str:
    """The argon2id hash against which the embedded broker verifies."""
    return _ARGON2.hash(password)


def argon2_verify(password: str, stored: str) -> bool:
    """Whether `password` is the one that `stored` was made of; False as well for a hash of an unknown kind."""
    try:
        return _ARGON2.verify(password, stored)
    except UnknownHashError:
        return False


def mosquitto_hash(password: str) -> str:
    """mosquitto's own entry, `$7$rounds$salt$digest`: PBKDF2 with HMAC-SHA-512, see mosquitto_passwd(1)."""
    salt = secrets.token_bytes(12)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _PBKDF2_ROUNDS)
    return f"$7${_PBKDF2_ROUNDS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"
