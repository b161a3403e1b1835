"""`python -m web` as a program: how it starts, what it refuses, how it ends, and what it does on its own."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psutil
import pytest

from tests.support.waiting import until

from .clients import Page
from .processes import ROOT, Mosquitto, Web, runs
from .publishers import NodeLike


def _run(*flags: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "web", *flags], cwd=ROOT, capture_output=True, text=True, timeout=30, check=False
    )


def test_without_a_broker_address_the_page_works_and_says_so(tmp_path: Path) -> None:
    with Web(tmp_path, broker="", store=f"sqlite:{tmp_path}/g.db") as web:
        health = web.get("/health")
        assert health["ok"] is True
        assert health["broker"]["code"] == "broker.address_unset"
        assert "--broker" in health["broker"]["sentence"]
        assert "Glassline" in web.http.get("/").text
        assert web.get("/api/devices")["devices"] == []


def test_while_the_broker_is_down_the_page_works_and_goes_on_when_it_is_back(tmp_path: Path) -> None:
    with Mosquitto(tmp_path) as broker, Web(tmp_path, broker=broker.address) as web, NodeLike(broker.address) as node:
        node.keep_healthy()
        until(lambda: web.http.get("/api/devices/pi-1").json().get("online"))
        broker.stop(signal.SIGKILL)
        device = until(lambda: not (d := web.get("/api/devices/pi-1"))["online"] and d)
        assert device["code"] in ("broker.connection_lost", "broker.connection_refused")
        chain = web.get("/api/devices/pi-1/chain")
        assert chain["first_cause"]["hop"] == "broker"
        with Mosquitto(tmp_path, port=broker.port):
            until(lambda: web.get("/health")["broker"]["connected"], timeout_s=30)
            until(lambda: web.get("/api/devices/pi-1")["status"] == "online", timeout_s=30)


def test_without_the_store_lists_say_so_and_live_goes_on(tmp_path: Path) -> None:
    (tmp_path / "folder.db").mkdir()
    with (
        Mosquitto(tmp_path) as broker,
        Web(tmp_path, broker=broker.address, store=f"sqlite:{tmp_path}/folder.db") as web,
        NodeLike(broker.address) as node,
        Page(web, "pi-1") as page,
    ):
        answer = web.http.get("/api/defects")
        assert answer.status_code == 503
        assert answer.json()["error"]["code"] == "store.down"
        assert web.get("/health")["store"]["ok"] is False
        until(lambda: node.leases)
        sent = node.publish_frame()
        until(lambda: page.pictures and page.pictures[-1].jpeg == sent)
        detection = node.detection()
        node.publish_detection(detection)
        until(lambda: page.of("detection"))
        assert web.get("/api/defects/unconfirmed")["defects"][0]["event_id"] == detection.event_id


def test_a_taken_port_is_named_with_its_owner_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = _run("--http-port", str(port))
    assert ended.returncode == 1
    [line] = ended.stderr.strip().splitlines()
    assert f"port {port} is taken by" in line
    assert "http_port" in line
    assert str(psutil.Process().pid) in line


@pytest.mark.alone
def test_sigterm_ends_it_within_3_s_with_pages_open(tmp_path: Path) -> None:
    with (
        Mosquitto(tmp_path) as broker,
        NodeLike(broker.address) as node,
        Web(tmp_path, broker=broker.address, store=f"sqlite:{tmp_path}/g.db") as web,
    ):
        pages = [Page(web, "pi-1") for _ in range(5)]
        node.stream(10)
        until(lambda: all(page.pictures for page in pages))
        kept = httpx.Client(base_url=web.url)
        kept.get("/health")
        workers = web.workers()
        assert len(workers) == 1
        assert web.stop() < 3
        assert web.child.returncode == 0
        assert not any(runs(pid) for pid in workers)
        for page in pages:
            page._thread.join(5)
            assert page.ws.close_code == 1001
        kept.close()
        assert "Traceback" not in web.text()


def test_kill_9_leaves_no_worker_and_the_port_is_free_at_once(tmp_path: Path) -> None:
    with Web(tmp_path, broker="") as web, Page(web):
        workers = web.workers()
        web.child.kill()
        web.child.wait(5)
        began_s = time.monotonic()
        with Web(tmp_path, broker="", port=web.port):
            assert time.monotonic() - began_s < 10
            assert not any(runs(pid) for pid in workers)


def test_frames_are_logged_in_and_out_when_asked(tmp_path: Path) -> None:
    with (
        Mosquitto(tmp_path) as broker,
        Web(tmp_path, broker=broker.address, env={"GLASS_DEBUG_FRAMES": "1"}) as web,
        NodeLike(broker.address) as node,
        Page(web, "pi-1") as page,
    ):
        until(lambda: node.leases)
        sent = node.publish_frame()
        until(lambda: page.pictures)
        text = until(lambda: "frame out" in web.text() and web.text())
        assert f"frame in pi-1 seq {node.number} {len(sent)} bytes" in text
        assert f"frame out to 1 pi-1 seq {node.number}" in text


def test_it_speaks_of_itself_on_the_wire_without_its_secrets(tmp_path: Path) -> None:
    with Mosquitto(tmp_path) as broker:
        secret = tmp_path / "password"
        secret.write_text("hunter2\n")
        secret.chmod(0o600)
        with Web(tmp_path, broker=broker.address, password_file=str(secret)) as web:
            me = until(lambda: (d := web.http.get("/api/devices/web-1").json()).get("online") and d, timeout_s=10)
            assert me["role"] == "web"
            assert me["health"]["state"] in ("ok", "degraded")
            assert "hunter2" not in str(me)
            assert "password_file" not in str(me)


def test_the_app_is_made_without_connecting_to_anything() -> None:
    script = (
        "import socket, threading\n"
        "def refuse(*a, **k): raise AssertionError('connects')\n"
        "socket.socket.connect = refuse\n"
        "from web.app import create_app\nfrom web.services import Services\nfrom web.settings import WebSettings\n"
        "app = create_app(services=Services(settings=WebSettings(broker='mqtt://127.0.0.1:1')))\n"
        "assert threading.active_count() == 1, threading.enumerate()\n"
        "print(app.test_client().get('/health', headers={'Host': 'localhost'}).json['ok'])\n"
    )
    ended = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.stdout.strip() == "True", ended.stderr
