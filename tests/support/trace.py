"""What a program asks of the kernel, as strace sees it."""

import re
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psutil
import pytest

_CALL = re.compile(r"(\d+) +(?:(?P<name>\w+)\((?P<begun>.*)|<\.\.\. (?P<resumed>\w+) resumed>(?P<rest>.*))")
_SHOWN_BYTES = 4200


@dataclass(frozen=True)
class Call:
    """A system call: its arguments as strace writes them, and between which lines of the trace it was under way."""

    name: str
    text: str
    began: int
    ended: int


@cache
def why_not() -> str:
    """Why nothing can be traced here; empty if it can."""
    if shutil.which("strace") is None:
        return "strace is missing: apt-get install strace"
    tried = subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], capture_output=True, text=True, timeout=30)
    return f"strace may not trace here: {tried.stderr.strip()}" if tried.returncode else ""


def tracing(calls: str, into: Path) -> list[str]:
    """What stands before a command whose `calls` (strace's -e trace=) are to be written."""
    if why_not():
        pytest.skip(why_not())
    options = ["-f", "-qq", "-y", "-s", str(_SHOWN_BYTES), "--seccomp-bpf", "-e", f"trace={calls}", "-o", str(into)]
    return ["strace", *options]


@contextmanager
def traced(command: Sequence[str], calls: str, into: Path) -> Iterator[None]:
    """The command runs in the block, and its `calls` are written; it is ended by SIGTERM."""
    process = subprocess.Popen([*tracing(calls, into), *command], stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        for child in psutil.Process(process.pid).children():  # strace itself lets no signal end it
            child.send_signal(signal.SIGTERM)
        process.wait(30)


def calls_in(trace: Path) -> list[Call]:
    """The calls of a trace that came to their end, in the order in which they began."""
    found: list[Call] = []
    open_calls: dict[str, tuple[str, str, int]] = {}
    for number, line in enumerate(trace.read_text(errors="replace").splitlines()):
        match = _CALL.match(line)
        if match is None:
            continue
        thread = match[1]
        if match["resumed"]:
            name, text, began = open_calls.pop(thread)
            found.append(Call(name, text + match["rest"], began, number))
        elif line.endswith("<unfinished ...>"):
            open_calls[thread] = match["name"], match["begun"].removesuffix("<unfinished ...>"), number
        else:
            found.append(Call(match["name"], match["begun"], number, number))
    return sorted(found, key=lambda call: call.began)
