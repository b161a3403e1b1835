"""Fetching a model over HTTP in every way it can go wrong; each time the former model stays."""

import contextlib
import socket
import ssl
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from glassline.contract.archives import MAX_ARCHIVE_BYTES, parse_file_name, path_of
from glassline.link import BrokerAddress
from glassline.link.access import Keys
from pi_node.config.in_force import Config
from pi_node.config.running import ConfigError
from pi_node.models import Fetching, Shelf, source_of
from pi_node.models import download as download_module
from pi_node.models import fetching as fetching_module
from pi_node.models import source as source_module
from pi_node.models.download import download
from pi_node.models.errors import BrokenOffError, FetchError
from pi_node.models.shelf import KEPT
from pi_node.settings import NodeSettings
from tests.pi_node.remote.test_remote_model import Server, packed
from tests.support.authority import signed
from tests.support.waiting import until

BROKER = BrokerAddress("127.0.0.1", 1883)
NOBODY = Keys((None,))


class AtOnce:
    """Stands for the probation of a running node: what is wanted is in force at once."""

    def __init__(self, config):
        self._config = config

    def change(self, wanted, *, labels=None):
        self._config.change(wanted, labels=labels)
        self._config.confirm()


class Node:
    """The parts of a node that have to do with models."""

    def __init__(self, folder):
        self.shelf = Shelf(folder / "state" / "models")
        self.config = Config(
            settings=NodeSettings(), path=folder / "state" / "config.json", models=lambda: ("", *self.shelf.names())
        )
        self.config.load()
        self.fetching = Fetching(
            shelf=self.shelf, config=self.config, probation=AtOnce(self.config),
            source=lambda url, digest: source_of(url, digest, broker=BROKER, keys=NOBODY),
        )  # fmt: skip

    @property
    def model(self):
        return self.config.running().model

    def left(self):
        """What lies in its folder of models."""
        return sorted(path.name for path in self.shelf.folder.iterdir()) if self.shelf.folder.exists() else []

    def fails(self, args):
        """Order it; what is said when it does not come."""
        self.fetching.order(args)
        until(lambda: (s := self.fetching.state) is not None and s.state == "failed", 20)
        assert self.fetching.reason() == "node.model_not_fetched"
        assert self.model == ""
        assert not self.shelf.names()
        return self.fetching.state.why


@pytest.fixture
def a_node(tmp_path):
    made = Node(tmp_path)
    yield made
    made.fetching.stop()


@pytest.fixture
def archive(tmp_path):
    return packed(tmp_path)


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    monkeypatch.setattr(fetching_module, "RETRY_S", (0.05,) * 3)


def comes(a_node, args):
    a_node.fetching.order(args)
    return until(lambda: a_node.model == args["sha256"], 20)


def broken_off_each(count):
    """Sends some bytes more each time, and hangs up."""

    def answer(handler, content):
        begin = int((handler.headers["Range"] or "bytes=0-")[6:-1])
        handler.send_response(206 if begin else 200)
        if begin:
            handler.send_header("Content-Range", f"bytes {begin}-{len(content) - 1}/{len(content)}")
        handler.send_header("Content-Length", str(len(content) - begin))
        handler.end_headers()
        handler.wfile.write(content[begin : begin + count])
        handler.close_connection = True

    return answer


def test_what_breaks_off_is_gone_on_with_until_all_is_there(a_node, archive):
    content = archive.read_bytes()
    with Server(content, broken_off_each(300)) as server:
        assert comes(a_node, server.args(archive))
        assert [ask[1] for ask in server.asked] == [None, *(f"bytes={k}-" for k in range(300, len(content), 300))]
    assert a_node.left() == [server.args(archive)["sha256"]]
    assert a_node.fetching.state is None


def test_what_an_earlier_run_has_fetched_is_not_fetched_again(a_node, archive):
    with Server(archive.read_bytes()) as server:
        args = server.args(archive)
        a_node.shelf.folder.mkdir(parents=True)
        a_node.shelf.part(args["sha256"]).write_bytes(archive.read_bytes()[:500])
        (a_node.shelf.folder / f"{'1' * 64}.part").write_bytes(b"of another")
        (a_node.shelf.folder / f"{'2' * 64}.new").mkdir()
        assert comes(a_node, args)
        assert server.asked == [(path_of(args["sha256"]), "bytes=500-")]
    assert a_node.left() == [args["sha256"]]


