"""A model sent to a running node: fetched, in force on probation, and taken back where it does not work."""

import json
import re
import shutil
import signal
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from glassline.contract.archives import parse_file_name, path_of
from glassline.contract.messages import Health
from glassline.vision.archive import pack
from glassline.vision.files import find_model
from tests.pi_node.remote.test_remote_config import config, decided, info, order, works
from tests.pi_node.test_node import embedded, listener, newest, node, until

__all__ = ["embedded"]
FIXTURES = Path(__file__).parents[2] / "vision" / "fixtures"


FILES = {"other": "detect.onnx", "hanging": "hanging.onnx", "crashing": "crashing_ncnn_model"}


def packed(folder, *, name="other", content=None, padding=0):
    """An archive of a small model of the tests, or of one with this content; `padding` bytes make it large."""
    source = folder / "source"
    shutil.rmtree(source, ignore_errors=True)
    source.mkdir()
    fixture = FIXTURES / FILES[name]
    target = source / (f"{name}_ncnn_model" if fixture.is_dir() else f"{name}.onnx")
    if fixture.is_dir():
        shutil.copytree(fixture, target)
    else:
        target.write_bytes(content if content is not None else fixture.read_bytes())
    files = [target.name]
    if padding:
        files.append(f"{name}_ncnn_model")
        shutil.copytree(FIXTURES / "detect_ncnn_model", source / files[1])
        (source / files[1] / "padding").write_bytes(bytes(padding))
    card = {"labels": ["red", "blue"], "files": {file: find_model(source / file).sha256() for file in files}}
    (source / f"{name}.json").write_text(json.dumps(card))
    return pack(source / f"{name}.json", folder / "models")


class Server:
    """A web that may be as bad as it likes: `answer(handler)` says what it does."""

    def __init__(self, content, answer=None):
        asked = self.asked = []

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                asked.append((self.path, self.headers.get("Range")))
                (answer or Server.well)(self, content)

            def log_message(self, *args):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        self.port = self._server.server_port

    @staticmethod
    def well(handler, content):
        begin = int(re.fullmatch(r"bytes=(\d+)-", handler.headers["Range"])[1]) if handler.headers["Range"] else 0
        handler.send_response(206 if begin else 200)
        if begin:
            handler.send_header("Content-Range", f"bytes {begin}-{len(content) - 1}/{len(content)}")
        handler.send_header("Content-Length", str(len(content) - begin))
        handler.end_headers()
        handler.wfile.write(content[begin:])

    def args(self, archive, **more):
        name, digest = parse_file_name(archive.name)
        url = f"http://127.0.0.1:{self.port}{path_of(digest)}"
        return {"url": url, "sha256": digest, "size": archive.stat().st_size, "name": name} | more

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._server.shutdown()
        self._server.server_close()


def model_of(heard):
    """What detects now; None while one is loaded."""
    model = info(heard).model
    return model.name if model is not None else None


def shelf(tmp_path):
    folder = tmp_path / "state" / "models"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_a_model_is_fetched_put_in_force_proven_and_kept_over_a_restart(tmp_path, embedded):
    archive = packed(tmp_path)
    digest = parse_file_name(archive.name)[1]
    with listener(embedded) as heard, Server(archive.read_bytes()) as server:
        with node(tmp_path, broker=embedded):
            assert works(heard)
            assert order(heard, "model", server.args(archive)).data == {"fetching": True}
            until(lambda: info(heard).config.on_probation == ["model"], 30)
            until(lambda: model_of(heard) == "other", 30)
            assert decided(heard)
            assert info(heard).config.taken_back is None
            assert info(heard).settings["model"] == digest
            assert info(heard).model.labels == ["red", "blue"]
            assert [(one.name, one.sha256) for one in info(heard).config.models] == [("other", digest)]
            assert works(heard)
            again = order(heard, "model", server.args(archive))
            assert again.data == {"fetching": False, "on_probation": []}
            assert config(heard, model="").data["on_probation"] == ["model"]
            assert decided(heard)
            assert model_of(heard) == "glassline-n"
            assert config(heard, model=digest).data["on_probation"] == ["model"]
            assert decided(heard)
        assert len(server.asked) == 1
        heard.messages.clear()
        with node(tmp_path, broker=embedded):
            until(lambda: info(heard) and model_of(heard) == "other", 30)
    assert shelf(tmp_path) == [digest]


