"""The key of a Wi-Fi network, made of its pass phrase, so that the phrase itself need not lie on a card."""

import hashlib
import re

_ROUNDS, _KEY_BYTES = 4096, 32
"""IEEE 802.11i, annex H.4."""


def network_key(ssid: str, passphrase: str) -> str:
    """The 64 hexadecimal digits that WPA2 makes of a pass phrase and the network's name; ValueError for what is none.

    Where the phrase is such a key already, it is that. A network that speaks WPA3 alone wants the phrase itself.
    """
    name = ssid.encode()
    if not 1 <= len(name) <= 32:
        raise ValueError(f"a Wi-Fi network's name has 1 to 32 bytes, got {len(name)}")
    if re.fullmatch(r"[0-9a-fA-F]{64}", passphrase):
        return passphrase.lower()
    if not 8 <= len(passphrase) <= 63 or not passphrase.isascii() or not passphrase.isprintable():
        raise ValueError("a Wi-Fi pass phrase has 8 to 63 characters, all of them ASCII")
    return hashlib.pbkdf2_hmac("sha1", passphrase.encode(), name, _ROUNDS, _KEY_BYTES).hex()
