"""Foreign text in log lines: short, on one line, without control characters, and without passwords."""

import re

MAX_SHOWN = 120
_READ = 4096
_SECRETS = re.compile(
    r"""(?P<url>://)[^\s"']*@ | (?P<key>(?:pass\w*|secret|token|api_?key)["']?\s*[:=]\s*["']?)[^\s"',}]+""",
    re.VERBOSE | re.IGNORECASE,
)


def shown(foreign: bytes | str, *, limit: int = MAX_SHOWN) -> str:
    """The beginning of `foreign` as it may stand in a log line; bytes that are no text are shown as \\xNN."""
    head = foreign[:_READ]
    text = head.decode("utf-8", "backslashreplace") if isinstance(head, bytes) else head
    text = _SECRETS.sub(lambda match: f"{match['url'] or match['key']}…{'@' if match['url'] else ''}", text)
    text = one_line(text)
    return text if len(text) <= limit and len(foreign) <= _READ else text[:limit] + "…"


def one_line(text: str) -> str:
    """`text` with its line ends, control characters and lone surrogates escaped."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
