"""Known secrets are planted, everything is used, and everything that others can see is searched for them."""

import base64
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import httpx
import psutil
import pytest
from websockets.sync.client import connect

from glassline.contract.topics import EVERYTHING
from glassline.program import read_secret, write_secret
from tests.support.chain import Chain
from tests.support.clients import RawClient, connect_packet, connected
from tests.support.embedded_broker import RunningBroker
from tests.support.waiting import until
from tests.web.people import SECRET, cookies_of, enter, make_people
from workbench.demo.site import ACCOUNTS, NODE_ID

MISTYPED = "a-password-that-was-mistyped"
KEY = "sb_secret_of_the_project"
WATCH_S = 8.0


def spellings(secret: str) -> set[bytes]:
    """How a text may turn up."""
    raw = secret.encode()
    padded = {base64.b64encode(raw[cut:]).rstrip(b"=")[:-1] for cut in range(3)}
    return {raw, quote(secret).encode(), raw.hex().encode(), json.dumps(secret)[1:-1].encode(), *padded}


def leaks(places: dict[str, bytes], secrets: dict[str, str]) -> list[str]:
    """Which secret stands where."""
    return [
        f"{name} in {place}"
        for name, secret in secrets.items()
        for place, content in places.items()
        if any(spelling in content for spelling in spellings(secret))
    ]


@contextmanager
def running(folder: Path) -> Iterator[Chain]:
    """The chain with people and a project's key, everything said that can be said."""
    chain = Chain(folder)
    make_people(folder / "people.json")
    write_secret(folder / "store.key", KEY)
    config = chain.site.config
    more = {
        "[web]": f'people = "{folder / "people.json"}"\n',
        "[bridge]": f'store_key_file = "{folder / "store.key"}"\n',
    }
    config.write_text("".join(line + more.get(line.strip(), "") for line in config.read_text().splitlines(True)))
    before = {name: os.environ.get(name) for name in ("GLASS_LOG_LEVEL", "GLASS_DEBUG_FRAMES")}
    os.environ.update({"GLASS_LOG_LEVEL": "DEBUG", "GLASS_DEBUG_FRAMES": "1"})
    try:
        chain.start()
        yield chain
    finally:
        chain.stop()
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})


def shows(chain: Chain) -> bool:
    """Whether somebody who is signed in sees the node's picture."""
    try:
        return enter(chain.site.url, "boss").get(f"/api/devices/{NODE_ID}/snapshot.jpg").is_success
    except (httpx.HTTPError, AssertionError):
        return False


def arguments(chain: Chain) -> bytes:
    """Of every process, as anybody on the machine sees them."""
    parents = [psutil.Process(process.pid) for process in chain.processes.values()]
    family = [one for parent in parents for one in (parent, *parent.children(recursive=True))]
    return "\n".join(" ".join(one.cmdline()) for one in family).encode()


def messages(chain: Chain, password: str) -> bytes:
    """What an observer hears."""
    broker = RunningBroker(port=chain.site.broker_port, passwords={"observer": password})
    with connected(broker, "observer") as observer:
        observer.subscribe(EVERYTHING)
        time.sleep(WATCH_S)
        heard = [observer.messages.get() for _ in range(observer.messages.qsize())]
    return b"\n".join(topic.encode() + b" " + payload for topic, payload, *_ in heard)


def pages(chain: Chain) -> tuple[bytes, str]:
    """All that the web answers somebody who is signed in as admin, and the id of that session."""
    boss = enter(chain.site.url, "boss")
    session = cookies_of(boss).partition("=")[2]
    assert boss.post("/api/session", json={"name": "boss", "password": MISTYPED}).status_code == 401
    static = [f"/{path.relative_to('web')}" for path in Path("web/static").rglob("*") if path.is_file()]
    paths = ["/", *static, "/health", "/api/session", "/api/devices", f"/api/devices/{NODE_ID}"]
    paths += [f"/api/devices/{id}/chain" for id in ACCOUNTS] + ["/api/defects", "/nowhere"]
    answers = [boss.get(path) for path in paths]
    for name in ("ping", "snapshot", "config", "doctor"):
        answers.append(boss.post(f"/api/devices/{NODE_ID}/cmd/{name}", json={"args": {}}))
    said = b"\n".join(str(answer.headers.multi_items()).encode() + answer.content for answer in answers)
    url = chain.site.url.replace("http", "ws", 1) + "/live"
    with connect(url, origin=chain.site.url, additional_headers={"Cookie": cookies_of(boss)}) as live:  # type: ignore[arg-type]
        live.send(json.dumps({"watch": [NODE_ID]}))
        events = [live.recv() for _ in range(20)]
    return said + b"\n".join(one if isinstance(one, bytes) else one.encode() for one in events), session


def reports(chain: Chain) -> bytes:
    """What the command prints of a machine."""
    config = str(chain.site.config)
    said = b""
    for words in (["doctor", "--config", config], ["doctor", "--config", config, "--json"], ["settings"]):
        done = subprocess.run(
            [sys.executable, "-m", "workbench.main", *words], capture_output=True, timeout=90, check=False
        )
        said += done.stdout + done.stderr
    return said


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, bytes], dict[str, str]]:
    """(what was seen by place, secrets by name)."""
    folder = tmp_path_factory.mktemp("secrets")
    with running(folder) as chain:
        secrets = {f"the password of {id}": read_secret(chain.site.secret(id)) for id in ACCOUNTS}
        until(lambda: shows(chain), 90, what=chain.logs)
        with RawClient(chain.site.broker_port) as stranger:
            stranger.send(connect_packet("pi-1", user="pi-1", password=MISTYPED))
            stranger.is_closed(2)
        places = {"messages": messages(chain, secrets["the password of observer"]), "arguments": arguments(chain)}
        places["pages"], secrets["a session"] = pages(chain)
        places["reports"] = reports(chain)
        places |= {f"the log of {program}": chain.log(program).read_bytes() for program in chain.processes}
    kept = [path for name in ("store", "pi_node") for path in (chain.site.folder / name).rglob("*") if path.is_file()]
    places["store and outbox"] = b"\n".join(path.read_bytes() for path in kept)
    return places, secrets | {"a person's password": SECRET, "a mistyped password": MISTYPED, "the store's key": KEY}


def test_no_secret_stands_where_others_can_see_it(found: tuple[dict[str, bytes], dict[str, str]]) -> None:
    places, secrets = found
    assert len(secrets) == 8
    assert leaks(places, secrets) == []


def test_control_what_is_no_secret_is_found_everywhere(found: tuple[dict[str, bytes], dict[str, str]]) -> None:
    places, _ = found
    signs = {"arguments": "glassline.toml", "the log of bridge": "bridge-1", "store and outbox": "SQLite format"}
    for place, content in places.items():
        assert leaks({place: content}, {"sign": signs.get(place, NODE_ID)}), f"{place}: {content[:200]!r}"


@pytest.mark.parametrize("spell", [str, quote, lambda text: "xy" + base64.b64encode(("ab" + text).encode()).decode()])
def test_control_a_secret_is_found_however_it_is_written(spell: "type[str]") -> None:
    assert leaks({"a log": b"it said " + spell("top secret/1234").encode()}, {"it": "top secret/1234"})
