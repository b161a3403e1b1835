"""Archives in which models travel from the web to nodes: what they are called, and how large they may be.

>>> file_name("best", "0" * 64)[:12], path_of("0" * 64)[:12]
('best.0000000', '/models/0000')
"""

import re

MAX_ARCHIVE_BYTES = 300_000_000
_FILE = re.compile(r"(?P<name>[A-Za-z0-9_][A-Za-z0-9_.-]{0,99})\.(?P<sha256>[0-9a-f]{64})\.zip")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def file_name(name: str, sha256: str) -> str:
    """What the archive of the model `name` is called where it lies; ValueError for a name that no file should have."""
    file = f"{name}.{sha256}.zip"
    if not _FILE.fullmatch(file):
        raise ValueError(f"expected a name of letters, digits, '.', '_' and '-', got {name[:100]!r}")
    return file


def parse_file_name(file: str) -> tuple[str, str] | None:
    """(name of the model, digest of the archive) of such a file; None for any other."""
    match = _FILE.fullmatch(file)
    return (match["name"], match["sha256"]) if match else None


def path_of(sha256: str) -> str:
    """Where a web serves it."""
    return f"/models/{sha256}"


def is_sha256(text: str) -> bool:
    """Whether this may be the digest of an archive."""
    return _SHA256.fullmatch(text) is not None
