"""What a Supabase project, or the way to it, refused, in words, with the remedy."""

import re

import httpx

from glassline.contract import Reason

from ..values import RefusedError, StoreError

MIGRATE = "run `glassline store migrate`, which says how"
_SAID = 200
_UNREADABLE = "Unable to parse error message:"
"""What the storage client puts before a page that is no JSON."""
_SQLSTATE = 5


def explain(error: Exception, url: str, *, status: int = 0) -> StoreError:
    """The StoreError for what `error` says of the project at `url`; RefusedError where the database refuses a value.

    `status` is that of the last answer on this thread.
    """
    if isinstance(error, httpx.TransportError):
        return _of_network(error, url)
    code, sentence = _code(error) or str(status or ""), _sentence(error)
    if code in ("401", "403", "PGRST301", "PGRST302", "PGRST303"):
        return StoreError(
            f"{url} refuses the key ({sentence}): put the project's secret key (Settings, API keys) into the file that "
            "`store_key_file` names"
        )
    if code in ("PGRST202", "PGRST205", "PGRST204", "42P01", "42883", "42703", "42501"):
        return StoreError(f"the database at {url} is not made for this version of Glassline ({sentence}): {MIGRATE}")
    if code == "429":
        return StoreError(f"{url} says that it is asked too much (429): its plan or load sets the limit")
    if code == "25006":
        return StoreError(
            f"the database at {url} can only be read ({sentence}): its disk may be full, see Settings, Database",
            Reason.STORE_READ_ONLY,
        )
    if code == "53100":
        return StoreError(f"the disk of the database at {url} is full ({sentence})", Reason.STORE_FULL)
    if code == "23502":
        return StoreError(
            f"a table at {url} wants more than Glassline knows ({sentence}): give that column a default, or let it be "
            "null"
        )
    if len(code) == _SQLSTATE and code.startswith(("22", "23")):
        return RefusedError(f"the database at {url} refuses it ({code}): {sentence}")
    return StoreError(f"{url} answered {code or 'with an error'}: {sentence}")


def is_missing(error: Exception) -> bool:
    """Whether storage says that there is no such picture."""
    return _code(error) in ("404", "NoSuchKey", "not_found")


def _code(error: Exception) -> str:
    """The SQLSTATE, PostgREST's own code or the HTTP status: for storage the status comes first."""
    status = str(getattr(error, "status", "") or "")
    return status or str(getattr(error, "code", "") or "")


def _sentence(error: Exception) -> str:
    """One line, without the tags of a gateway's page."""
    text = f"{getattr(error, 'message', '') or error} {getattr(error, 'details', '') or ''}"
    if "<" in text:
        text = re.sub(r"(?s)<(style|script|title).*?</\1>|<[^>]*>", " ", text.removeprefix(_UNREADABLE))
    return " ".join(text.split())[:_SAID] or type(error).__name__


def _of_network(error: httpx.TransportError, url: str) -> StoreError:
    host = httpx.URL(url).host
    if isinstance(error, httpx.TimeoutException):
        return StoreError(f"{url} does not answer in time: is it up, and does this network let it through?")
    text = str(error)
    if "Name or service" in text or "name resolution" in text or "No address" in text or "nodename" in text:
        return StoreError(f"the name {host} cannot be found: check `store`, and this machine's network and DNS")
    if "CERTIFICATE" in text.upper():
        return StoreError(
            f"the certificate of {host} is not accepted ({text[:_SAID]}): check this machine's clock first"
        )
    return StoreError(f"{url} cannot be reached ({text[:_SAID] or type(error).__name__}): is it up, and `store` right?")


def is_refused_picture(error: BaseException) -> bool:
    """Whether the bucket will never take this picture, by its own rules; other answers of 400 are faults of the way."""
    return str(getattr(error, "code", "")) in ("EntityTooLarge", "InvalidMimeType")
