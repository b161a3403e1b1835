"""One target under atheris: `python -m tests.fuzz.instrumented TARGET [libFuzzer's arguments]`."""

import shlex
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["glassline.contract", "web.live.intake"]):
    from tests.fuzz.target import TARGETS

from tests.fuzz.seeds import write


def main() -> None:
    """Fuzz, or with --write-seeds FOLDER write where it begins."""
    name, *arguments = sys.argv[1:]
    if arguments[0] == "--write-seeds":
        write(name, Path(arguments[1]))
        return
    # To merge, libFuzzer starts itself again, by a shell, as what it takes for its own name.
    again = shlex.join([sys.executable, "-m", "tests.fuzz.instrumented", name])
    atheris.Setup([again, *arguments], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