def test_a_start_removes_what_is_half_unpacked_and_keeps_what_was_fetched(a_node):
    a_node.shelf.folder.mkdir(parents=True)
    (a_node.shelf.folder / f"{'2' * 64}.new").mkdir()
    a_node.shelf.part("1" * 64).write_bytes(b"some")
    (a_node.shelf.folder / ("3" * 64)).mkdir()
    a_node.fetching.start()
    assert a_node.left() == [f"{'1' * 64}.part", "3" * 64]


def test_bytes_left_by_an_earlier_run_that_are_not_of_this_model_are_found_out(a_node, archive):
    with Server(archive.read_bytes()) as server:
        args = server.args(archive)
        a_node.shelf.folder.mkdir(parents=True)
        a_node.shelf.part(args["sha256"]).write_bytes(b"x" * 500)
        assert "has the digest" in a_node.fails(args)
        assert a_node.left() == []
        assert comes(a_node, args)


def test_a_web_that_ignores_where_to_go_on_sends_all_of_it(a_node, archive):
    def from_the_beginning(handler, content):
        del handler.headers["Range"]
        Server.well(handler, content)

    with Server(archive.read_bytes(), from_the_beginning) as server:
        args = server.args(archive)
        a_node.shelf.folder.mkdir(parents=True)
        a_node.shelf.part(args["sha256"]).write_bytes(b"x" * 500)
        assert comes(a_node, args)


def status(code, *, headers=(), body=b""):
    def answer(handler, content):
        handler.send_response(code)
        for name, value in headers:
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def of_length(said, body=None):
    def answer(handler, content):
        handler.send_response(200)
        if said is not None:
            handler.send_header("Content-Length", str(said(len(content))))
        handler.end_headers()
        handler.wfile.write(content if body is None else body(content))
        handler.close_connection = True

    return answer


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (status(404), "no such model: publish it"),
        (status(403), "HTTP 403"),
        (status(200, body=b"<html>"), "says it sends 6 bytes"),
        (status(503), "HTTP 503"),
        (status(206, headers=[("Content-Range", "bytes 5-9/10")]), "HTTP 206"),
        (of_length(lambda size: size + 1), "says it sends"),
        (of_length(lambda size: size - 1), "says it sends"),
        (of_length(lambda size: 10**15), "says it sends 1000000000000000"),
        (of_length(None), "nobody knows how many"),
        (of_length(lambda size: size, lambda content: b"x" * len(content)), "has the digest"),
        (of_length(lambda size: size, lambda content: content[:-1] + b"x"), "has the digest"),
        (status(200, headers=[("Content-Encoding", "gzip")]), "packed"),
        (lambda handler, content: handler.wfile.write(b"SSH-2.0-OpenSSH\r\n"), "gives no answer"),
        (lambda handler, content: handler.connection.shutdown(socket.SHUT_RDWR), "gives no answer"),
    ],
)
def test_whatever_a_web_answers_the_model_comes_as_it_is_or_not_at_all(a_node, archive, answer, says):
    with Server(archive.read_bytes(), answer) as server:
        assert says in a_node.fails(server.args(archive))
    assert [name for name in a_node.left() if not name.endswith(".part")] == []


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_it_does_not_go_where_it_is_sent(a_node, archive, code):
    with Server(archive.read_bytes()) as elsewhere:
        to = f"http://127.0.0.1:{elsewhere.port}{path_of(elsewhere.args(archive)['sha256'])}"
        with Server(archive.read_bytes(), status(code, headers=[("Location", to)])) as server:
            assert "sends the node elsewhere" in a_node.fails(server.args(archive))
        assert elsewhere.asked == []


def test_nobody_there_is_said_and_asked_again(a_node, archive):
    with Server(archive.read_bytes()) as server:
        args = server.args(archive)
    assert "gives no answer: Connection refused" in a_node.fails(args)


