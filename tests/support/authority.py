"""Certificates for tests, signed by the product's own CA."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from glassline.accounts.authority import SERVER_LIFE, Authority

NAMES = ("localhost", "127.0.0.1")


@dataclass(frozen=True)
class Signed:
    """Files: a server's certificate, its key, and the CA's certificate."""

    cert: Path
    key: Path
    ca: Path


def signed(folder: Path, *, names: tuple[str, ...] = NAMES, age: timedelta = timedelta()) -> Signed:
    """A certificate that was made `age` ago, by a CA that `folder` keeps."""
    now = datetime.now(UTC)
    ca = folder / "ca"
    authority = Authority.load(ca) if ca.exists() else Authority.make(ca, "Test CA", now - timedelta(days=2000))
    made = Signed(folder / "tls" / "server.crt", folder / "tls" / "server.key", ca / "ca.crt")
    cert, key = authority.issue(names, now - age)
    made.cert.parent.mkdir(exist_ok=True)
    made.cert.write_text(cert)
    made.key.touch(0o600)
    made.key.write_text(key)
    return made


EXPIRED = SERVER_LIFE + timedelta(days=1)
NOT_YET = timedelta(days=-3)
