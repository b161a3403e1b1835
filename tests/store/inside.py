"""What lies in a store, seen past its interface: the same questions to each kind."""

import base64
import sqlite3
from pathlib import Path
from typing import Any, Protocol

import httpx

from glassline.store import Store, open_store
from glassline.store.supabase import SupabaseStore
from workbench.supabase import LocalSupabase

PAGE = 1000
LONG_AGO = "2026-01-01T00:00:00.000Z"


class Inside(Protocol):
    """A place where a store of some kind lies."""

    def store(self) -> Store:
        """One more store object at this place."""

    def dead_letters(self) -> list[tuple[str, str, str | None, int]]:
        """(device_id, kind, event_id, times) of each, oldest first."""

    def dead_sizes(self) -> list[tuple[int, int]]:
        """(bytes kept, bytes sent) of each dead letter."""

    def pictures(self) -> list[str]:
        """File names of all pictures."""

    def age_orphan(self, event_id: str) -> None:
        """Have an orphan wait since long ago."""

    def add_devices(self, names: list[str]) -> None:
        """Remember programs that nothing is known of and that were seen long ago."""


class SqliteInside:
    """A file and the folder beside it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def store(self) -> Store:
        return open_store(f"sqlite:{self.path}")

    def dead_letters(self) -> list[tuple[str, str, str | None, int]]:
        return self._ask("SELECT device_id, kind, event_id, times FROM dead_letters ORDER BY id")

    def dead_sizes(self) -> list[tuple[int, int]]:
        return self._ask("SELECT length(payload), size_bytes FROM dead_letters ORDER BY id")

    def pictures(self) -> list[str]:
        return [file.name for file in self.path.with_name(self.path.name + ".images").rglob("*") if file.is_file()]

    def age_orphan(self, event_id: str) -> None:
        self._ask("UPDATE orphans SET received_at = ? WHERE event_id = ?", LONG_AGO, event_id)

    def add_devices(self, names: list[str]) -> None:
        with sqlite3.connect(self.path) as db:
            row = "INSERT INTO devices (device_id, first_seen_at, last_seen_at) VALUES (?, ?, ?)"
            db.executemany(row, [(name, LONG_AGO, LONG_AGO) for name in names])

    def _ask(self, sql: str, *values: str) -> list[Any]:
        with sqlite3.connect(self.path) as db:
            return db.execute(sql, values).fetchall()


class SupabaseInside:
    """A project on this machine, emptied."""

    _TABLES = {
        "defects": "id",
        "defect_reviews": "id",
        "glassline_devices": "device_id",
        "glassline_orphans": "id",
        "glassline_dead_letters": "id",
        "glassline_people": "user_id",
        "glassline_presence": "id",
    }

    def __init__(self, server: LocalSupabase) -> None:
        self.server = server
        self._http = httpx.Client(base_url=server.url, headers={"apikey": server.secret_key}, timeout=30)
        for table, key in self._TABLES.items():
            self._http.delete(f"/rest/v1/{table}", params={key: "not.is.null"}).raise_for_status()
        self._remove(self.paths())

    def close(self) -> None:
        self._http.close()

    def store(self) -> Store:
        return SupabaseStore(self.server.url, self.server.secret_key)

    def dead_letters(self) -> list[tuple[str, str, str | None, int]]:
        return [(row["device_id"], row["kind"], row["event_id"], row["times"]) for row in self._dead()]

    def dead_sizes(self) -> list[tuple[int, int]]:
        return [(len(base64.b64decode(row["payload"])), row["size_bytes"]) for row in self._dead()]

    def pictures(self) -> list[str]:
        return [path.rpartition("/")[2] for path in self.paths()]

    def age_orphan(self, event_id: str) -> None:
        where = {"defect_id": f"eq.{event_id}"}
        sent = self._http.patch("/rest/v1/glassline_orphans", params=where, json={"received_at": LONG_AGO})
        sent.raise_for_status()

    def add_devices(self, names: list[str]) -> None:
        rows = [{"device_id": name, "first_seen_at": LONG_AGO, "last_seen_at": LONG_AGO} for name in names]
        self._http.post("/rest/v1/glassline_devices", json=rows).raise_for_status()

    def set_bucket_public(self, public: bool) -> None:
        """As the project's owner would, with one click."""
        self._http.put("/storage/v1/bucket/defect-images", json={"public": public}).raise_for_status()

    def insert(self, table: str, row: dict[str, Any]) -> None:
        """Write a row, as the project's owner would in its table editor."""
        self._http.post(f"/rest/v1/{table}", json=row).raise_for_status()

    def rows(self, table: str) -> list[dict[str, Any]]:
        """The first thousand rows of a table, whole."""
        return list(self._http.get(f"/rest/v1/{table}").raise_for_status().json())

    def _dead(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        while len(rows) % PAGE == 0:
            asked = {"order": "id", "offset": len(rows), "limit": PAGE}
            found = self._http.get("/rest/v1/glassline_dead_letters", params=asked)
            found.raise_for_status()
            if not found.json():
                break
            rows += found.json()
        return rows

    def paths(self) -> list[str]:
        """All at once: the local server does not divide them into folders."""
        found = self._http.post(
            "/storage/v1/object/list/defect-images", json={"prefix": "", "limit": 1000, "offset": 0}
        )
        found.raise_for_status()
        return [one["name"] for one in found.json()]

    def _remove(self, paths: list[str]) -> None:
        if paths:
            self._http.request(
                "DELETE", "/storage/v1/object/defect-images", json={"prefixes": paths}
            ).raise_for_status()
