"""From the address of a store to the store."""

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from glassline.program import is_loopback, read_secret, shown

from .base import Store
from .sqlite import SqliteStore

if TYPE_CHECKING:
    from .supabase.sign_in import ProjectSignIn

_EXAMPLES = "sqlite:PATH, like sqlite:var/glassline.db, or supabase:URL, like supabase:https://PROJECT.supabase.co"
_KEY_REMEDY = "Copy the project's secret key (Settings, API keys) into it, and close it: chmod 600"


def open_store(url: str, *, key_file: str = "") -> Store:
    """The store at `url`, like sqlite:var/glassline.db; ValueError if no store is known there.

    A Supabase project wants its secret key, in `key_file`; SecretError if that cannot be read. Nothing else is touched
    before its `open`.
    """
    scheme, colon, rest = url.strip().partition(":")
    if colon and scheme == "supabase":
        return _supabase(rest, key_file)
    if not colon or scheme != "sqlite":
        raise ValueError(f"no store is known at '{shown(url)}': expected {_EXAMPLES}")
    if not rest or rest.endswith("/"):
        raise ValueError(f"the store '{shown(url)}' names no file: expected {_EXAMPLES}")
    return SqliteStore(Path(rest))


def open_sign_in(url: str, *, key_file: str) -> "ProjectSignIn":
    """The users of the project in which the store at `url` lives; ValueError if it lives in none, SecretError."""
    scheme, _, rest = url.strip().partition(":")
    if scheme != "supabase":
        raise ValueError(f"the store '{shown(url)}' is no Supabase project, so it has no users")
    address, key = _project(rest, key_file)
    from .supabase.sign_in import ProjectSignIn

    return ProjectSignIn(address, key)


def supabase_migrations() -> list[Path]:
    """The SQL files that make a Supabase project's database, in their order."""
    return sorted((Path(__file__).parent / "migrations" / "supabase").glob("*.sql"))


def _project(address: str, key_file: str) -> tuple[str, str]:
    """Its URL and its secret key, checked; ValueError, SecretError."""
    parts, told = urlsplit(address), shown(address)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError(f"the store 'supabase:{told}' names no project: expected {_EXAMPLES}")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError(f"the store 'supabase:{told}' would be sent the secret key in clear: use https")
    if not key_file:
        raise ValueError(f"the store 'supabase:{told}' wants a key: name its file in `store_key_file`")
    key = read_secret(key_file, what="key", remedy=_KEY_REMEDY)
    try:
        import supabase  # noqa: F401
    except ModuleNotFoundError as error:
        raise ValueError(f"{error.name} is not installed: pip install 'glassline[supabase]'") from error
    return address.rstrip("/"), key


def _supabase(address: str, key_file: str) -> Store:
    url, key = _project(address, key_file)
    from .supabase import SupabaseStore

    return SupabaseStore(url, key)
