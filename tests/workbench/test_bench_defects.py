"""`glassline bench defects`, small: every question is asked, and what was stored is what a workshop has."""

import json
import subprocess
import sys
from collections import Counter

from glassline.store import DefectFilter, every_defect, open_store
from workbench.bench.shelf import LABELS, fill, now


def test_every_question_has_its_figures():
    command = [
        sys.executable,
        "-m",
        "workbench.main",
        "bench",
        "defects",
        "--count",
        "300",
        "--store",
        "sqlite",
        "--json",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    found = {one["what"]: one for one in json.loads(done.stdout)["sqlite"]}
    asked = ["first page, with counts", "next pages, 1 to 100", "all at once", "choices", "figures, 30 days"]
    assert all(found[what]["p95_ms"] > 0 and found[what]["cpu_ms"] > 0 for what in asked)
    assert found["next pages, 1 to 100"]["count"] == 5
    assert "memory after all that" in found


def test_what_is_stored_is_what_a_workshop_has(tmp_path):
    with open_store(f"sqlite:{tmp_path}/glass.db") as store:
        fill(store, 2000, now=now())
        defects = list(every_defect(store))
        assert len(defects) == 2000
        assert len(store.choices().device_ids) == 20
        assert set(store.choices().labels) <= LABELS.keys()
        assert (defects[0].detected_at - defects[-1].detected_at).days == 59
        share = {status: count / 2000 for status, count in store.counts(DefectFilter()).items()}
        assert abs(share["pending"] - 0.2) < 0.05
        assert 0.02 < sum(bool(defect.note) for defect in defects) / 2000 < 0.08
        assert len(Counter(defect.false_alarm for defect in defects)) == 7
