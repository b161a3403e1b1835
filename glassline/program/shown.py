"""Foreign text in log lines: short, on one line, without control characters, and without passwords."""

import re

MAX_SHOWN = 120
_READ = 4096
_USER_INFO = re.compile(r"(?:(?<=://)|^[^\s/:]+:(?!/))\S*@")
"""Up to the last @, since a password may itself hold / and @; at the beginning also where the scheme is left out."""
_KEYED = re.compile(r"""((?:pass\w*|secret|token|api_?key)["']?\s*[:=]\s*["']?)[^\s"',}]+""", re.IGNORECASE)


def shown(foreign: bytes | str, *, limit: int = MAX_SHOWN) -> str:
    """The beginning of `foreign` as it may stand in a log line; bytes that are no text are shown as \\xNN."""
    head = foreign[:_READ]
    text = head.decode("utf-8", "backslashreplace") if isinstance(head, bytes) else head
    text = one_line(_KEYED.sub(r"\1…", masked(text)))
    return text if len(text) <= limit and len(foreign) <= _READ else text[:limit] + "…"


def masked(text: str) -> str:
    """`text` without names and passwords inside its addresses.

    >>> masked("rtsp://cam:pa/ss@w0rd@camera/1 gives no pictures")
    'rtsp://…@camera/1 gives no pictures'
    """
    return _USER_INFO.sub("…@", text)


def one_line(text: str) -> str:
    """`text` with its line ends, control characters and lone surrogates escaped."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
