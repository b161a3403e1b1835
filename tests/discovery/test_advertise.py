"""What is told by mDNS, by whom, and when nothing is."""

import re
from pathlib import Path

import pytest

from glassline.discovery import Search
from tests.support.lan import Host, needs_networks
from tests.support.waiting import until

from .site import PORT, Site

pytestmark = needs_networks


def test_advertise_makes_a_mosquitto_known_until_it_is_ended(site: Site, node: Host, tmp_path: Path) -> None:
    with node.inside(), Search() as search:
        process = site.host.start(
            "-m", "workbench.main", "advertise", "--site", "Hall M", "--web-port", "5001", "--accounts",
            str(site.folder / "accounts.json"), log=tmp_path / "log",
        )  # fmt: skip
        until(lambda: search.servers(), 30, what=lambda: (tmp_path / "log").read_text())
        (told,) = search.servers()
        assert (told.site, told.host, told.port, told.web_port) == ("Hall M", "a.local", PORT, 5001)
        shown = re.search(r"SHA-256 ([0-9A-F:]+)", site.told("ca", "show"))
        assert shown is not None
        assert told.fingerprint.hex(":").upper() == shown[1]
        process.terminate()
        assert process.wait(10) == 0
        until(lambda: not search.servers())


@pytest.mark.parametrize("change", ["advertise = false", "loopback", "another CA"])
def test_a_broker_that_others_cannot_reach_and_check_tells_nothing(site: Site, node: Host, change: str) -> None:
    settings = site.folder / "glassline.toml"
    if change == "loopback":
        settings.write_text(settings.read_text().replace("mqtts://0.0.0.0", "mqtts://127.0.0.1"))
    elif change == "another CA":
        (site.folder / "ca").rename(site.folder / "former")
        (site.folder / "tls").rename(site.folder / "tls-former")
        site.told("ca", "init")
        settings.write_text(settings.read_text().replace(f"{site.folder}/tls/", f"{site.folder}/tls-former/"))
    else:
        settings.write_text(settings.read_text() + change)
    site.start()
    with node.inside(), Search() as search:
        search.settle(timeout_s=5)
        assert search.servers() == []
    assert ("was not signed by the CA" in (site.folder / "broker.log").read_text()) == (change == "another CA")
    listening = Path(f"/proc/{_broker(site)}/net/udp").read_text()
    assert ":14E9 " not in listening, "UDP port 5353 is not opened"


def _broker(site: Site) -> int:
    (process,) = site.host.processes
    return process.pid


def test_advertise_says_what_is_missing(site: Site, tmp_path: Path) -> None:
    for arguments, said in (
        (["--accounts", str(tmp_path / "accounts.json")], "cannot read the certificate"),
        (["--accounts", str(site.folder / "accounts.json"), "--site", "a.b"], "expected a name of up to 50 bytes"),
    ):
        refused = site.run("advertise", *arguments)
        assert refused.returncode == 1
        assert said in refused.stderr
        assert "Traceback" not in refused.stderr
