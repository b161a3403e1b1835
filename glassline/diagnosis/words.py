"""From templates with facts in braces to sentences: a fact that is missing never stops a sentence."""

import re
from collections.abc import Mapping
from contextlib import suppress
from string import Formatter
from urllib.parse import urlsplit

Facts = Mapping[str, str | float | int]

PLACEHOLDERS: dict[str, str] = {
    "address": "<address>",
    "age": "a while",
    "asked_detect_fps": "was asked",
    "asked_fps": "was asked",
    "camera_fps": "fewer",
    "camera": "(`camera` in its settings)",
    "change": "what was wanted",
    "cpu_temp": "too hot",
    "depth": "some",
    "detect_fps": "fewer",
    "detect_share": "a part",
    "disk_free_mb": "hardly any",
    "dropped": "some",
    "elsewhere": "another of its addresses",
    "error": "no more is known",
    "fetched": "that was sent",
    "file": "glassline.toml",
    "holder": "another program",
    "found": "others",
    "host": "<host>",
    "id": "<id>",
    "link": "less than is wanted of it",
    "live": "lower quality, size or rate",
    "memory_free_mb": "hardly any",
    "model": "(`model` in its settings)",
    "not_fetched": "its log says why",
    "observer": "this machine",
    "offset": "minutes or more",
    "password_file": "none",
    "pictures_dropped": "some",
    "port": "<port>",
    "program": "<program>",
    "reason": "<reason>",
    "role": "<role>",
    "search": "none answers",
    "undone": "camera or detector did not work with it",
    "wifi": "hardly any",
    "why": "",
}
"""Every fact that a template may use, and what stands there while nobody knows it."""


MAX_FACT = 400
_HOST = re.compile(r"[A-Za-z0-9_:][A-Za-z0-9_.:-]{0,252}")


def fields_of(template: str) -> set[str]:
    """The facts that a template uses."""
    return {name for _, name, _, _ in Formatter().parse(template) if name is not None}


def render(template: str, facts: Facts) -> str:
    """The template on one line with its facts put in; a missing one becomes its placeholder."""
    return " ".join(template.split()).format_map({name: _text(name, facts) for name in fields_of(template)})


def _text(name: str, facts: Facts) -> str:
    """A fact as it may stand in a sentence. Facts come over the wire too, and what is in `backticks` gets typed."""
    value = facts.get(name, "")
    text = f"{value:.4g}" if isinstance(value, float) else _harmless(str(value))
    if name == "host" and not _HOST.fullmatch(text):
        text = ""
    return text or PLACEHOLDERS.get(name, f"<{name}>")


def _harmless(text: str) -> str:
    """`text` on one line, not too long, with nothing in it that a terminal obeys or that looks like a command."""
    plain = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text[: MAX_FACT + 1].replace("`", "'"))
    return plain if len(plain) <= MAX_FACT else plain[:MAX_FACT] + "…"


def completed(facts: Facts, age_s: float | None) -> dict[str, str | float | int]:
    """`facts` with the age in words, and with host and port of the address, where nobody said otherwise."""
    known: dict[str, str | float | int] = {} if age_s is None else {"age": age_text(age_s)}
    with suppress(ValueError):
        url = urlsplit(str(facts.get("address", "")))
        known |= {name: value for name, value in (("host", url.hostname), ("port", url.port)) if value}
    return {**known, **facts}


def age_text(age_s: float) -> str:
    """An age as people say it: 0.2 s, 12 s, 5 min, 3 h, 2 days."""
    if age_s < 9.95:
        return f"{max(age_s, 0):.1f} s"
    for unit, size_s, limit_s in (("s", 1, 99.5), ("min", 60, 5970), ("h", 3600, 172_800)):
        if age_s < limit_s:
            return f"{age_s / size_s:.0f} {unit}"
    return f"{age_s / 86_400:.0f} days"
