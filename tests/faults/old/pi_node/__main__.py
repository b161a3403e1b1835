"""A node of another version: it comes with the real one's account, and all that it sends says `v: 0`."""

import json
import sys
import time
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import paho.mqtt.client as mqtt

from glassline.link import Access, BrokerAddress
from glassline.link.client import client_id_of, new_client
from glassline.program import read_credentials

BOOT = "0123abcd"


def main() -> None:
    table = tomllib.loads(Path(sys.argv[-1]).read_text())["pi_node"]
    own = read_credentials(table["credentials"])
    address = BrokerAddress.parse(own.broker)
    keys = Access(password=None, ca_file=None, credentials=table["credentials"]).keys()
    client = new_client(
        address, client_id=client_id_of(own.id, own.password), id=own.id, password=own.password, keys=keys
    )
    client.connect(address.host, address.port, 10)
    client.loop_start()
    seq = 0
    while True:
        for kind, more in (("info", {"role": "node", "version": "0.1"}), ("health", {"state": "ok", "reasons": []})):
            seq += 1
            send(client, own.id, kind, {"v": 0, "ts": f"{datetime.now(UTC):%FT%T}Z", "boot": BOOT, "seq": seq, **more})
        client.publish(f"glass/v1/{own.id}/status", "online", 1, retain=True)
        time.sleep(5)


def send(client: mqtt.Client, id: str, kind: str, message: dict[str, object]) -> None:
    client.publish(f"glass/v1/{id}/{kind}", json.dumps(message), 1, retain=kind == "info")


main()
