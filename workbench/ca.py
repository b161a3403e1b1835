"""`glassline ca`: a private certificate authority, and the certificate with which broker and web show who they are."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from glassline.accounts.authority import Authority, Facts, facts_of, machine_names
from glassline.accounts.shared_files import write_public, write_shared

from .accounts_folder import AccountsFolder, AccountsOption, do
from .mosquitto_reload import reload_mosquitto

WARN_BEFORE = timedelta(days=30)

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Make certificates for broker and web.")

Names = Annotated[
    list[str] | None,
    typer.Option("--name", help="A further name or address by which others reach this machine; may be repeated."),
]


@app.command()
def init(name: Names = None, accounts: AccountsOption = None) -> None:
    """Make a CA and a server certificate. Nothing that exists is overwritten."""
    folder = do(lambda: AccountsFolder.of(accounts))
    make(folder, name or [])
    _tell(folder)
    typer.echo(
        f"\nBroker and web use it with these settings in glassline.toml:\n\n"
        f'[broker]\nlisten = "mqtts://0.0.0.0:8883, mqtt://127.0.0.1:1883"\n{_settings(folder)}'
        f'accounts = "{folder.file.absolute()}"\n\n[web]\n{_settings(folder)}'
        f'tokens = "{folder.tokens.path.absolute()}"\n\n'
        f"Keep {folder.ca / 'ca.key'} to yourself, and a copy of it: whoever has it can pose as your broker."
    )


@app.command()
def server(name: Names = None, accounts: AccountsOption = None) -> None:
    """Make the server certificate anew: with the names of the old one, those of this machine as it is now, and more."""
    folder = do(lambda: AccountsFolder.of(accounts))
    authority = do(lambda: Authority.load(folder.ca))
    kept = do(lambda: facts_of(folder.cert).names) if folder.cert.exists() else ()
    _issue(folder, authority, [*kept, *(name or []), *machine_names()], datetime.now(UTC))
    _tell(folder)
    for sentence in reload_mosquitto(folder.mosquitto / "passwords"):
        typer.echo(sentence)
    typer.echo("The embedded broker takes it by itself; the web when it is started anew: sudo systemctl restart web")


@app.command()
def show(accounts: AccountsOption = None) -> None:
    """Who signed what for whom, and until when. Exit code 1 where something has expired or will not do any more."""
    folder = do(lambda: AccountsFolder.of(accounts))
    raise typer.Exit(0 if _tell(folder) else 1)


@app.command()
def copy(
    to: Annotated[Path, typer.Argument(help="Where the CA's certificate goes.")], accounts: AccountsOption = None
) -> None:
    """Copy the CA's certificate, which is no secret, for `ca_file` or for a browser to trust."""
    folder = do(lambda: AccountsFolder.of(accounts))
    do(lambda: shutil.copyfile(folder.ca / "ca.crt", to))


def make(folder: AccountsFolder, names: list[str]) -> None:
    """A CA and a server certificate for `names` and those of this machine; ends the command where one is there."""
    now = datetime.now(UTC)
    authority = do(lambda: Authority.make(folder.ca, f"Glassline CA of {machine_names()[0]}", now))
    _issue(folder, authority, [*names, *machine_names()], now)


def _issue(folder: AccountsFolder, authority: Authority, names: list[str], now: datetime) -> None:
    cert, key = do(lambda: authority.issue(names, now))
    do(lambda: write_shared(folder.key, key))
    do(lambda: write_public(folder.cert, cert))


def _settings(folder: AccountsFolder) -> str:
    return f'tls_cert = "{folder.cert.absolute()}"\ntls_key = "{folder.key.absolute()}"\n'


def _tell(folder: AccountsFolder) -> bool:
    """Print what is there; whether all of it will do."""
    authority, server = do(lambda: facts_of(folder.ca / "ca.crt")), do(lambda: facts_of(folder.cert))
    now = datetime.now(UTC)
    _show("CA", folder.ca / "ca.crt", authority)
    _show("server", folder.cert, server)
    typer.echo(f"         for {', '.join(server.names)}")
    problems = [
        *_age("the CA", authority, now, "move its folder away, `glassline ca init`, and enroll everybody anew"),
        *_age("the server's certificate", server, now, "`glassline ca server` makes it anew"),
    ]
    missing = [name for name in machine_names() if name not in server.names]
    if missing:
        problems.append(f"this machine is now also {', '.join(missing)}: `glassline ca server` adds that")
    for problem in problems:
        typer.secho(problem, fg="yellow", err=True)
    return authority.not_after > now and server.not_before <= now < server.not_after


def _show(what: str, path: Path, facts: Facts) -> None:
    typer.echo(f"{what:8} {facts.subject}, signed by {facts.issuer}")
    typer.echo(f"         {path}, until {facts.not_after:%Y-%m-%d}")
    typer.echo(f"         SHA-256 {facts.fingerprint_text}")


def _age(what: str, facts: Facts, now: datetime, remedy: str) -> list[str]:
    if facts.not_after <= now:
        return [f"{what} expired on {facts.not_after:%Y-%m-%d}: {remedy}"]
    if facts.not_after - now < WARN_BEFORE:
        return [f"{what} expires on {facts.not_after:%Y-%m-%d}: {remedy}"]
    if facts.not_before > now:
        return [f"{what} is valid from {facts.not_before:%Y-%m-%d} on only: is the clock right (`timedatectl`)?"]
    return []
