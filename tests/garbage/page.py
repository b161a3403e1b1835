"""docs/garbage.md from the table: `python -m tests.garbage.page`."""

from itertools import groupby

from .rows import Row
from .table import ROWS

HEAD = f"""# Garbage

What anybody may send, and what becomes of it: {len(ROWS)} kinds, thrown at a running chain (broker, bridge, web, node,
a browser) by `tests/garbage`. After each of them the same processes run, a good detection is stored with its picture, a
good frame reaches a page, the store holds nothing foreign, memory stays within its bounds, and nothing ran in the
browser. What is refused is counted under the name given (in `health`, for the broker in its log) and told in the log
once a minute. Where a last column stands, a test shows that harm without the guard.
"""
LINES = "\n\n| sent | holds | counted as | guard | without it |\n| --- | --- | --- | --- | --- |\n"


def page() -> str:
    """The page as text."""
    parts = [HEAD]
    for entrance, rows in groupby(ROWS, key=lambda row: row.entrance):
        parts.append(f"\n## {entrance}" + LINES)
        parts += [_line(row) for row in rows]
    return "".join(parts)


def _line(row: Row) -> str:
    counted = ", ".join(dict.fromkeys(f"`{kind}`" for _, kind in row.counted))
    return f"| {row.sent} | {row.holds} | {counted} | {row.guard} | {row.harm} |\n"


if __name__ == "__main__":
    print(page(), end="")
