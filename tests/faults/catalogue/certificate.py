"""The broker's certificate: out of date, and of another name."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from glassline.accounts.authority import Authority
from tests.support.authority import EXPIRED

from ..fault import Fault
from ..site import Site
from .seen import GONE


@contextmanager
def shown(site: Site, name: str, *, age: timedelta = timedelta()) -> Iterator[None]:
    """The broker shows a certificate of its own CA for `name`, made `age` ago."""
    files = site.accounts.cert, site.accounts.key
    before = [file.read_text() for file in files]
    made = Authority.load(site.accounts.ca).issue((name, "127.0.0.1"), datetime.now(UTC) - age)
    for texts in (made, before):
        for file, text in zip(files, texts, strict=True):
            file.write_text(text)
        site.restart("broker")
        if texts is made:
            yield


FAULTS = [
    Fault(
        name="certificate expired",
        says="The broker's certificate ran out yesterday.",
        inject=lambda site: shown(site, site.cable.server, age=EXPIRED),
        exact={"broker.tls_expired"}, pi={"broker.tls_expired"},
        server=GONE | {"broker.tls_expired"}, page=GONE | {"broker.tls_expired"}, wait_s=22,
    ),
    Fault(
        name="certificate of another name",
        says="The broker's certificate was made for another name than the one in the node's credentials.",
        inject=lambda site: shown(site, "glass-server.example"),
        exact={"broker.tls_wrong_name"}, pi={"broker.tls_wrong_name"},
        server=GONE | {"broker.tls_wrong_name"}, page=GONE | {"broker.tls_wrong_name"}, wait_s=22,
    ),
]  # fmt: skip
