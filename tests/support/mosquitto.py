"""A real mosquitto for tests, with the project's own mosquitto.conf and files made from accounts."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from glassline.accounts import mosquitto_files
from glassline.contract import Role
from workbench.mosquitto import CONF, conf_for, find_mosquitto

from .authority import Signed, signed
from .embedded_broker import RunningBroker, accounts_file, free_port, password_of, wait_for_port

MOSQUITTO = find_mosquitto()
needs_mosquitto = pytest.mark.skipif(MOSQUITTO is None, reason="mosquitto is missing: apt-get install mosquitto")
needs_mosquitto_clients = pytest.mark.skipif(
    shutil.which("mosquitto_sub") is None, reason="mosquitto_sub is missing: apt-get install mosquitto-clients"
)


__all__ = ["CONF", "MOSQUITTO", "mosquitto", "needs_mosquitto", "needs_mosquitto_clients"]


@contextmanager
def mosquitto(
    roles: Mapping[str, Role], *, folder: Path | None = None, certificate: Signed | None = None
) -> Iterator[RunningBroker]:
    """Run mosquitto with mosquitto.conf and an account for each of `roles`; skip the test where it is missing.

    Give a `folder` to find the data of an earlier run again.
    """
    if MOSQUITTO is None:
        pytest.skip("mosquitto is missing: apt-get install mosquitto")
    with tempfile.TemporaryDirectory() as temporary:
        folder = folder or Path(temporary)
        accounts = accounts_file(folder, roles)
        mosquitto_files(accounts, folder / "mosquitto")
        if certificate is None or certificate.cert.parent != folder / "tls":
            certificate = _in_place(certificate, folder)
        (folder / "data").mkdir(exist_ok=True)
        port, tls_port = free_port(), free_port()
        (folder / "mosquitto.conf").write_text(conf_for(folder, port=port, tls_port=tls_port, host="127.0.0.1"))
        with (folder / "log").open("a") as log:
            process = subprocess.Popen([MOSQUITTO, "-c", str(folder / "mosquitto.conf")], stdout=log, stderr=log)
        try:
            wait_for_port(port, process)
            yield RunningBroker(
                port=port,
                tls_port=tls_port,
                ca=certificate.ca,
                passwords={id: password_of(id) for id in roles},
                accounts=accounts,
                pid=process.pid,
            )
        finally:
            process.terminate()
            process.wait(10)


def _in_place(certificate: Signed | None, folder: Path) -> Signed:
    """The certificate where mosquitto.conf wants it, or one that is made there."""
    if certificate is None:
        return signed(folder)
    (folder / "tls").mkdir(exist_ok=True)
    shutil.copy(certificate.cert, folder / "tls" / "server.crt")
    shutil.copy(certificate.key, folder / "tls" / "server.key")
    return certificate
