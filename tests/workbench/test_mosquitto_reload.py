"""Which mosquitto is told to read its files again: the one that uses them, however its settings name them."""

import getpass
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from glassline.link import BrokerAddress
from glassline.link.other_side import speaks_mqtt
from tests.support.embedded_broker import free_port, wait_for_port
from tests.support.mosquitto import MOSQUITTO, needs_mosquitto
from tests.support.waiting import until
from workbench.mosquitto_reload import reload_mosquitto

pytestmark = needs_mosquitto


@contextmanager
def started(conf: Path, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    with (conf.parent / "log").open("w") as log:
        process = subprocess.Popen([MOSQUITTO or "", "-c", conf.name], cwd=conf.parent, stderr=log)
    try:
        wait_for_port(port, process)
        until(lambda: speaks_mqtt(BrokerAddress("127.0.0.1", port)))
        yield process
    finally:
        process.terminate()
        process.wait(10)


def conf(folder: Path, passwords: Path, *, included: bool) -> tuple[Path, int]:
    port, conf_d = free_port(), folder / "conf.d"
    conf_d.mkdir(parents=True)
    passwords.touch(0o600)
    named = f"password_file {passwords}\nlistener {port} 127.0.0.1\n"
    (conf_d / "glassline.conf").write_text(named)
    rest = f"include_dir {conf_d}\n" if included else named
    (folder / "mosquitto.conf").write_text(f"user {getpass.getuser()}\n{rest}")
    return folder / "mosquitto.conf", port


def test_only_the_mosquitto_that_uses_the_file_is_told(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("one", "two", "three")]
    first = conf(tmp_path / "a", files[0], included=False)
    second = conf(tmp_path / "b", files[1], included=True)
    with started(*first) as one, started(*second) as two:
        told = [f"mosquitto (process {process.pid}) reads its files again" for process in (one, two)]
        for passwords, wanted in zip(files, ([told[0]], [told[1]], []), strict=True):
            assert [line for line in reload_mosquitto(passwords) if line in told] == wanted
        for folder in (tmp_path / "a", tmp_path / "b"):
            until(lambda folder=folder: (folder / "log").read_text().count("Reloading config") == 1)
