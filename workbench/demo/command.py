"""`glassline demo`: start everything, say where to look, and end everything."""

import math
import os
import shlex
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from .site import PROGRAMS, PortTakenError, Site, check_ports

START_UP_S = 10.0
"""Glass stays clean for so long before an unattended run plants its defects: the programs need time to start."""


def demo(
    camera: Annotated[str, typer.Option(help="scene:?seed=N, folder:PATH, usb:0 or picamera:0.")] = "scene:?seed=7",
    seconds: Annotated[float, typer.Option(help="Run unattended and plant defects for so long; 0: until Ctrl-C.")] = 0,
    report: Annotated[Path | None, typer.Option(help="Where an unattended run writes its figures (JSON).")] = None,
    kill: Annotated[bool, typer.Option(help="Unattended: kill -9 bridge, broker, node and web in turn.")] = False,
    folder: Annotated[Path, typer.Option(help="Where accounts, settings and defects of the demo lie.")] = Path(
        "var/demo"
    ),
    port: Annotated[int, typer.Option(help="Port of the page.")] = 5000,
    broker_port: Annotated[int, typer.Option(help="Port of the broker.")] = 1883,
) -> None:
    """Run broker, bridge, web and a node with a rendered camera on this machine, and say where to look."""
    try:
        check_ports({"--port": port, "--broker-port": broker_port})
    except PortTakenError as error:
        typer.secho(str(error), fg="red", err=True)
        raise typer.Exit(1) from None
    from_s = time.time() + START_UP_S
    until_s = from_s + seconds if seconds else math.inf
    if seconds:
        if not camera.startswith("scene:"):
            raise typer.BadParameter("an unattended run needs a camera whose truth is known: scene:?seed=N")
        camera += f"{'&' if '?' in camera else '?'}from={from_s:.3f}&until={until_s:.3f}"
    site = Site(folder.absolute(), broker_port, port, camera)
    site.write()
    raise typer.Exit(_run(site, _watcher(site, from_s, until_s, report, kill) if seconds else _guide(site)))


def _guide(site: Site) -> list[str]:
    return [sys.executable, "-m", "workbench.demo.guide", site.url, str(site.config), str(os.getpid())]


def _watcher(site: Site, from_s: float, until_s: float, report: Path | None, kill: bool) -> list[str]:
    command = [sys.executable, "-m", "workbench.demo.watch", str(site.folder), str(site.broker_port), site.url]
    command += [site.camera, str(from_s), str(until_s), str(report.absolute()) if report else ""]
    return [*command, "kill"] if kill else command


def _run(site: Site, last: list[str]) -> int:
    """Run the four programs and `last`; when one of them ends for good, all end. The exit code is that one's."""
    from honcho.manager import Manager
    from honcho.printer import Printer

    manager = Manager(Printer(sys.stdout, time_format=""))
    for program in PROGRAMS:
        keep = [sys.executable, "-m", "workbench.keep", program, str(os.getpid()), "--"]
        command = [sys.executable, "-m", program, "--config", str(site.config)]
        manager.add_process(program, "exec " + shlex.join(keep + command))
    manager.add_process("demo", "exec " + shlex.join(last))
    manager.loop()
    return int(manager.returncode or 0)
