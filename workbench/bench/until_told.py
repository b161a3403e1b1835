"""How the bench's processes end: when their standard input does, so that none outlives the bench.

`python -m workbench.bench.until_told MODULE ARGUMENT …` runs a program that knows nothing of this.
"""

import os
import runpy
import signal
import sys
import threading


def end_of_input() -> threading.Event:
    """An event that is set once standard input is at its end."""
    ended = threading.Event()

    def wait() -> None:
        while os.read(0, 4096):
            pass
        ended.set()

    threading.Thread(target=wait, name="input", daemon=True).start()
    return ended


def end_with_input() -> None:
    """Have this process get SIGTERM once standard input is at its end."""
    ended = end_of_input()

    def wait() -> None:
        ended.wait()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="ender", daemon=True).start()


if __name__ == "__main__":
    end_with_input()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
