"""Rights at the broker that a program lacks."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from glassline.accounts import mosquitto_files
from glassline.contract import Role
from glassline.program import read_credentials, write_credentials

from ..fault import Fault
from ..site import NODE_ID, Site
from .seen import GONE, WAITING


@contextmanager
def an_observer(site: Site) -> Iterator[None]:
    """The role in the accounts file is another; the broker ends whoever is no longer allowed by itself."""
    before = site.accounts.file.read_text()
    entries = json.loads(before)
    entries[NODE_ID]["role"] = Role.OBSERVER.value
    site.accounts.file.write_text(json.dumps(entries))
    site.restart("pi_node")
    try:
        yield
    finally:
        site.accounts.file.write_text(before)
        site.restart("pi_node")


@contextmanager
def file_of_an_observer(site: Site) -> Iterator[None]:
    good = read_credentials(site.node_credentials)
    write_credentials(site.node_credentials, replace(good, role=Role.OBSERVER))
    site.restart("pi_node")
    try:
        yield
    finally:
        write_credentials(site.node_credentials, good)
        site.restart("pi_node")


@contextmanager
def revoked(site: Site, id: str, name: str) -> Iterator[None]:
    """The account is gone, and the program still has its credentials, as on a machine of its own."""
    before, good = site.accounts.file.read_text(), read_credentials(site.accounts.credentials(id))
    site.glassline("revoke", id)
    write_credentials(site.accounts.credentials(id), good)
    site.restart(name)
    try:
        yield
    finally:
        site.accounts.file.write_text(before)
        mosquitto_files(site.accounts.accounts, site.accounts.mosquitto)
        site.restart(name)


def misspelt(acl: str) -> str:
    assert f"user {NODE_ID}\n" in acl
    return acl.replace(f"user {NODE_ID}\n", "user pi1\n")


FAULTS = [
    Fault(
        name="node is an observer",
        says="The node's account has the role of an observer in the accounts file, which may say nothing.",
        inject=an_observer,
        exact={"node.denied"}, server={"node.denied"}, pi={"node.denied"}, page={"node.denied"}, wait_s=22, anew=True,
    ),
    Fault(
        name="credentials of an observer",
        says="The node was given the credentials file of an observer, with which it does not start.",
        inject=file_of_an_observer,
        exact={"settings.wrong"}, pi={"settings.wrong"}, server=GONE, page=GONE,
    ),
    Fault(
        name="misspelt in mosquitto's list",
        says="The broker is a mosquitto whose ACL file says `user pi1` where it should say `user pi-1`.",
        inject=lambda site: site.mosquitto(misspelt),
        exact={"node.denied", "broker.no_echo"}, pi={"node.denied", "broker.no_echo"},
        server=GONE | {"node.denied"}, page=GONE | {"node.denied"}, wait_s=25, anew=True,
    ),
    Fault(
        name="bridge revoked",
        says="Somebody revoked the bridge's account.",
        inject=lambda site: revoked(site, "bridge-1", "bridge"),
        exact={"bridge.bad_credentials"}, server={"bridge.bad_credentials"}, page={"bridge.bad_credentials"},
        pi=WAITING, wait_s=22, anew=True,
    ),
]  # fmt: skip
