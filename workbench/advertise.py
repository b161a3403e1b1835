"""`glassline advertise`: make a broker that does not do so itself, like mosquitto, known on the network."""

import logging
import os
from typing import Annotated

import typer

from glassline.accounts.identity import ca_beside, identity_of
from glassline.discovery import Advertiser, Server, check_site
from glassline.program import EndSignals, joining_port, run_logging
from glassline.program.settings import find_file

from .accounts_folder import AccountsFolder, AccountsOption, do

MQTTS_PORT = 8883


def advertise(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where the broker listens with TLS.")] = MQTTS_PORT,
    site: Annotated[str | None, typer.Option(help="A name for people; without it the certificate's.")] = None,
    web_port: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=65535,
            help="Where the page takes `glassline join`; without it what \\[web] in the settings says.",
        ),
    ] = None,
    accounts: AccountsOption = None,
) -> None:
    """Tell by mDNS where the broker of this machine is, until it is ended. Nothing secret is told.

    Nodes with `broker = "auto"` find it so, and check its certificate before they believe it. The embedded broker needs
    no such help: it tells by itself.
    """
    folder = do(lambda: AccountsFolder.of(accounts))
    known = do(lambda: identity_of(folder.cert, ca_beside(folder.file)))
    name = do(lambda: check_site(site or known.host.partition(".")[0]))
    server = Server(
        site=name, host=known.host, port=port, fingerprint=known.fingerprint,
        web_port=web_port or do(lambda: joining_port(find_file(None, os.environ))),
    )  # fmt: skip
    run_logging("advertise")
    logging.getLogger("zeroconf").setLevel(logging.ERROR)
    signals = EndSignals()
    signals.catch()
    with Advertiser(server):
        signals.wait()