def test_what_is_sent_drop_by_drop_has_stalled(tmp_path, archive):
    """16 kbit/s are the least; the clock of the test goes a hundred times as fast."""
    content = archive.read_bytes()

    def dripping(handler, content):
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        for byte in content:
            handler.wfile.write(bytes([byte]))
            handler.wfile.flush()
            time.sleep(0.01)

    with Server(content, dripping) as server:
        source = source_of(server.args(archive)["url"], server.args(archive)["sha256"], broker=BROKER, keys=NOBODY)
        began_s = time.monotonic()
        with pytest.raises(BrokenOffError, match="has stalled"):
            download(
                source, tmp_path / "part", size_bytes=len(content), progress=lambda _: None,
                clock=lambda: time.monotonic() * 100,
            )  # fmt: skip
        assert time.monotonic() - began_s < 5
    kept = (tmp_path / "part").read_bytes()
    assert kept == content[: len(kept)] != b""


def test_a_head_that_is_sent_drop_by_drop_is_not_waited_for(tmp_path, archive, monkeypatch):
    def dripping(handler, content):
        for k in range(1000):
            try:
                handler.wfile.write(f"X-{k}: y\r\n".encode() if k else b"HTTP/1.1 200 OK\r\n")
            except OSError:
                return
            time.sleep(0.05)

    monkeypatch.setattr(download_module, "HEAD_S", 0.5)
    with Server(b"", dripping) as server:
        source = source_of(server.args(archive)["url"], server.args(archive)["sha256"], broker=BROKER, keys=NOBODY)
        began_s = time.monotonic()
        with pytest.raises(BrokenOffError, match="gives no answer"):
            download(source, tmp_path / "part", size_bytes=100, progress=lambda _: None)
        assert time.monotonic() - began_s < 5


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"size": 0}, "model.invalid"),
        ({"size": MAX_ARCHIVE_BYTES + 1}, "model.invalid"),
        ({"size": 10.5}, "model.invalid"),
        ({"sha256": "x" * 64}, "model.invalid"),
        ({"sha256": "../../etc/passwd"}, "model.invalid"),
        ({"path": "/"}, "model.invalid"),
        ({"url": 7}, "model.invalid"),
        ({"url": "file:///etc/shadow"}, "model.refused"),
        ({"url": "http://127.0.0.1/other"}, "model.refused"),
    ],
)
def test_an_order_that_makes_no_sense_is_refused_at_once(a_node, archive, wrong, code):
    with Server(archive.read_bytes()) as server, pytest.raises(ConfigError) as refused:
        a_node.fetching.order(server.args(archive) | wrong)
    assert refused.value.code == code
    assert server.asked == []
    assert a_node.left() == []


def test_one_model_at_a_time(a_node, archive):
    go = threading.Event()

    def late(handler, content):
        go.wait(20)
        Server.well(handler, content)

    with Server(archive.read_bytes(), late) as server:
        args = server.args(archive)
        assert a_node.fetching.order(args) == {"fetching": True}
        until(lambda: a_node.fetching.state)
        assert a_node.fetching.order(args) == {"fetching": True}
        other = args | {"sha256": "0" * 64, "url": args["url"].replace(args["sha256"], "0" * 64)}
        with pytest.raises(ConfigError, match="another model") as refused:
            a_node.fetching.order(other)
        assert refused.value.code == "model.busy"
        go.set()
        until(lambda: a_node.model == args["sha256"])
        assert len(server.asked) == 1


def test_where_there_is_no_room_nothing_is_fetched(a_node, archive, monkeypatch):
    monkeypatch.setattr(fetching_module, "DISK_FULL_MB", 10**9)
    with Server(archive.read_bytes()) as server, pytest.raises(ConfigError, match="MB free") as refused:
        a_node.fetching.order(server.args(archive))
    assert refused.value.code == "model.no_room"
    assert server.asked == []


def test_the_oldest_models_go_and_never_the_one_in_force(a_node, tmp_path):
    digests = []
    for k in range(KEPT + 3):
        archive = packed(tmp_path, padding=k + 1)
        with Server(archive.read_bytes()) as server:
            assert comes(a_node, server.args(archive))
        digests.append(parse_file_name(archive.name)[1])
        if k == 0:
            a_node.config.change({"model": ""})
            a_node.config.confirm()
    assert a_node.shelf.names() == digests[-KEPT:]
    a_node.config.change({"model": digests[-KEPT]})
    a_node.config.confirm()
    archive = packed(tmp_path, padding=99)
    with Server(archive.read_bytes()) as server:
        assert comes(a_node, server.args(archive))
    assert set(a_node.shelf.names()) == {digests[-KEPT], digests[-1], parse_file_name(archive.name)[1]}


