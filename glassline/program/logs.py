"""Logging of the programs: one line a record on stderr, in the form the journal wants when it listens."""

import logging
import os
import sys

from .shown import one_line

_frames = logging.getLogger("glassline.frames")
_PRIORITIES = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3, logging.CRITICAL: 2}


class _Formatter(logging.Formatter):
    """A message is one line, whatever foreign text is in it: nobody forges a line or moves a terminal's cursor."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the library's name
        record.message = one_line(record.message)
        return super().formatMessage(record)


class _JournalFormatter(_Formatter):
    """`<priority>text`, as systemd's journal reads it from stderr (sd-daemon(3)); it adds the time itself."""

    def format(self, record: logging.LogRecord) -> str:
        prefix = f"<{_PRIORITIES.get(record.levelno, 6)}>"
        return "\n".join(prefix + line for line in super().format(record).splitlines())


def run_logging(program: str, id: str = "") -> None:
    """Set up the root logger. GLASS_LOG_LEVEL chooses the level (default INFO)."""
    handler = logging.StreamHandler(sys.stderr)
    if "JOURNAL_STREAM" in os.environ:
        handler.setFormatter(_JournalFormatter("%(message)s"))
    else:
        name = id or program
        handler.setFormatter(_Formatter(f"%(asctime)s %(levelname)-7s {name}: %(message)s", "%H:%M:%S"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    wanted = os.environ.get("GLASS_LOG_LEVEL", "INFO").upper()
    known = logging.getLevelNamesMapping()
    root.setLevel(known.get(wanted, logging.INFO))
    logging.getLogger("httpx").setLevel(max(root.level, logging.WARNING))  # it has a line for every request
    if wanted not in known:
        root.warning("GLASS_LOG_LEVEL is %r, which is none of %s: INFO is used", wanted, ", ".join(known))


def log_frame(direction: str, device_id: str, seq: int | None, size_bytes: int) -> None:
    """Log one frame that came in or went out; silent unless GLASS_DEBUG_FRAMES=1."""
    if os.environ.get("GLASS_DEBUG_FRAMES") == "1":
        number = "?" if seq is None else seq
        _frames.info("frame %s %s seq %s %d bytes", direction, device_id, number, size_bytes)
