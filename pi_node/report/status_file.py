"""What a node says of itself to the machine it runs on: a small file, for whom no network is needed.

It lies in RUNTIME_DIRECTORY, which systemd keeps in memory and which wears out no SD card, or else in the state folder.

    found = read_status(Path(settings.state_dir), settings.id)
    if found is None: ...  # no node of this name has run here
    found.is_alive(), found.age_s(time.time())
"""

import os
import stat
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import psutil
from pydantic import ValidationError

from glassline.contract import Reason
from glassline.contract.messages import Health, Info
from glassline.contract.values import Id, Model, Number, Seconds
from glassline.writing import write_whole

NAME = "status.json"
SERVER_FILE = "server.json"
"""In the state folder: where the server was found last."""
RUNTIME = "RUNTIME_DIRECTORY"
RUNTIME_FOLDERS = (Path("/run/pi_node"), Path("/run/glassline"), Path("/run/glassline/pi_node"))
"""Where RUNTIME_DIRECTORY of a systemd unit may be, for readers that were not started by that unit."""
MAX_BYTES = 100_000
_PROGRAM = str(Path(__file__).parents[1] / "__main__.py")


class LinkStatus(Model):
    """The node's connection to the broker. `since_s` is how long it has been so, or has been down for this reason."""

    connected: bool
    code: Reason | None = None
    """Why it is down; None while it is being made for the first time."""
    sentence: str
    address: str
    """Empty where no usable one is set."""
    facts: dict[str, str] = {}
    """What else is known, for diagnosis: `holder` is the program that has the broker's port."""
    since_s: Seconds


class NodeStatus(Model):
    """All that a node knows of itself at `at_unix`, Unix seconds. Ages in it are those of that instant. No secret."""

    pid: int
    at_unix: Number
    health: Health
    info: Info
    link: LinkStatus
    receipt_age_s: Seconds | None = None
    """Since a bridge last said that something is stored; None: not since the node was started."""
    asked_age_s: Seconds | None = None
    """Since a web last asked for pictures; None: not since the node was started."""
    asked_by: list[Id] = []
    """The webs at which somebody watches now."""
    settings_file: str | None = None
    password_file: str | None = None
    """The path of the file with its password or credentials."""

    def age_s(self, now_unix: float) -> float:
        """For how long nothing has been written, in seconds."""
        return max(0.0, now_unix - self.at_unix)

    def is_alive(self) -> bool:
        """Whether the process that wrote it still runs; never true of another one that got its number."""
        try:
            return _is_node(psutil.Process(self.pid).cmdline())
        except psutil.AccessDenied:
            return True
        except psutil.Error:
            return False


def runtime_folder(state_dir: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """Where a node keeps what need not outlast the machine: in memory if systemd gives such a folder (the first)."""
    return Path(environ.get(RUNTIME, "").partition(":")[0] or state_dir)


def write_status(status: NodeStatus, folder: Path) -> None:
    """Replace the file in `folder`; OSError when it cannot be written."""
    write_whole(folder / NAME, status.to_json())


def read_status(state_dir: Path, id: str, environ: Mapping[str, str] = os.environ) -> NodeStatus | None:
    """The newest word of the node `id` on this machine, from wherever it may lie; None if there is none."""
    folders = dict.fromkeys((runtime_folder(state_dir, environ), state_dir, *RUNTIME_FOLDERS))
    found = [status for folder in folders if (status := _read(folder / NAME)) is not None and status.info.id == id]
    return max(found, key=lambda status: status.at_unix, default=None)


def _is_node(arguments: Sequence[str]) -> bool:
    """Whether a command line runs this program: `python -m pi_node …`, or its file by path."""
    module = next((b for a, b in pairwise(arguments) if a == "-m"), None)
    return module == "pi_node" or (module is None and arguments[1:2] == [_PROGRAM])


def _read(path: Path) -> NodeStatus | None:
    """None as well for what is no plain file: opening a pipe would wait for whoever writes into it."""
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return None
            return NodeStatus.model_validate_json(file.read(MAX_BYTES))
    except (OSError, ValidationError):
        return None