def test_a_node_that_ends_ends_at_once(a_node, archive):
    def never(handler, content):
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        time.sleep(20)

    with Server(archive.read_bytes(), never) as server:
        a_node.fetching.order(server.args(archive))
        until(lambda: server.asked)
        began_s = time.monotonic()
        a_node.fetching.stop()
        assert time.monotonic() - began_s < 2


# -- from where -------------------------------------------------------------------------------------------------

DIGEST = "a" * 64
PATH = path_of(DIGEST)


@pytest.mark.parametrize(
    ("url", "broker"),
    [
        (f"http://127.0.0.1:5000{PATH}", "mqtt://127.0.0.1"),
        (f"http://[::1]:5000{PATH}", "mqtts://localhost"),
        (f"http://server:5000{PATH}", "mqtt://server:1883"),
        (f"https://server{PATH}", "mqtts://server:8883"),
        (f"https://server:5000/glass{PATH}", "mqtt://server"),
    ],
)
def test_the_web_beside_the_broker_may_be_asked(url, broker):
    source = source_of(url, DIGEST, broker=BrokerAddress.parse(broker), keys=NOBODY)
    assert source.host in url
    assert url.endswith(source.path)
    assert (source.tls is None) == url.startswith("http:")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        (f"http://elsewhere{PATH}", "HTTPS only"),
        (f"http://server{PATH}", "HTTPS only"),
        (f"http://169.254.169.254{PATH}", "HTTPS only"),
        (f"http://127.0.0.1:6379{PATH}", "HTTPS only"),
        (f"http://localhost:6379{PATH}", "HTTPS only"),
        (f"https://elsewhere{PATH}", "no CA of one's own"),
        (f"https://server@elsewhere{PATH}", "without password"),
        (f"https://server\\@elsewhere{PATH}", "without password|expected"),
        ("https://server/api/devices", "expected an address that ends"),
        (f"https://server{path_of('b' * 64)}", "expected an address that ends"),
        (f"https://server/?x={PATH}", "without password, query"),
        (f"https://server{PATH}#x", "without password, query"),
        (f"https://server:0{PATH}", "without password"),
        (f"https://server:99999{PATH}", "expected an address like"),
        (f"https://{PATH}", "expected"),
        (f"ftp://server{PATH}", "without password"),
        (f"file://{PATH}", "expected"),
        (f"https://server\r\nX: y{PATH}", "expected an address like"),
        (f"https://server/\n{PATH}", "expected an address like"),
        (f"https://sérver{PATH}", "expected an address like"),
        ("", "expected"),
        ("https://[::1", "expected"),
        (f"https://{'x' * 2000}{PATH}", "expected"),
    ],
)
def test_nobody_else_is_asked(url, says):
    with pytest.raises(FetchError, match=says) as refused:
        source_of(url, DIGEST, broker=BrokerAddress.parse("mqtts://server"), keys=NOBODY)
    assert len(str(refused.value)) < 300


