"""`glassline bench live`, `detect`, `jpeg`, `bridge` and `defects`."""

import json
import signal
import sys
from enum import StrEnum
from typing import Annotated, cast, get_args

import typer
from rich.console import Console

from .bridge import bridge
from .child import BenchError
from .defects import defects
from .detect import detect
from .jpeg import jpeg
from .rounds import run
from .show import show
from .stage import BrokerKind, Load

try:
    import resource
except ImportError:  # not on Windows, where nothing here runs anyhow
    resource = None  # type: ignore[assignment]

EXIT_CANNOT = 1
MAX_VIEWERS = 1900
SPARE_FILES = 200
Broker = StrEnum("Broker", {name: name for name in get_args(BrokerKind)})  # type: ignore[misc]

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Measure what the live picture, the detector, storing and asking cost.",
)


@app.callback()
def _root() -> None:
    """Measure what the live picture, the detector, storing and asking cost."""


app.command()(detect)
app.command()(jpeg)
app.command()(bridge)
app.command()(defects)


@app.command()
def live(
    viewers: Annotated[int, typer.Option(min=1, max=MAX_VIEWERS, help="How many pages watch.")] = 50,
    fps: Annotated[float, typer.Option(min=0.5, max=30, help="Pictures a second that the node sends.")] = 15,
    seconds: Annotated[float, typer.Option(min=1, max=600, help="How long each is measured, after a warm-up.")] = 10,
    rounds: Annotated[int, typer.Option(min=1, max=21, help="How often all are measured; medians are shown.")] = 3,
    size: Annotated[int, typer.Option(min=20_000, max=150_000, help="Bytes of a frame.")] = 50_000,
    broker: Annotated[Broker, typer.Option(help="Which broker they all use.")] = Broker.embedded,  # type: ignore[attr-defined]
    compression: Annotated[
        bool, typer.Option(help="Viewers offer to take compressed messages, as browsers do.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """The web against a bare relay (the least that is possible) and a naive loop (the obvious way), on this machine.

    Each runs as a real process with a real broker, a node that sends, and viewers that read; nothing else should be
    running meanwhile. A latency is the time from capture to the last byte at a viewer.
    """
    load = Load(
        viewers=viewers, fps=fps, seconds=seconds, size_bytes=size, broker=cast(BrokerKind, broker.value),
        compression=compression,
    )  # fmt: skip
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    console = Console(highlight=False)
    try:
        allow_files(viewers + load.threads + SPARE_FILES)
        with Console(stderr=True).status("starting …") as status:
            result = run(load, rounds, status.update)
    except BenchError as error:
        typer.secho(f"bench: {error}", fg="red", err=True)
        raise typer.Exit(EXIT_CANNOT) from None
    if as_json:
        print(json.dumps(result.to_dict(), indent=2))
    else:
        show(console, result)


def allow_files(count: int) -> None:
    """Let this process and its children open so many files; BenchError if the system forbids that."""
    if resource is None:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < count:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))
        except (ValueError, OSError):
            raise BenchError(
                f"so many viewers need {count} open files in one process and the system allows {hard}: "
                "take fewer --viewers, or raise the hard limit (ulimit -Hn, LimitNOFILE=, /etc/security/limits.conf)"
            ) from None
