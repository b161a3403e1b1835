"""`python -m tests.fuzz.run`: coverage-guided fuzzing of the contract's readers (atheris, libFuzzer inside).

Each target starts from our seeds and the corpus that is kept in the tree, and what reaches new code is merged into the
corpus. An input that breaks a property is kept under regressions/, where pytest finds it from then on.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
CORPUS, REGRESSIONS = HERE / "corpus", HERE / "regressions"
MAX_LEN = {"frames": 70_000, "messages": 20_000}
"""A COM segment may have 65,533 bytes; messages of the largest known kind are shorter than that."""
LIMITS = ["-timeout=5", "-rss_limit_mb=1024"]


def main() -> int:
    """Run both targets for so many seconds together; 1 if anything broke."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--only", choices=sorted(MAX_LEN), help="one target alone")
    asked = parser.parse_args()
    targets = [asked.only] if asked.only else sorted(MAX_LEN)
    REGRESSIONS.mkdir(exist_ok=True)
    broken = [target for target in targets if not fuzz(target, max(1, asked.seconds // len(targets)))]
    return 1 if broken else 0


def fuzz(target: str, seconds: int) -> bool:
    """Fuzz one target and print what came of it; whether nothing broke."""
    with tempfile.TemporaryDirectory() as scratch:
        found, seeds = Path(scratch) / "found", Path(scratch) / "seeds"
        found.mkdir()
        _atheris(target, "--write-seeds", seeds)
        before = _broken(target)
        run = _atheris(
            target, found, seeds, CORPUS / target, f"-max_total_time={seconds}", f"-dict={seeds.with_suffix('.dict')}",
            f"-artifact_prefix={REGRESSIONS / target}-", f"-max_len={MAX_LEN[target]}", "-print_final_stats=1", *LIMITS,
        )  # fmt: skip
        crashes = sorted(_broken(target) - before)
        if not crashes and run.returncode == 0:
            _merge(target, found, seeds)
    executions = re.search(r"number_of_executed_units:\s+(\d+)", run.stderr)
    coverage = re.findall(r"cov: (\d+) ft: (\d+)", run.stderr)
    print(
        f"{target}: {executions[1] if executions else '?'} executions in {seconds} s, "
        f"coverage {coverage[-1][0] if coverage else '?'} edges and {coverage[-1][1] if coverage else '?'} features, "
        f"{len(list((CORPUS / target).iterdir()))} files of corpus, {len(crashes)} crashes"
    )
    if crashes or run.returncode:
        print(run.stderr[-4000:], *crashes, sep="\n", file=sys.stderr)
    return not crashes and run.returncode == 0


def _broken(target: str) -> set[str]:
    return {file.name for file in REGRESSIONS.glob(f"{target}-*")}


def _merge(target: str, *more: Path) -> None:
    """Replace the corpus by the fewest files that reach as much."""
    with tempfile.TemporaryDirectory() as scratch:
        _atheris(target, scratch, CORPUS / target, *more, "-merge=1", f"-max_len={MAX_LEN[target]}", *LIMITS)
        kept = sorted(Path(scratch).iterdir())
        if kept:
            for old in (CORPUS / target).iterdir():
                old.unlink()
            for file in kept:
                (CORPUS / target / file.name).write_bytes(file.read_bytes())


def _atheris(*arguments: object) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "tests.fuzz.instrumented", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, errors="replace", cwd=HERE.parents[1])


if __name__ == "__main__":
    raise SystemExit(main())