def test_with_a_ca_of_ones_own_its_certificate_is_what_counts(tmp_path, archive, monkeypatch):
    """Not the host's name: whoever has such a certificate is ours."""
    monkeypatch.setattr(download_module, "PATIENCE_S", 0.1)
    ours, others = signed(tmp_path / "ours"), signed(tmp_path / "others")
    digest = parse_file_name(archive.name)[1]
    for made, comes_through in ((ours, True), (others, False)):
        server = ThreadingHTTPServer(("127.0.0.1", 0), _Gives)
        server.content = archive.read_bytes()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(made.cert, made.key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"https://127.0.0.1:{server.server_port}{path_of(digest)}"
        source = source_of(url, digest, broker=BrokerAddress("server", 8883, True), keys=Keys((), ca_file=str(ours.ca)))
        target = tmp_path / f"part-{comes_through}"
        try:
            if comes_through:
                download(source, target, size_bytes=archive.stat().st_size, progress=lambda _: None)
                assert target.read_bytes() == archive.read_bytes()
            else:
                with pytest.raises(FetchError, match="does not prove to be a web of this node's CA"):
                    download(source, target, size_bytes=archive.stat().st_size, progress=lambda _: None)
        finally:
            server.shutdown()
            server.server_close()


def test_whoever_orders_a_model_does_not_learn_what_listens_on_other_hosts(tmp_path, monkeypatch, caplog):
    """Neither by what is said nor by when."""
    monkeypatch.setattr(download_module, "PATIENCE_S", 1.0)
    monkeypatch.setattr(source_module, "PATIENCE_S", 1.0)
    ours, others = signed(tmp_path / "ours"), signed(tmp_path / "others")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(others.cert, others.key)
    with socket.create_server(("127.0.0.1", 0)) as refusing:
        closed = refusing.getsockname()[1]
    with (
        Server(b"") as plain,
        socket.create_server(("127.0.0.1", 0)) as silent,
        context.wrap_socket(socket.create_server(("127.0.0.1", 0)), server_side=True) as foreign,
    ):
        threading.Thread(target=_shake_hands, args=(foreign,), daemon=True).start()
        said, took_s = set(), []
        for port in (closed, plain.port, silent.getsockname()[1], foreign.getsockname()[1]):
            url = f"https://127.0.0.1:{port}{PATH}"
            keys = Keys((), ca_file=str(ours.ca))
            source = source_of(url, DIGEST, broker=BrokerAddress("server", 8883, True), keys=keys)
            began_s = time.monotonic()
            with pytest.raises(BrokenOffError) as refused:
                download(source, tmp_path / "part", size_bytes=100, progress=lambda _: None)
            took_s.append(time.monotonic() - began_s)
            said.add(str(refused.value).replace(str(port), "PORT"))
    assert len(said) == 1
    assert min(took_s) >= 0.99
    assert max(took_s) < 1.5
    assert "Connection refused" in caplog.text
    assert "signed by none that is trusted" in caplog.text


def _shake_hands(listening):
    with contextlib.suppress(OSError):
        listening.accept()


class _Gives(BaseHTTPRequestHandler):
    def do_GET(self):
        Server.well(self, self.server.content)

    def log_message(self, *args):
        pass


IN_A_SMALL_DISK = """
import subprocess, sys, threading
from pathlib import Path
import pi_node.models.fetching
from tests.pi_node.models.test_fetching import Node, Server, packed, until

disk = Path(sys.argv[1])
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "glass", disk], check=True)
pi_node.models.fetching.DISK_FULL_MB = 0
archive = packed(Path(sys.argv[2]), padding=3_000_000)
half, go = threading.Event(), threading.Event()

def in_two_halves(handler, content):
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content[:1_000_000])
    half.set()
    go.wait(20)
    handler.wfile.write(content[1_000_000:])

with Server(archive.read_bytes(), in_two_halves) as server:
    node = Node(disk)
    node.config.change({"live_fps": 3})
    node.fetching.order(server.args(archive))
    half.wait(20)
    with open(disk / "filler", "wb", buffering=0) as filler:
        try:
            while filler.write(bytes(4096)):
                pass
        except OSError:
            pass
    go.set()
    until(lambda: node.fetching.state.state == "failed")
    print("full:", node.fetching.state.why)
    print("left:", node.left(), repr(node.model), node.config.running().live_fps)
    (disk / "filler").unlink()
    node.fetching.order(server.args(archive))
    until(lambda: node.model)
    print("freed:", node.left() == [node.model])
"""


def test_a_disk_that_fills_up_meanwhile_leaves_the_former_model_and_no_half_one(tmp_path):
    (tmp_path / "disk").mkdir()
    namespace = ["unshare", "--map-root-user", "--mount"]
    if subprocess.run([*namespace, "true"], capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk needs root or user namespaces (unshare)")
    run = subprocess.run(
        [*namespace, sys.executable, "-c", IN_A_SMALL_DISK, str(tmp_path / "disk"), str(tmp_path)],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    said = run.stdout.splitlines()
    assert said == [
        "full: it cannot be kept on the node's disk: No space left on device", "left: [] '' 3.0", "freed: True",
    ], run.stderr  # fmt: skip
