"""A store that an earlier version of Glassline made keeps what it has, and can what this one can."""

import sqlite3
from pathlib import Path

import httpx
import pytest

from glassline.contract import new_event_id
from glassline.store import DefectFilter, Store, StoreError, open_store
from glassline.store.sqlite.migrate import APPLICATION_ID, scripts, statements
from glassline.store.supabase import SupabaseStore
from workbench.supabase import MIGRATIONS, MISSING, LocalSupabase, installed

AT = "2026-01-31T12:00:00.000Z"
DASHBOARD = next(file for file in MIGRATIONS if "dashboard" in file.name)


def look_at(store: Store, event_id: str) -> None:
    [defect] = store.defects(DefectFilter(text="old", statuses=("resolved",))).defects
    assert (defect.event_id, defect.note, defect.false_alarm) == (event_id, "an old note", None)
    reviewed = store.review(event_id, status="reviewed", note=None, by="ada", version=0, false_alarm="edge")
    assert (reviewed.note, reviewed.false_alarm) == ("an old note", "edge")
    assert store.counts(DefectFilter()) == {"pending": 0, "reviewed": 1, "resolved": 0}
    assert [(device.device_id, device.name, device.retired_at) for device in store.devices()] == [("pi-1", None, None)]


@pytest.mark.parametrize("version", sorted(scripts())[:-1])
def test_a_file_of_before_is_brought_up_to_date(path: Path, version: int) -> None:
    event_id = new_event_id()
    with sqlite3.connect(path) as db:
        for number, script in scripts().items():
            if number <= version:
                for statement in statements(script):
                    db.execute(statement)
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {version}")
        db.execute(
            "INSERT INTO defects (event_id, device_id, rev, phase, label, score, boxes, detected_at, last_seen_at, "
            "frame_at, confirmed_at, stored_at, frames_confirmed, model, clock, status, note) "
            "VALUES (?1, 'pi-1', 0, 'end', 'chip', 0.5, '[]', ?2, ?2, ?2, ?2, ?2, 3, 'm', 'synced', 'resolved', ?3)",
            (event_id, AT, "an old note"),
        )
        db.execute("INSERT INTO devices (device_id, first_seen_at, last_seen_at) VALUES ('pi-1', ?1, ?1)", (AT,))
    with open_store(f"sqlite:{path}") as store:
        look_at(store, event_id)


@pytest.mark.skipif(not installed(), reason=MISSING)
def test_a_project_of_before_says_what_it_wants_and_is_brought_up_to_date(tmp_path: Path) -> None:
    event_id = new_event_id()
    earlier = MIGRATIONS[: MIGRATIONS.index(DASHBOARD)]
    with LocalSupabase(tmp_path, migrations=earlier) as server:
        row = {"id": event_id, "device_id": "pi-1", "defect_type": "chip", "detected_at": AT, "status": "resolved"}
        device = {"device_id": "pi-1", "first_seen_at": AT, "last_seen_at": AT}
        with httpx.Client(base_url=server.url, headers={"apikey": server.secret_key}, timeout=30) as owner:
            owner.post("/rest/v1/defects", json=row | {"notes": "an old note"}).raise_for_status()
            owner.post("/rest/v1/glassline_devices", json=device).raise_for_status()
        store = SupabaseStore(server.url, server.secret_key)
        with pytest.raises(StoreError, match=r"version 1, this Glassline needs \d: run `glassline store migrate`"):
            store.open()
        server.kill()
        server.migrate(MIGRATIONS)
        server.start()
        with store:
            look_at(store, event_id)
