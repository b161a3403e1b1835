"""From a filter to what `glassline_where` takes."""

import re
from typing import Any

from ..values import DefectFilter
from .rows import cleaned


def asked(where: DefectFilter) -> dict[str, Any]:
    """The filter as JSON: what does not restrict is left out."""
    said = {
        "device_ids": cleaned(where.device_ids) or None,
        "labels": cleaned(where.labels) or None,
        "statuses": list(where.statuses) or None,
        "since": where.since and where.since.isoformat(),
        "until": where.until and where.until.isoformat(),
        "score_min": where.score_min,
        "text": f"%{_like(cleaned(where.text))}%" if where.text else None,
        "false_alarm": where.false_alarm,
    }
    return {name: value for name, value in said.items() if value is not None}


def _like(text: str) -> str:
    r"""`text` as a pattern of ILIKE that matches it alone; `\` escapes."""
    return re.sub(r"([\\%_])", r"\\\1", text)
