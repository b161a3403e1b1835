"""Whether a broker that somebody told of is one of ours: it has a certificate of our CA, for the name it goes by."""

import random
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from glassline.program.tls import TlsFault, fault_of

from .access import Keys
from .memory import Place
from .steps import certificate_of, resolve

PROVE_S = 3.0
MOST_PLACES = 32
"""That are tried at once: whoever invents more delays us, by chance, and no more."""

Proofs = dict[Place, OSError | None]
"""What came of it: None for those that are."""


def prove(places: Iterable[Place], keys: Keys) -> Proofs:
    """Ask all of them at once, for a TLS handshake and no more; within about 6 s."""
    asked = list(dict.fromkeys(places))
    if len(asked) > MOST_PLACES:
        asked = random.sample(asked, MOST_PLACES)
    with ThreadPoolExecutor(MOST_PLACES) as pool:
        return dict(zip(asked, pool.map(lambda place: _prove_one(place, keys), asked), strict=True))


def is_impostor(error: OSError | None) -> bool:
    """Whether it showed a certificate of another CA."""
    return error is not None and fault_of(error) is TlsFault.UNTRUSTED


def _prove_one(place: Place, keys: Keys) -> OSError | None:
    address = place.address
    try:
        ip = resolve(address, PROVE_S)[0]
        certificate_of(address, ip, keys.context(address.host), PROVE_S)
    except OSError as error:
        return error
    return None
