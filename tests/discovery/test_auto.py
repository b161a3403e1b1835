"""`broker = "auto"` on a network of several hosts, with brokers as people start them."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from glassline.contract import Reason
from glassline.discovery import Advertiser, Server
from glassline.link import Link
from tests.support.lan import Host, Lan, needs_networks
from tests.support.links import make_link
from tests.support.waiting import until

from .site import Site

pytestmark = needs_networks

MOVED_S = 45.0
"""Within this a server is found at its new address: after 20 s a connection that hangs counts as dead, and
the machine may be busy."""


@contextmanager
def linked(node: Host, site: Site, broker: str = "auto", memory: Path | None = None) -> Iterator[Link]:
    """The link of pi-1, which was enrolled at `site`, on the host `node`."""
    with (
        node.inside(),
        make_link(broker, "pi-1", None, credentials=str(site.credentials("pi-1")), memory=memory) as link,
    ):
        yield link


def twin_of(site: Site, lan: Lan, name: str, address: str, label: str) -> Site:
    """Another server with the same CA and the same accounts."""
    folder = site.folder.with_name(label.replace(" ", "-"))
    shutil.copytree(site.folder, folder)
    twin = Site(lan.host(address), folder, name=name, more=f'site = "{label}"')
    shutil.rmtree(folder / "tls")
    twin.told("ca", "server", "--name", name)
    return twin


def told(site: Site, **changed: Any) -> Server:
    """What the broker of `site` tells of itself, but for what is `changed`."""
    from glassline.accounts.identity import ca_beside, identity_of

    known = identity_of(site.folder / "tls/server.crt", ca_beside(site.folder / "accounts.json"))
    made = Server(site="Hall A", host=known.host, port=8883, fingerprint=known.fingerprint)
    return replace(made, **changed)


def is_down_for(link: Link, code: Reason, *words: str) -> bool:
    return until(lambda: link.state.code is code and all(word in link.state.sentence for word in words), 20)


def test_the_only_server_of_our_ca_is_found_and_proves_itself_beside_a_stranger(
    lan: Lan, site: Site, node: Host, tmp_path: Path
) -> None:
    site.start()
    with lan.host("10.9.0.66").inside():
        stranger = Advertiser(Server(site="X", host="x.local", port=8883, fingerprint=bytes(32)))
        stranger.start()
    with linked(node, site) as link:
        began_s = time.monotonic()
        until(lambda: link.state.connected, what=lambda: link.state)
        print(f"found after {time.monotonic() - began_s:.1f} s")
        assert link.state.sentence == "connected to mqtts://a.local:8883 (found: Hall A (a.local) at 10.9.0.2)"
        assert link.publish("status", b"online")
    stranger.stop()


def test_with_none_there_it_goes_on_looking_until_one_appears(site: Site, node: Host) -> None:
    with linked(node, site) as link:
        assert link.state.sentence == "looking for a server by mDNS"
        assert is_down_for(link, Reason.BROKER_NOT_FOUND, "none answers on this network"), link.state
        node.readdress(None)
        assert is_down_for(link, Reason.BROKER_NOT_FOUND, "this machine has no network"), link.state
        node.readdress("10.9.0.4")
        site.start()
        until(lambda: link.state.connected, 30, what=lambda: link.state)


def test_of_several_it_takes_none_by_chance_but_the_one_that_is_named(lan: Lan, site: Site, node: Host) -> None:
    twin = twin_of(site, lan, "b.local", "10.9.0.5", "Hall B")
    site.start()
    twin.start()
    with linked(node, site) as link:
        assert is_down_for(link, Reason.BROKER_SEVERAL_FOUND), link.state
        assert link.state.facts["found"] == "Hall A (a.local) at 10.9.0.2, Hall B (b.local) at 10.9.0.5"
    with linked(node, site, "auto:Hall B") as link:
        until(lambda: link.state.connected, what=lambda: link.state)
        assert "Hall B (b.local) at 10.9.0.5" in link.state.sentence
    with linked(node, site, "auto:Hall C") as link:
        assert is_down_for(link, Reason.BROKER_NOT_FOUND, "to the name Hall C"), link.state


def test_a_second_server_does_not_confuse_who_was_connected_before(
    lan: Lan, site: Site, node: Host, tmp_path: Path
) -> None:
    running = site.start()
    with linked(node, site, memory=tmp_path / "server.json") as link:
        until(lambda: link.state.connected, what=lambda: link.state)
        until((tmp_path / "server.json").exists)
    twin = twin_of(site, lan, "b.local", "10.9.0.5", "Hall B")
    twin.start()
    with linked(node, site, memory=tmp_path / "server.json") as link:
        until(lambda: link.state.connected, what=lambda: link.state)
        assert "Hall A" in link.state.sentence
        running.terminate()
        until(lambda: link.state.connected and "Hall B" in link.state.sentence, 30, what=lambda: link.state)


def test_a_server_of_another_ca_is_named_and_not_connected_to(lan: Lan, site: Site, node: Host, tmp_path: Path) -> None:
    foreign = Site(lan.host("10.9.0.66"), tmp_path / "foreign", name="foreign.local", more='site = "Next door"')
    foreign.credentials("pi-1")
    foreign.start()
    with linked(node, site) as link:
        assert is_down_for(link, Reason.BROKER_FOUND_UNTRUSTED), link.state
        assert link.state.facts["found"] == "Next door (foreign.local) at 10.9.0.66"
        site.start()
        until(lambda: link.state.connected, 30, what=lambda: link.state)
        assert "Hall A" in link.state.sentence
    assert "pi-1" not in (foreign.folder / "broker.log").read_text()


def test_an_impostor_that_tells_of_our_ca_is_refused_for_its_certificate_and_told(
    lan: Lan, site: Site, node: Host, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    evil = Site(lan.host("10.9.0.66"), tmp_path / "evil", name="a.local", more="advertise = false")
    evil.credentials("pi-1")
    evil.start()
    with evil.host.inside():
        advertiser = Advertiser(told(site))
        advertiser.start()
    with linked(node, site) as link:
        assert is_down_for(link, Reason.BROKER_FOUND_UNTRUSTED, "shows a certificate of another one"), link.state
        assert "a.local) at 10.9.0.66" in link.state.facts["found"]
        site.start()
        until(lambda: link.state.connected, 30, what=lambda: link.state)
        assert "at 10.9.0.2" in link.state.sentence
    advertiser.stop()
    assert "passed over: Hall A (a.local) at 10.9.0.66" in caplog.text
    assert "pi-1" not in (evil.folder / "broker.log").read_text()


def test_a_broker_without_tls_is_never_taken_whoever_tells_of_it(lan: Lan, site: Site, node: Host) -> None:
    with (site.folder / "glassline.toml").open("a") as file:
        file.write("plain_beyond_loopback = true\nadvertise = false\n")
    text = (site.folder / "glassline.toml").read_text().replace("mqtts://0.0.0.0:8883", "mqtt://0.0.0.0:8883")
    (site.folder / "glassline.toml").write_text(text)
    site.start()
    with site.host.inside():
        advertiser = Advertiser(told(site))
        advertiser.start()
    with linked(node, site) as link:
        assert is_down_for(link, Reason.BROKER_HAS_NO_TLS), link.state
    advertiser.stop()


def test_where_mdns_does_not_come_through_the_place_from_before_is_tried(
    site: Site, node: Host, tmp_path: Path
) -> None:
    running, memory = site.start(), tmp_path / "server.json"
    with linked(node, site, memory=memory) as link:
        until(lambda: link.state.connected, what=lambda: link.state)
        until(memory.exists)
    running.terminate()
    running.wait(10)
    with (site.folder / "glassline.toml").open("a") as file:
        file.write("advertise = false\n")
    site.start()
    written = memory.stat()
    with linked(node, site, memory=memory) as link:
        began_s = time.monotonic()
        until(lambda: link.state.connected, what=lambda: link.state)
        assert time.monotonic() - began_s < 3
    assert memory.stat().st_mtime_ns == written.st_mtime_ns, "what is known is not written again"
    memory.write_text("{broken")
    with linked(node, site, memory=memory) as link:
        assert is_down_for(link, Reason.BROKER_NOT_FOUND), link.state


def test_a_server_that_moved_is_found_again_though_the_connection_hangs(site: Site, node: Host, tmp_path: Path) -> None:
    running = site.start()
    with linked(node, site, memory=tmp_path / "server.json") as link:
        until(lambda: link.state.connected, what=lambda: link.state)
        site.host.readdress("10.9.0.77")
        began_s = time.monotonic()
        until(lambda: link.state.connected and "10.9.0.77" in link.state.sentence, MOVED_S, what=lambda: link.state)
        print(f"found again after {time.monotonic() - began_s:.1f} s: it hung")
        running.terminate()
        running.wait(10)
        site.host.readdress("10.9.0.78")
        site.start()
        began_s = time.monotonic()
        until(lambda: link.state.connected and "10.9.0.78" in link.state.sentence, MOVED_S, what=lambda: link.state)
        print(f"found again after {time.monotonic() - began_s:.1f} s: it had been closed")


def test_credentials_without_a_ca_say_what_is_missing(site: Site, node: Host, tmp_path: Path) -> None:
    text = site.credentials("pi-1").read_text()
    site.credentials("pi-1").write_text(text[: text.index("ca = ")])
    with linked(node, site) as link:
        assert is_down_for(link, Reason.BROKER_NOT_ENROLLED, "they hold none"), link.state
