"""However defects are asked for, SQLite reads one index and no row but those that are shown."""

import re
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from glassline.store import DefectFilter
from glassline.store.sqlite import SqliteStore
from glassline.store.sqlite.database import Database
from tests.store.samples import START, detection_item, make_detection

PARTS: dict[str, dict[str, Any]] = {
    "device": {"device_ids": ("pi-1", "pi-2")},
    "label": {"labels": ("chip",)},
    "status": {"statuses": ("pending", "resolved")},
    "since": {"since": START - timedelta(days=1)},
    "until": {"until": START + timedelta(days=1)},
    "score": {"score_min": 0.5},
    "text": {"text": "rim"},
    "false alarm": {"false_alarm": True},
    "none": {"false_alarm": False},
}
FILTERS = [
    DefectFilter(**{name: value for part in some for name, value in PARTS[part].items()})
    for count in (0, 1, 2, 3, len(PARTS))
    for some in combinations(PARTS, count)
]
WHOLE_ROWS = re.compile(r"(SCAN|SEARCH) defects(?! USING (COVERING INDEX|INTEGER PRIMARY KEY))")


class Watched(Database):
    """Notes the plan of every statement that reads defects."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.plans: list[str] = []

    def _connect(self) -> sqlite3.Connection:
        db = super()._connect()

        def note(sql: str) -> None:
            if "FROM defects" in sql and "EXPLAIN" not in sql and sql.lstrip().startswith(("SELECT", "WITH")):
                with super(Watched, self)._connect() as other:
                    self.plans += [row[3] for row in other.execute(f"EXPLAIN QUERY PLAN {sql}")]

        db.set_trace_callback(note)
        return db


@pytest.fixture
def watched(path: Path) -> Iterator[tuple[SqliteStore, Watched]]:
    store = SqliteStore(path)
    database = store._db = Watched(path)
    with store:
        store.apply([detection_item(make_detection())])
        yield store, database


def test_no_filter_reads_rows_that_are_not_shown(watched: tuple[SqliteStore, Watched]) -> None:
    store, database = watched
    for where in FILTERS:
        for ask in (
            lambda where: store.defects(where, skip=1),
            store.counts,
            store.backlog,
            lambda where: store.tallies(where, [START, START + timedelta(days=1)]),
        ):
            database.plans.clear()
            ask(where)
            assert database.plans
            assert not [plan for plan in database.plans if WHOLE_ROWS.match(plan)], (where, database.plans)


def test_choices_are_looked_up(watched: tuple[SqliteStore, Watched]) -> None:
    store, database = watched
    database.plans.clear()
    store.choices()
    assert not [plan for plan in database.plans if plan.startswith("SCAN defects")], database.plans
