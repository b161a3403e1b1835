"""The bench: it reads what WebSockets send, counts what arrives, and its contenders are what they claim to be."""

import json
import random
import signal
import socket
import subprocess
import sys
import threading
import time

import cv2
import numpy as np
import psutil
import pytest
from wsproto.extensions import PerMessageDeflate
from wsproto.frame_protocol import FrameProtocol, Opcode

from glassline.contract import from_unix
from glassline.contract.frames import embed_frame
from glassline.contract.messages import FrameMeta
from tests.support.embedded_broker import broker_process
from tests.support.waiting import until
from web.live.intake import read_picture
from web.live.wire import event_message, frame_message
from workbench.bench.child import BenchError, Child, free_port, python
from workbench.bench.pictures import pictures
from workbench.bench.reading import InflatingStream, ProtocolError, Stream
from workbench.bench.stage import delivery
from workbench.bench.viewers import connect


def bench(*arguments):
    return [sys.executable, "-m", "workbench.main", "bench", "live", *arguments]


def test_a_jpeg_of_planes_is_measured_against_one_that_was_converted_first():
    run = subprocess.run(
        [sys.executable, "-m", "workbench.main", "bench", "jpeg", "--rounds", "10", "--json"],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout)
    for figures in told["sizes"].values():
        assert 0 < figures["planes_ms"] < figures["converted_ms"]
        assert figures["ratio"] < 0.9
    assert set(told["sizes"]) == {"1280x720", "640x360"}
    assert told["bars"][0]["limit"] == 0.6


def picture(seq, size_bytes=50_000):
    meta = FrameMeta(ts=from_unix(time.time()), boot="00000000", seq=seq, image_wh=(640, 480))
    return embed_frame(pictures(1, size_bytes)[0], meta)


