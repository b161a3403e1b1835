"""amqtt as it comes: the control that shows what the hardened broker adds.

Runs as a process of its own, `python plain_amqtt.py PORT [PASSWORD_FILE]`, and prints `ready`.
"""

import asyncio
import logging
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from amqtt.broker import Broker


@contextmanager
def plain_amqtt(port: int, *, password_file: Path | None = None) -> Iterator[int]:
    """Run plain amqtt on `port`; yields its process id."""
    arguments = [sys.executable, __file__, str(port), *([str(password_file)] if password_file else [])]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process.pid
    finally:
        process.kill()
        process.wait()


async def _main(port: int, password_file: str | None) -> None:
    plugins = {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}}
    if password_file:
        plugins = {"amqtt.plugins.authentication.FileAuthPlugin": {"password_file": password_file}}
    broker = Broker({"listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}}, "plugins": plugins})
    await broker.start()
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR)
    asyncio.run(_main(int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None))
