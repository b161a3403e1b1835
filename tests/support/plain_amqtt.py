"""amqtt as it comes, in a process of its own: what the hardened broker is compared with. `python plain_amqtt.py PORT`."""

import asyncio
import logging
import sys

from amqtt.broker import Broker


async def _main(port: int) -> None:
    plugins = {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}}
    broker = Broker({"listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}}, "plugins": plugins})
    await broker.start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR)
    asyncio.run(_main(int(sys.argv[1])))
