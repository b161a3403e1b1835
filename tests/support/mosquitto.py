"""A real mosquitto for tests, with the project's own mosquitto.conf and files made from accounts."""

import getpass
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from glassline.accounts import mosquitto_files
from glassline.contract import Role

from .embedded_broker import RunningBroker, accounts_file, free_port, password_of, wait_for_port

CONF = Path(__file__).parents[2] / "mosquitto.conf"
MOSQUITTO = shutil.which("mosquitto") or shutil.which("/usr/sbin/mosquitto")
needs_mosquitto = pytest.mark.skipif(MOSQUITTO is None, reason="mosquitto is missing: apt-get install mosquitto")
needs_mosquitto_clients = pytest.mark.skipif(
    shutil.which("mosquitto_sub") is None, reason="mosquitto_sub is missing: apt-get install mosquitto-clients"
)


def conf_for(folder: Path, port: int) -> str:
    """mosquitto.conf with its paths and its port replaced, and run as whoever runs the tests."""
    replaced = {
        "/etc/glassline/mosquitto/": f"{folder}/",
        "/var/lib/mosquitto/": f"{folder}/data/",
        "listener 1883": f"listener {port}",
    }
    text = CONF.read_text()
    for old, new in replaced.items():
        assert old in text, f"mosquitto.conf has no {old!r} any more"
        text = text.replace(old, new)
    return text + f"\nuser {getpass.getuser()}\n"


@contextmanager
def mosquitto(roles: Mapping[str, Role], *, folder: Path | None = None) -> Iterator[RunningBroker]:
    """Run mosquitto with mosquitto.conf and an account for each of `roles`; skip the test where it is missing.

    Give a `folder` to find the data of an earlier run again.
    """
    if MOSQUITTO is None:
        pytest.skip("mosquitto is missing: apt-get install mosquitto")
    with tempfile.TemporaryDirectory() as temporary:
        folder = folder or Path(temporary)
        accounts = accounts_file(folder, roles)
        mosquitto_files(accounts, folder)
        (folder / "data").mkdir(exist_ok=True)
        port = free_port()
        (folder / "mosquitto.conf").write_text(conf_for(folder, port))
        with (folder / "log").open("a") as log:
            process = subprocess.Popen([MOSQUITTO, "-c", str(folder / "mosquitto.conf")], stdout=log, stderr=log)
        try:
            wait_for_port(port, process)
            passwords = {id: password_of(id) for id in roles}
            yield RunningBroker(port=port, passwords=passwords, accounts=accounts, pid=process.pid)
        finally:
            process.terminate()
            process.wait(10)