@pytest.fixture
def wire():
    """(what the server has, a viewer's stream): both ends of a TCP connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        server, _ = listener.accept()
    client.setblocking(False)
    with server, client:
        yield server, Stream(client)


def test_one_small_run_gives_every_figure():
    run = subprocess.run(
        bench("--viewers", "4", "--fps", "10", "--seconds", "1", "--rounds", "1", "--json"),
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    figures = json.loads(run.stdout)
    wanted = {"p50_ms", "p99_ms", "delivered_share", "web_cpu_s_per_1000", "broker_cpu_s_per_1000", "web_rss_mb"}
    assert wanted <= figures["ours"].keys()
    assert 0 < figures["ours"]["p50_ms"] <= figures["ours"]["p99_ms"] < 1000
    assert 0.7 < figures["ours"]["delivered_share"] <= 1
    assert 20 < figures["ours"]["web_rss_mb"] < 300
    for name in ("relay", "naive"):
        assert 0 < figures[name]["p99_ms"] < 1000
        assert figures[name]["cpu_s_per_1000"] > 0
        assert 0.7 < figures[name]["delivered_share"] <= 1


def command_line(process):
    """Empty for one that has just ended: of those that a bench starts, some only look at what the machine has."""
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []


def test_a_killed_bench_leaves_no_process():
    process = subprocess.Popen(bench("--viewers", "2", "--seconds", "60"), stderr=subprocess.DEVNULL)
    family = []

    def watched():
        family[:] = psutil.Process(process.pid).children(recursive=True)
        return any("workbench.bench.viewers" in command_line(one) for one in family)

    try:
        until(watched, 30, what=lambda: family)
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        _, alive = psutil.wait_procs(family, timeout=15)
        assert alive == []
    finally:
        for one in family:
            if one.is_running():
                one.kill()


def test_too_few_files_is_said_with_the_remedy():
    command = "ulimit -n 300; exec " + " ".join(bench("--viewers", "100"))
    run = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=30)
    assert run.returncode == 1
    assert "the system allows 300" in run.stderr
    assert "--viewers" in run.stderr


def test_a_part_that_dies_is_named_with_its_last_words(tmp_path):
    dying = "import sys; sys.exit('no such thing')"
    sentence = r"relay ended with code 1(.|\n)*no such thing"
    with (
        Child("relay", sys.executable, "-c", dying, folder=tmp_path) as child,
        pytest.raises(BenchError, match=sentence),
    ):
        child.wait_for_port(free_port())


def test_pictures_have_the_wanted_size_and_pass_the_web():
    for jpeg in pictures(3, 50_000):
        assert len(jpeg) == 50_000
        assert cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR).shape == (480, 640, 3)
    assert read_picture("pi-1", picture(7), 0.0).meta.seq == 7


def test_frames_are_counted_once_and_missing_ones_lower_the_share():
    wanted = {1: 10.0, 2: 20.0, 3: 30.0, 4: 40.0}
    latencies_s, shares = delivery([([1, 2, 3, 4], [10.1, 20.2, 30.1, 40.1]), ([2, 2, 9], [20.5, 20.5, 90.0])], wanted)
    assert shares == [1.0, 0.25]
    assert [round(one, 3) for one in latencies_s] == [0.1, 0.2, 0.1, 0.1, 0.5]


@pytest.mark.parametrize("seed", range(3))
def test_pictures_are_found_however_the_bytes_are_cut(wire, seed):
    server, stream = wire
    dice = random.Random(seed)
    messages = [event_message({"type": "device", "text": "x" * dice.choice([1, 200, 400, 90_000])}) for _ in range(10)]
    messages += [frame_message("pi-1", picture(seq, dice.choice([30_000, 80_000]))) for seq in range(1, 11)]
    dice.shuffle(messages)
    data = b"".join(messages)

    def send():
        at = 0
        while at < len(data):
            size = dice.choice([1, 3, 150, 5000, 70_000])
            server.sendall(data[at : at + size])
            at += size
        server.close()

    sender = threading.Thread(target=send)
    sender.start()
    while stream.open:
        stream.read()
    sender.join()
    assert sorted(stream.seqs) == list(range(1, 11))


def test_compressed_pictures_are_counted_as_browsers_get_them(wire):
    server, plain = wire
    stream = InflatingStream(plain.sock)
    deflate = PerMessageDeflate()
    deflate.accept("permessage-deflate; client_max_window_bits")
    protocol = FrameProtocol(client=False, extensions=[deflate])
    sizes = {seq: 30_000 + 997 * seq for seq in range(1, 9)}
    data = b"".join(bytes(protocol.send_data(b"\x04pi-1" + picture(seq, size))) for seq, size in sizes.items())
    sender = threading.Thread(target=lambda: (server.sendall(data), server.close()))
    sender.start()
    while stream.open:
        stream.read()
    sender.join()
    assert list(stream.seqs) == list(sizes)


def test_a_ping_is_answered_and_nonsense_is_an_error(wire):
    server, stream = wire
    server.sendall(bytes(FrameProtocol(client=False, extensions=[]).ping(b"hello")))
    time.sleep(0.1)
    stream.read()
    protocol = FrameProtocol(client=False, extensions=[])
    protocol.receive_bytes(server.recv(100))
    [pong] = protocol.received_frames()
    assert (pong.opcode, bytes(pong.payload)) == (Opcode.PONG, b"hello")
    server.sendall(b"HTTP/1.1 500\r\n\r\n")
    time.sleep(0.1)
    with pytest.raises(ProtocolError, match="expected a whole, unmasked message"):
        stream.read()


def test_the_relay_gives_a_slow_viewer_whole_pictures_and_delays_nobody(tmp_path):
    with broker_process() as broker:
        port = free_port()
        relay = Child("relay", *python("workbench.bench.relay", broker.url, port), folder=tmp_path)
        sender = python("workbench.bench.publisher", broker.url, "pi-1", 25, 100_000)
        with relay, Child("publisher", *sender, folder=tmp_path) as publisher:
            relay.wait_for_port(port)
            slow, quick = connect(port, "pi-1", 25), connect(port, "pi-1", 25)
            until_s = time.monotonic() + 6
            while time.monotonic() < until_s:
                quick.read()
                time.sleep(0.001)
            for _ in range(20_000):
                slow.read()
                quick.read()
            sent = publisher.result()["sent"]
    first = int(quick.seqs[0])
    assert len(set(quick.seqs)) >= 0.9 * len([seq for seq in sent if first <= int(seq) <= quick.seqs[-1]])
    assert 10 < len(slow.seqs) < len(quick.seqs)
    assert list(slow.seqs) == sorted(slow.seqs)
    assert slow.open
