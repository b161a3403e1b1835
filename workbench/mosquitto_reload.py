"""Making a mosquitto that runs here read its password and ACL files again."""

import signal
from collections.abc import Iterator
from pathlib import Path

import psutil


def reload_mosquitto(passwords: Path) -> list[str]:
    """Send SIGHUP to every mosquitto here whose settings name the file `passwords`; say what was done, or is to do.

    It then ends the connections whose account is gone or has another password, and takes a renewed certificate.
    """
    said = []
    for process in _running():
        try:
            named = _password_file(process)
            if named is None or named.resolve() != passwords.resolve():
                continue
        except psutil.NoSuchProcess:
            continue
        except (psutil.Error, OSError):
            named = None
        if named is not None and _hang_up(process):
            said.append(f"mosquitto (process {process.pid}) reads its files again")
        else:
            said.append(
                f"mosquitto runs here: if it uses {passwords}, have it read that: sudo systemctl reload mosquitto"
            )
    return list(dict.fromkeys(said))


def _running() -> Iterator[psutil.Process]:
    for process in psutil.process_iter(["name"]):
        if process.info["name"] == "mosquitto":
            yield process


def _hang_up(process: psutil.Process) -> bool:
    try:
        process.send_signal(signal.SIGHUP)
        return True
    except (psutil.Error, OSError):
        return False


def _password_file(process: psutil.Process) -> Path | None:
    """The password file in its settings, those that `include_dir` adds included; psutil.Error or OSError if unseen."""
    arguments, folder = process.cmdline(), Path(process.cwd())
    if "-c" not in arguments[:-1]:
        return None
    config = folder / arguments[arguments.index("-c") + 1]
    found = [value for file in _with_included(config) for value in _values(file, "password_file")]
    return folder / found[-1] if found else None


def _with_included(config: Path) -> list[Path]:
    return [config, *(file for named in _values(config, "include_dir") for file in sorted(Path(named).glob("*.conf")))]


def _values(file: Path, option: str) -> list[str]:
    lines = (line.split(maxsplit=1) for line in file.read_text(errors="replace").splitlines())
    return [line[1].strip() for line in lines if len(line) == 2 and line[0] == option]
