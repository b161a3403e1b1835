"""The `glassline` command: what people run by hand. A subcommand imports its rooms only when it is called."""

import importlib
import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

import glassline

#: name -> (module, attribute, one sentence for --help)
SUBCOMMANDS = {
    "demo": ("workbench.demo.command", "demo", "Everything on this machine, with a rendered camera."),
    "bench": ("workbench.bench.command", "app", "Measure what the live picture, the detector and storing cost."),
    "doctor": ("workbench.doctor", "doctor", "Walk the chain from here and name what is broken, with its remedy."),
    "status": ("workbench.status", "status", "Ask the node of this machine how it is; needs no network."),
    "simulate": ("workbench.simulate.command", "simulate", "Run a fleet of light nodes, for load and for chaos."),
    "ca": ("workbench.ca", "app", "Make certificates for broker and web, signed by a CA of your own."),
    "enroll": ("workbench.enroll", "enroll", "Make an account for a node, bridge, web or observer."),
    "accounts": ("workbench.enroll", "accounts", "List the accounts at the broker."),
    "rotate": ("workbench.rotate", "rotate", "Give an account a new password without locking its program out."),
    "revoke": ("workbench.enroll", "revoke", "Take an account away."),
    "join": ("workbench.join", "join", "Fetch this machine's credentials with a one-time token."),
    "advertise": ("workbench.advertise", "advertise", "Make mosquitto known on the network, so that nodes find it."),
    "flash": ("workbench.flash.command", "flash", "Write what a Raspberry Pi's card needs to boot into inspecting."),
    "people": ("workbench.people", "app", "Say who may sign in at the page, and as what."),
    "model": ("workbench.model", "app", "Render pictures, train on them, export the model."),
    "dataset": ("workbench.dataset", "app", "Turn reviewed defects into a data set to train on."),
    "store": ("workbench.store", "app", "Make the database of a Supabase project; see whether the store works."),
    "settings": ("workbench.reference", "settings", "Print every setting of every program."),
}  # fmt: skip

ROOMS = {"glassline", "pi_node", "broker", "bridge", "web", "workbench"}
"""What is missing of these is a fault of ours, and nothing that pip could bring."""


class _LazyGroup(TyperGroup):
    """Lists subcommands by name and imports one only when it is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(SUBCOMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in SUBCOMMANDS:
            return None
        module, attribute, sentence = SUBCOMMANDS[cmd_name]
        try:
            target: Any = getattr(importlib.import_module(module), attribute)
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] in ROOMS:
                raise
            _explain_missing(cmd_name, error)
        command = _as_command(target)
        command.name, command.short_help = cmd_name, sentence
        return command


def _as_command(target: "typer.Typer | Callable[..., Any]") -> Any:
    if isinstance(target, typer.Typer):
        return typer.main.get_command(target)
    single = typer.Typer(add_completion=False)
    single.command()(target)
    return typer.main.get_command(single)


def _explain_missing(name: str, error: ModuleNotFoundError) -> None:
    extra = "train" if name == "model" else "demo"
    print(
        f"`glassline {name}` needs {error.name}, which is not installed: pip install 'glassline[{extra}]'",
        file=sys.stderr,
    )
    raise SystemExit(2)


app = typer.Typer(cls=_LazyGroup, add_completion=False, no_args_is_help=True, help=__doc__)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"glassline {glassline.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version, and no more.")
    ] = False,
) -> None:
    """Glassline watches glass, finds defects, stores every one and shows them live."""


if __name__ == "__main__":
    app()
