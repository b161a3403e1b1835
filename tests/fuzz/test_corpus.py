"""What the fuzzer kept, and where it begins, once more and without it: nothing of it may break anything."""

from pathlib import Path

import pytest

from tests.fuzz.run import CORPUS, REGRESSIONS
from tests.fuzz.seeds import frame_seeds, message_seeds
from tests.fuzz.target import TARGETS

SEEDS = {"frames": frame_seeds, "messages": message_seeds}


def regressions() -> list[Path]:
    return sorted(REGRESSIONS.iterdir()) if REGRESSIONS.is_dir() else []


@pytest.mark.parametrize("target", TARGETS)
def test_the_kept_corpus_holds(target):
    files = sorted((CORPUS / target).iterdir())
    assert 0 < len(files) <= 100
    for file in files:
        TARGETS[target](file.read_bytes())


@pytest.mark.parametrize("target", TARGETS)
def test_the_seeds_hold_and_most_of_them_are_taken(target, monkeypatch):
    taken = []
    monkeypatch.setattr("tests.fuzz.target._holds", taken.append)
    for seed in SEEDS[target]():
        TARGETS[target](seed)
    assert len(taken) >= {"frames": 4, "messages": 12}[target], "a fuzzer that only sees refusals finds nothing"


@pytest.mark.parametrize("file", regressions(), ids=lambda file: file.name)
def test_what_once_broke_it_holds_now(file):
    TARGETS[file.name.partition("-")[0]](file.read_bytes())
