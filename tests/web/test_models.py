"""Models that nodes fetch from the web: who may list and send them, what is served, and what is not."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from glassline.accounts import People
from glassline.contract import Role
from glassline.contract.archives import parse_file_name, path_of
from glassline.program import Credentials, write_credentials
from glassline.vision.archive import pack
from tests.support.authority import signed
from tests.support.embedded_broker import embedded_broker
from tests.support.waiting import until
from web.api.models import AT_ONCE, BURST

from .certificates import Certificate
from .people import client, code_of, enter
from .processes import ROOT, Mosquitto, Process, Web
from .publishers import NodeLike

FIXTURES = ROOT / "tests" / "vision" / "fixtures"


def card_in(folder: Path, name: str = "other", padding: int = 0) -> Path:
    """A card with a small model beside it, like those that `glassline model export` writes."""
    folder.mkdir(exist_ok=True)
    content = (FIXTURES / "detect.onnx").read_bytes()
    (folder / f"{name}.onnx").write_bytes(content)
    files = {f"{name}.onnx": sha256(content).hexdigest()}
    if padding:
        params = (FIXTURES / "detect_ncnn_model" / "model.ncnn.param").read_bytes()
        (folder / f"{name}_ncnn_model").mkdir(exist_ok=True)
        (folder / f"{name}_ncnn_model" / "model.ncnn.param").write_bytes(params)
        (folder / f"{name}_ncnn_model" / "model.ncnn.bin").write_bytes(bytes(padding))
        files[f"{name}_ncnn_model"] = sha256(params + bytes(padding)).hexdigest()
    (folder / f"{name}.json").write_text(json.dumps({"labels": ["red", "blue"], "files": files}))
    return folder / f"{name}.json"


@pytest.fixture(scope="module")
def models(folder: Path) -> Path:
    return folder / "models"


@pytest.fixture(scope="module")
def open_web(folder: Path, broker: Mosquitto, store_url: str, models: Path, people: People) -> Iterator[Web]:
    """A web at which people sign in, with a folder of models."""
    with Web(folder, broker=broker.address, store=store_url, id="web-m", models=models, people=people.path) as process:
        yield process


@pytest.fixture
def archive(tmp_path: Path, models: Path) -> Iterator[Path]:
    made = pack(card_in(tmp_path / "source"), models)
    yield made
    made.unlink(missing_ok=True)


def test_what_was_published_is_listed_for_whoever_may_look_and_sent_by_admins_alone(
    open_web: Web, broker: Mosquitto, archive: Path
) -> None:
    digest = parse_file_name(archive.name)[1]  # type: ignore[index]
    stranger, vic, boss = client(open_web), enter(open_web, "vic"), enter(open_web, "boss")
    assert stranger.get("/api/models").status_code == 401
    (listed,) = vic.get("/api/models").json()["models"]
    assert (listed["name"], listed["sha256"], listed["size_bytes"]) == ("other", digest, archive.stat().st_size)
    with NodeLike(broker.address, "pi-m") as node:
        until(lambda: node.publish_health() or vic.get("/api/devices/pi-m").json().get("online"))
        for person, code in ((stranger, "web.signed_out"), (vic, "web.not_allowed")):
            assert code_of(person.post("/api/devices/pi-m/model", json={"model": "other"})) == code
            refused = person.post("/api/devices/pi-m/cmd/model", json={"args": {"sha256": digest}})
            assert code_of(refused) == code
        assert not [command for command in node.commands if command[0] == "model"]
        for name in ("other", digest):
            boss.post("/api/devices/pi-m/model", json={"model": name})
            args = until(lambda: [command for name, command in node.commands if name == "model"])[-1].args
            assert args == {
                "url": open_web.url + path_of(digest), "sha256": digest, "size": archive.stat().st_size,
                "name": "other",
            }  # fmt: skip
        boss.post("/api/devices/pi-m/model", json={"model": "other", "url": "https://elsewhere:8443/"})
        last = until(lambda: [command for _, command in node.commands if "elsewhere" in str(command.args.get("url"))])
        assert last[0].args["url"] == "https://elsewhere:8443" + path_of(digest)
    assert code_of(boss.post("/api/devices/pi-m/model", json={"model": "nobody"})) == "web.no_model"
    assert code_of(boss.post("/api/devices/nobody/model", json={"model": "other"})) == "node.unknown"
    assert code_of(boss.post("/api/devices/pi-m/model", json={"name": "other"})) == "web.bad_request"


def test_whoever_knows_the_digest_gets_the_archive_or_the_rest_of_it(open_web: Web, archive: Path) -> None:
    path, content = path_of(parse_file_name(archive.name)[1]), archive.read_bytes()  # type: ignore[index]
    stranger = client(open_web)
    answer = stranger.get(path)
    assert (answer.status_code, answer.content) == (200, content)
    assert answer.headers["Content-Length"] == str(len(content))
    assert "Content-Encoding" not in answer.headers
    rest = stranger.get(path, headers={"Range": "bytes=500-"})
    assert (rest.status_code, rest.content) == (206, content[500:])
    assert rest.headers["Content-Range"] == f"bytes 500-{len(content) - 1}/{len(content)}"
    assert stranger.get(path, headers={"Range": f"bytes={len(content)}-"}).status_code == 416
    assert stranger.post(path, json={}).status_code in (401, 405)


def test_nothing_else_is_given_away(open_web: Web, models: Path, tmp_path: Path, archive: Path) -> None:
    """Each of these leads to a file: beside the folder, in it under another name, or by a link."""
    (models / "secret.txt").write_text("a secret")
    (models.parent / "secret.txt").write_text("a secret")
    (tmp_path / "secret.txt").write_text("a secret")
    links = [models / f"link.{'b' * 64}.zip", models / f"folder.{'c' * 64}.zip"]
    links[0].symlink_to(tmp_path / "secret.txt")
    links[1].mkdir()
    digest = parse_file_name(archive.name)[1]  # type: ignore[index]
    asked = [
        "/models/secret.txt", "/models/../secret.txt", "/models/%2e%2e/secret.txt", "/models/..%2fsecret.txt",
        "/models/",
        f"/models/{'b' * 64}", f"/models/{'c' * 64}", f"/models/{digest.upper()}", f"/models/{digest[:-1]}",
        f"/models/{archive.name}", f"/models/{digest}/", f"/models/{digest}%00", "/models/*",
    ]  # fmt: skip
    for k, path in enumerate(asked):
        with client(open_web, address=f"127.0.1.{k + 1}") as stranger:
            answer = stranger.get(path)
            assert answer.status_code in (401, 404), path
            assert b"a secret" not in answer.content
    assert [one["name"] for one in enter(open_web, "vic").get("/api/models").json()["models"]] == ["other"]


def test_guessing_digests_is_slow_for_the_guesser_alone(open_web: Web, archive: Path) -> None:
    path = path_of(parse_file_name(archive.name)[1])  # type: ignore[index]
    with client(open_web, address="127.0.2.1") as guesser, client(open_web, address="127.0.2.2") as node:
        answers = [guesser.get(f"/models/{k:064x}").status_code for k in range(BURST + 5)]
        assert answers == [404] * BURST + [429] * 5
        refused = guesser.get(path)
        assert (refused.status_code, code_of(refused)) == (429, "web.too_many")
        assert int(refused.headers["Retry-After"]) >= 1
        assert node.get(path).status_code == 200


def test_only_so_many_are_fetched_at_once_and_whoever_stops_reading_gives_the_room_back(
    open_web: Web, tmp_path: Path, models: Path
) -> None:
    large = pack(card_in(tmp_path / "large", "large", padding=30_000_000), models)
    path = path_of(parse_file_name(large.name)[1])  # type: ignore[index]
    try:
        people = [client(open_web, address=f"127.0.3.{k + 1}") for k in range(AT_ONCE + 1)]
        begun = []
        for person in people[:-1]:
            answer = person.stream("GET", path)
            begun.append(answer)
            answer.__enter__()
        refused = people[-1].get(path)
        assert (refused.status_code, code_of(refused)) == (503, "web.busy")
        assert client(open_web).get("/health").status_code == 200
        for answer, person in zip(begun, people, strict=False):
            answer.__exit__(None, None, None)
            person.close()
        until(lambda: people[-1].get(path).status_code == 200, what="there is room again")
    finally:
        large.unlink()


def test_publish_packs_a_model_into_the_folder_of_the_web(tmp_path: Path) -> None:
    (tmp_path / "glassline.toml").write_text(f'[web]\nmodels = "{tmp_path}/served"\n')
    card = card_in(tmp_path / "source")

    def publish(*arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "workbench.main", "model", "publish", *arguments]
        env = os.environ | {"PYTHONPATH": str(ROOT)}
        return subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=tmp_path, env=env, check=False)

    done = publish(str(card))
    assert done.returncode == 0, done.stderr
    (made,) = (tmp_path / "served").iterdir()
    assert f"{sha256(made.read_bytes()).hexdigest()}  other" in done.stdout
    assert '/api/devices/pi-1/model  {"model": "other"}' in done.stdout
    missing = publish(str(tmp_path / "nobody.json"))
    assert missing.returncode == 1
    assert "there is no card at" in missing.stderr
    elsewhere = publish(str(card), "--into", str(tmp_path / "other"))
    assert elsewhere.returncode == 0
    assert len(list((tmp_path / "other").iterdir())) == 1


def test_from_publishing_to_detecting_over_tls_with_nothing_but_its_credentials(tmp_path: Path, people: People) -> None:
    """Broker, web and node under one CA of their own: an admin sends the model, the node fetches and proves it."""
    made = signed(tmp_path / "server")
    archive = pack(card_in(tmp_path / "source"), tmp_path / "models")
    roles = {"pi-1": Role.NODE, "web-1": Role.WEB}
    with embedded_broker(roles, certificate=made) as broker:
        for id, role in roles.items():
            credentials = Credentials(id, role, broker.tls_url, broker.passwords[id], ca=made.ca.read_text())
            write_credentials(tmp_path / f"{id}.toml", credentials)
        tls = Certificate(cert=made.cert, key=made.key, ca=made.ca)
        node = [
            sys.executable, "-m", "pi_node", "--camera=scene:?seed=11", f"--state-dir={tmp_path}/state",
            f"--credentials={tmp_path}/pi-1.toml",
        ]  # fmt: skip
        with (
            Web(
                tmp_path, broker="", credentials=tmp_path / "web-1.toml", tls=tls, people=people.path,
                models=tmp_path / "models",
            ) as web,
            Process(*node, log=tmp_path / "node.log"),
        ):  # fmt: skip
            boss = enter(web, "boss")

            def device() -> dict[str, object]:
                return boss.get("/api/devices/pi-1").json()

            def model() -> str:
                return ((device().get("info") or {}).get("model") or {}).get("name", "")

            until(lambda: model() == "glassline-n", timeout_s=60)
            answer = boss.post("/api/devices/pi-1/model", json={"model": "other"}).json()
            assert (answer["status"], answer["data"]) == ("ok", {"fetching": True})
            until(lambda: model() == "other", timeout_s=60)
            until(lambda: not device()["info"]["config"].get("on_probation"), timeout_s=60)  # type: ignore[index]
            assert "taken_back" not in device()["info"]["config"]  # type: ignore[index]
            assert device()["info"]["settings"]["model"] == parse_file_name(archive.name)[1]  # type: ignore[index]
            elsewhere = {"model": "other", "url": "http://192.0.2.1"}
            (tmp_path / "state" / "models" / parse_file_name(archive.name)[1]).rename(tmp_path / "gone")  # type: ignore[index]
            refused = boss.post("/api/devices/pi-1/model", json=elsewhere).json()
            assert refused["error"]["code"] == "model.refused"
            assert "HTTPS only" in refused["error"]["message"]
