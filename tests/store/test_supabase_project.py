"""A Supabase project as a whole: one that was there before, and one whose server dies."""

import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from glassline.contract import new_event_id
from glassline.program import write_secret
from glassline.store import DefectFilter, StoreError, every_defect
from glassline.store.supabase import SupabaseStore
from tests.store.samples import detection_item, evidence_item, make_detection, make_evidence
from tests.support.postgres import MISSING as POSTGRES_MISSING
from tests.support.postgres import LocalPostgres, programs
from workbench.migrations import CannotMigrate, run
from workbench.supabase import MIGRATIONS, MISSING, LocalSupabase, installed

BEFORE = Path(__file__).with_name("before.sql")
OWN_COLUMN = Path(__file__).with_name("own_column.sql")
pytestmark = pytest.mark.skipif(not installed(), reason=MISSING)


def rows(server: LocalSupabase, key: str) -> list[dict[str, Any]]:
    asked = {"headers": {"apikey": key}, "params": {"order": "id"}, "timeout": 30}
    return list(httpx.get(f"{server.url}/rest/v1/defects", **asked).raise_for_status().json())


def test_a_table_of_before_is_adopted_with_every_value_and_closed_to_strangers(tmp_path: Path) -> None:
    with LocalSupabase(tmp_path, migrations=[BEFORE]) as server:
        before = rows(server, server.secret_key)
        assert len(before) == 1000
        assert len(rows(server, server.anon_key)) == 1000, "open to everybody, as it was"
        for _ in range(2):  # the second time changes nothing
            server.kill()
            server.migrate(MIGRATIONS)
            server.start()
            after = rows(server, server.secret_key)
            assert [{column: row[column] for column in before[0]} for row in after] == before
        assert rows(server, server.anon_key) == []
        with SupabaseStore(server.url, server.secret_key) as store:
            assert sum(store.counts(DefectFilter()).values()) == 1000
            adopted = list(every_defect(store))
            assert len({defect.event_id for defect in adopted}) == len(adopted) == 1000
            old = adopted[0]
            reviewed = store.review(old.event_id, status="resolved", note="seen", by="ada", version=0)
            assert (reviewed.label, reviewed.status, reviewed.detected_at) == (old.label, "resolved", old.detected_at)
            assert store.apply([detection_item(make_detection())])[0].row == "stored"
        server.kill()
        server.migrate([OWN_COLUMN])
        server.start()
        with SupabaseStore(server.url, server.secret_key) as store:
            with pytest.raises(StoreError, match=r'"workshop" .* give that column a default'):
                store.apply([detection_item(make_detection())])
            assert store.dead_letters() == [], "it is no fault of what was found"


def test_what_was_said_to_be_stored_is_there_after_the_server_was_killed(tmp_path: Path) -> None:
    said: set[str] = set()
    failures: list[str] = []
    with LocalSupabase(tmp_path) as server, SupabaseStore(server.url, server.secret_key) as store:
        for _ in range(2):
            killer = threading.Timer(1.0, server.kill)
            until = time.monotonic() + 60
            while time.monotonic() < until:
                events = [new_event_id() for _ in range(5)]
                items = []
                for event in events:
                    jpeg = make_evidence(event, size_bytes=20_000)
                    items += [detection_item(make_detection(event, image=jpeg)), evidence_item(event, jpeg)]
                try:
                    said |= {outcome.event_id for outcome in store.apply(items) if outcome.image == "stored"}
                    if not killer.ident:  # a slow machine needs longer for the first
                        killer.start()
                except StoreError as error:
                    failures.append(str(error))
                    break
            killer.join()
            server.start()
        assert len(failures) == 2
        assert all("cannot be reached" in sentence for sentence in failures)
        assert len(said) >= 10
        assert store.check() is None
        for event in said:
            assert len(store.evidence(event) or b"") > 20_000
        assert len(said) <= store.counts(DefectFilter())["pending"] <= len(said) + 2 * 5


def test_migrations_run_at_a_connection_string_and_never_tell_it(tmp_path: Path) -> None:
    if programs() is None:
        pytest.skip(POSTGRES_MISSING)
    file = tmp_path / "database.url"
    with (
        LocalPostgres() as postgres,
        LocalSupabase(tmp_path / "project", migrations=[BEFORE], database_url=postgres.url) as server,
    ):
        write_secret(file, postgres.url.replace("postgres@", "nobody:hush@"))
        with pytest.raises(CannotMigrate, match=r"nothing was changed.*nobody") as caught:
            run(file, say=print)
        assert "hush" not in str(caught.value)
        write_secret(file, postgres.url)
        said: list[str] = []
        run(file, say=said.append)
        run(file, say=said.append)
        assert [line.split()[1] for line in said] == [one.name for one in MIGRATIONS] * 2
        server.kill()
        server.start()
        with SupabaseStore(server.url, server.secret_key) as store:
            assert store.check() is None
            assert sum(store.counts(DefectFilter()).values()) == 1000
