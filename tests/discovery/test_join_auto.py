"""`glassline join auto`: the server is found by the fingerprint in the token, and proves itself by its certificate."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from glassline.discovery import Advertiser, Server
from glassline.program import read_credentials
from glassline.program.tokens import Token
from tests.support.lan import Host, Lan, needs_networks
from workbench.joining import NowhereError, found

from .site import Site

pytestmark = needs_networks
READY = "Listening at"


@pytest.fixture
def site(lan: Lan, tmp_path: Path) -> Site:
    made = Site(lan.host("10.9.0.2"), tmp_path / "server", name="server.local", web=True, more='site = "Hall 2"')
    made.token("pi-0")  # the accounts file is there
    return made


def join(host: Host, token: str, out: Path) -> "subprocess.CompletedProcess[str]":
    return host.run("-m", "workbench.main", "join", "auto", "--out", str(out), input=token + "\n")


def test_a_machine_that_knows_no_address_joins_with_a_token(lan: Lan, site: Site, tmp_path: Path) -> None:
    token = site.token("pi-1")
    site.start()
    site.start("web", ready="web")
    node = lan.host("10.9.0.3")
    with lan.host("10.9.0.66").inside(), Advertiser(Server(site="A", host="a.local", port=1, fingerprint=bytes(32))):
        joined = join(node, token, tmp_path / "pi-1.toml")
    assert joined.returncode == 0, joined.stderr + (site.folder / "web.log").read_text()
    assert read_credentials(tmp_path / "pi-1.toml").broker == "mqtts://server.local:8883"


def test_an_impostor_with_the_tokens_fingerprint_never_sees_the_token(lan: Lan, site: Site, tmp_path: Path) -> None:
    """It tells of our CA, even shows it, and cannot have a certificate by it."""
    evil = Site(lan.host("10.9.0.66"), tmp_path / "evil", name="server.local", web=True)
    token = site.token("pi-1")
    shutil.copy(site.folder / "tokens.json", evil.folder / "tokens.json")
    evil.start("web", ready="web")
    told = Server(
        site="Hall 2", host="server.local", port=8883, fingerprint=Token.parse(token).fingerprint, web_port=5000
    )
    with evil.host.inside(), Advertiser(told):
        refused = join(lan.host("10.9.0.3"), token, tmp_path / "x.toml")
    assert refused.returncode == 1
    assert "https://server.local:5000 at 10.9.0.66 is not trusted" in refused.stderr
    assert "The token was not sent" in refused.stderr
    assert "POST /enroll" not in (evil.folder / "web.log").read_text()


def test_what_keeps_it_from_finding_the_server_is_said(lan: Lan) -> None:
    ours, node, server = bytes(range(32)), lan.host(None), lan.host("10.9.0.2")
    assert _why(node, ours) == "no server can be looked for by mDNS: this machine has no network"
    node.readdress("10.9.0.3")
    assert _why(node, ours) == "mDNS finds no server on this network in 2 s"
    with server.inside():
        for told, said in (
            ([_server("B", bytes(32))], "mDNS finds B (B.local), but not the server of this token"),
            (
                [_server("A", ours), _server("B", ours)],
                "several servers have the CA of this token: A (A.local), B (B.local)",
            ),
            ([_server("A", ours, web_port=None)], "A (A.local) was found, and tells of no page to join at"),
        ):
            advertisers = [Advertiser(one) for one in told]
            for one in advertisers:
                one.start()
            assert said in _why(node, ours)
            for one in advertisers:
                one.stop()


def _why(node: Host, fingerprint: bytes) -> str:
    """Why it finds none, without the remedy."""
    with node.inside(), pytest.raises(NowhereError) as refused:
        found(fingerprint, within_s=2)
    return re.split(r"(?:[.:] | and )(?=Name the|name the|does a)", str(refused.value))[0]


def _server(site: str, fingerprint: bytes, web_port: int | None = 5000) -> Server:
    return Server(site=site, host=f"{site}.local", port=8883, fingerprint=fingerprint, web_port=web_port)
