"""What a node writes to its card: nothing while nothing is found, and a bounded amount for each find.

Seen by the system calls of the real node, with a folder in memory as systemd gives it one.
"""

import re
import sqlite3
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path

from tests.support.chain import Chain
from tests.support.trace import calls_in, traced
from tests.support.waiting import until

WRITES = "write,pwrite64,pwritev,writev,ftruncate,fsync,fdatasync"
LABELS = "scratch,crack,chip,bubble,stain"
PER_HOUR = 5 * 60
"""Finds an hour, at five a minute."""
MOST_BYTES_A_FIND, MOST_SYNCS_A_FIND = 300_000, 6
_WRITTEN = re.compile(r"^\d+<(?P<path>[^>]+)>.* = (?P<count>\d+)$")


def written(trace: Path, folder: Path) -> tuple[Counter[str], Counter[str]]:
    """(bytes, syncs) by the name of the file below `folder`."""
    size_bytes, syncs = Counter(), Counter()
    for call in calls_in(trace):
        match = _WRITTEN.match(call.text.strip())
        if match is None or not Path(match["path"]).is_relative_to(folder):
            continue
        name = Path(match["path"]).name
        if call.name in ("fsync", "fdatasync"):
            syncs[name] += 1
        else:
            size_bytes[name] += int(match["count"])
    return size_bytes, syncs


def counted(outbox: Path, query: str) -> int:
    try:
        with closing(sqlite3.connect(f"file:{outbox}?mode=ro", uri=True)) as db:
            return sum(row[0] for row in db.execute(query))
    except sqlite3.OperationalError:
        return 0


def test_while_nothing_is_found_nothing_is_written_to_the_card(tmp_path, monkeypatch):
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path / "run"))
    state, status = tmp_path / "state", tmp_path / "run" / "status.json"
    node = [sys.executable, "-m", "pi_node", "--camera=scene:?seed=3", "--id=pi-1", f"--state-dir={state}"]
    with traced([*node, f"--labels-off={LABELS}"], WRITES, tmp_path / "trace"):
        until(lambda: status.exists() and b'"detect_fps":' in status.read_bytes(), 60)
        before = written(tmp_path / "trace", state)
        seen = set()
        until(lambda: seen.add(status.stat().st_mtime_ns) or len(seen) >= 4, 60)
        after = written(tmp_path / "trace", state)
    assert before == after, "it writes though there is nothing to keep"
    assert written(tmp_path / "trace", tmp_path / "run")[0], "the trace does not see what is written in memory either"


def test_a_find_costs_a_bounded_amount_with_a_server_and_without_one(tmp_path, monkeypatch):
    chain = Chain(tmp_path, "scene:?seed=5")
    state = chain.site.folder / "pi_node"
    outbox = state / "outbox.db"
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path / "run"))
    node = [sys.executable, "-m", "pi_node", "--config", str(chain.site.config)]
    found = "SELECT value FROM counters WHERE name = 'confirmed'"
    try:
        with traced(node, WRITES, tmp_path / "trace"):
            until(lambda: counted(outbox, found) >= 12, 90)
            alone, (alone_bytes, alone_syncs) = counted(outbox, found), written(tmp_path / "trace", state)
            chain.start("broker", "bridge")
            until(lambda: counted(outbox, "SELECT count(*) FROM outbox") <= 2, 60, what=chain.logs)
            until(lambda: counted(outbox, found) >= alone + 12, 90, what=chain.logs)
            in_all = counted(outbox, found)
        all_bytes, all_syncs = written(tmp_path / "trace", state)
    finally:
        chain.stop()
    for when, number, size_bytes, syncs in (
        ("without a server", alone, alone_bytes, alone_syncs),
        ("with one as well", in_all, all_bytes, all_syncs),
    ):
        a_find, synced = size_bytes.total() / number, syncs.total() / number
        print(f"{when}: {number} finds, {a_find / 1000:.0f} kB and {synced:.1f} syncs each: "
              f"{PER_HOUR * a_find / 1e6:.0f} MB an hour at five a minute; {dict(size_bytes)}")  # fmt: skip
        assert a_find < MOST_BYTES_A_FIND
        assert synced < MOST_SYNCS_A_FIND
    assert {name.partition(".")[0] for name in all_bytes} == {"outbox"}, "nothing else is worth a write"