def test_a_model_that_cannot_be_loaded_is_taken_back_and_the_former_one_detects_again(tmp_path, embedded):
    archive = packed(tmp_path, content=b"this is no network")
    with listener(embedded) as heard, Server(archive.read_bytes()) as server, node(tmp_path, broker=embedded):
        assert works(heard)
        order(heard, "model", server.args(archive))
        until(lambda: info(heard).config.taken_back, 60)
        back = info(heard).config.taken_back
        assert back.settings == {"model": parse_file_name(archive.name)[1]}
        assert "detector.model_broken" in back.why
        assert "is not a model that onnxruntime can load" in back.why
        detected = newest(heard, "health", Health).frames.detected
        until(lambda: newest(heard, "health", Health).frames.detected > detected + 20, 30)
        assert model_of(heard) == "glassline-n"
        until(lambda: newest(heard, "health", Health).reasons == ["node.config_taken_back"], 30)


@contextmanager
def kept_running(folder, *, broker):
    """A node that is started again whenever it ends, as systemd does; gives the codes it ended with."""
    told_to_end, codes = threading.Event(), []

    def run():
        while not told_to_end.is_set():
            with node(folder, broker=broker) as process:
                while process.poll() is None and not told_to_end.wait(0.05):
                    pass
            codes.append(process.returncode)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield codes
    finally:
        told_to_end.set()
        thread.join(30)


@pytest.mark.parametrize(("model", "code"), [("crashing", -signal.SIGSEGV), ("hanging", 75)])
def test_a_model_that_takes_the_process_along_is_taken_back_by_the_next(tmp_path, embedded, model, code):
    """ncnn reads beyond its memory at the first picture; ONNX Runtime never comes back from the first with glass."""
    archive = packed(tmp_path, name=model)
    with (
        listener(embedded) as heard,
        Server(archive.read_bytes()) as server,
        kept_running(tmp_path, broker=embedded) as codes,
    ):
        assert works(heard)
        boot = info(heard).boot
        order(heard, "model", server.args(archive))
        until(lambda: codes, 90)
        assert codes == [code]
        until(lambda: info(heard).boot != boot and info(heard).config.taken_back, 60)
        assert info(heard).config.taken_back.settings == {"model": parse_file_name(archive.name)[1]}
        assert ("detector.stuck" if model == "hanging" else "it crashed with it") in info(heard).config.taken_back.why
        until(lambda: model_of(heard) == "glassline-n", 60)
        until(lambda: newest(heard, "health", Health).frames.detected > 20, 60)
        assert "node.config_taken_back" in newest(heard, "health", Health).reasons
        assert codes == [code]


def test_kill_9_while_it_is_fetched_unpacked_or_on_probation_leaves_the_former_model_or_the_whole_new_one(
    tmp_path, embedded
):
    archive = packed(tmp_path, padding=60_000_000)
    digest = parse_file_name(archive.name)[1]
    content, slowly = archive.read_bytes(), threading.Event()

    def answer(handler, content):
        if slowly.is_set():
            Server.well(handler, content)
            return
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content[:1_000_000])
        slowly.wait(60)

    state = tmp_path / "state" / "models"
    phases = {
        "fetching": lambda heard: (state / f"{digest}.part").exists() and newest(heard, "health", Health).model_fetch,
        "unpacking": lambda heard: (state / f"{digest}.new").exists(),
        "probation": lambda heard: info(heard).config.on_probation == ["model"],
    }
    with listener(embedded) as heard, Server(content, answer) as server:
        for phase, is_reached in phases.items():
            heard.messages.clear()
            with node(tmp_path, broker=embedded) as process:
                assert works(heard), phase
                assert model_of(heard) == "glassline-n"
                order(heard, "model", server.args(archive))
                until(lambda is_reached=is_reached: is_reached(heard), 60, what=phase)
                process.kill()
                process.wait(10)
            slowly.set()
        assert server.asked[1] == (path_of(digest), "bytes=1000000-")
        assert len(server.asked) == 2
        heard.messages.clear()
        with node(tmp_path, broker=embedded):
            until(lambda: info(heard) and model_of(heard) == "glassline-n", 60)
            assert info(heard).config.taken_back.settings == {"model": digest}
            assert shelf(tmp_path) == [digest]
            assert order(heard, "model", server.args(archive)).data["on_probation"] == ["model"]
            assert decided(heard)
            assert model_of(heard) == "other"
    assert len(server.asked) == 2
