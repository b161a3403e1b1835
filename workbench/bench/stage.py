"""One contender on the stage: broker, publisher, contender and viewers as processes, and what they cost meanwhile."""

import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import numpy as np

from .child import MOSQUITTO, BenchError, Child, free_port, program, python
from .meter import cpu_s, machine_cpu_s, rss_mb

Contender = Literal["ours", "relay", "naive"]
CONTENDERS: tuple[Contender, ...] = ("ours", "relay", "naive")
BrokerKind = Literal["embedded", "mosquitto"]
NODE = "pi-1"
WEB_THREADS = 400
SPARE_THREADS = 20
READY_S = 90.0
WARM_UP_S = 3.0
GRACE_S = 1.0
"""A frame that comes later than this after the end was not delivered."""
SAMPLE_S = 0.5


@dataclass(frozen=True, kw_only=True)
class Load:
    """What is asked of every contender."""

    viewers: int
    fps: float
    seconds: float
    size_bytes: int
    broker: BrokerKind = "embedded"
    compression: bool = True
    """Whether the viewers offer to take compressed messages, as every browser does."""

    @property
    def threads(self) -> int:
        """The web's default, or as many as the viewers need."""
        return max(WEB_THREADS, self.viewers + SPARE_THREADS)


@dataclass(frozen=True, kw_only=True)
class Figures:
    """One contender in one round. Latency is from capture to the last byte at a viewer, of frames that arrived."""

    p50_ms: float
    p99_ms: float
    delivered_share: float
    """Of the worst viewer."""
    mean_share: float
    published_fps: float
    cpu_s_per_1000: float
    """CPU seconds of the contender per 1000 delivered frames (frame times viewer)."""
    broker_cpu_s_per_1000: float
    rss_mb: float
    viewers_cpu_share: float
    """Of one core."""
    foreign_cpu_share: float
    """What the machine did besides, as a share of one core."""


def measure(contender: Contender, load: Load) -> Figures:
    """Start everything, warm up, measure, end everything."""
    with TemporaryDirectory(prefix="glassline-bench-") as name, ExitStack() as stack:
        folder, broker_port, port = Path(name), free_port(), free_port()

        def start(name: str, command: list[str]) -> Child:
            return stack.enter_context(Child(name, *command, folder=folder))

        broker = start("broker", broker_command(load.broker, broker_port, folder))
        broker.wait_for_port(broker_port)
        url = f"mqtt://127.0.0.1:{broker_port}"
        publisher = start("publisher", python("workbench.bench.publisher", url, NODE, load.fps, load.size_bytes))
        server = start(contender, _server(contender, load, url, port, folder))
        server.wait_for_port(port)
        watching = [port, load.viewers, NODE, load.fps, *([] if load.compression else ["plain"])]
        viewers = start("viewers", python("workbench.bench.viewers", *watching))
        viewers.wait_for_line("ready", READY_S, broker, publisher, server)
        window = Window(server=server, broker=broker, viewers=viewers, publisher=publisher)
        window.watch(load.seconds)
        time.sleep(GRACE_S)
        seen, sent = viewers.result(), publisher.result()
        return window.figures(seen["frames"], {int(seq): ts for seq, ts in sent["sent"].items()})


def broker_command(kind: BrokerKind, port: int, folder: Path) -> list[str]:
    """The command line of a broker on this port of loopback, without accounts."""
    if kind == "embedded":
        return program("broker", "--config", _no_settings(folder), "--listen", f"mqtt://127.0.0.1:{port}")
    if MOSQUITTO is None:
        raise BenchError("mosquitto is not installed: apt-get install mosquitto, or leave --broker out")
    config = folder / "mosquitto.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\nset_tcp_nodelay true\n")
    return [MOSQUITTO, "-c", str(config)]


def _server(contender: Contender, load: Load, broker: str, port: int, folder: Path) -> list[str]:
    match contender:
        case "ours":
            return program(
                "web", "--config", _no_settings(folder), "--broker", broker, "--http-port", port,
                "--store", f"sqlite:{folder}/glassline.db", "--threads", load.threads,
            )  # fmt: skip
        case "relay":
            return python("workbench.bench.relay", broker, port)
        case "naive":
            return python("workbench.bench.naive", broker, port, load.threads)


def _no_settings(folder: Path) -> Path:
    """An empty settings file, so that none of this machine is found."""
    path = folder / "glassline.toml"
    path.touch()
    return path


class Window:
    """The time in which is measured."""

    def __init__(self, *, server: Child, broker: Child, viewers: Child, publisher: Child) -> None:
        self._server = server
        self._children = (server, broker, viewers, publisher)
        self._began_s = self._ended_s = 0.0
        self._rss_mb = 0.0
        self._spent_s: list[float] = []

    def watch(self, seconds: float) -> None:
        """Let them warm up, then take note for so long."""
        time.sleep(min(WARM_UP_S, seconds))
        before = self._cpu_s()
        self._began_s = time.time()
        self._ended_s = self._began_s + seconds
        while (left_s := self._ended_s - time.time()) > 0:
            self._rss_mb = max(self._rss_mb, rss_mb(self._server.pid))
            time.sleep(min(SAMPLE_S, left_s))
        self._spent_s = [after - spent for after, spent in zip(self._cpu_s(), before, strict=True)]

    def _cpu_s(self) -> list[float]:
        return [*(cpu_s(child.pid) for child in self._children), machine_cpu_s()]

    def figures(self, seen: list[tuple[list[int], list[float]]], captured_s: dict[int, float]) -> Figures:
        """`seen` is, for each viewer, [frame numbers, times of arrival]; `captured_s` when each frame was taken."""
        wanted = {seq: ts for seq, ts in captured_s.items() if self._began_s <= ts < self._ended_s}
        latencies_s, shares = delivery(seen, wanted)
        if not latencies_s:
            raise BenchError("no frame was sent and arrived in the time measured: is the machine overloaded?")
        p50_ms, p99_ms = np.percentile(np.array(latencies_s) * 1000, [50, 99])
        server_s, broker_s, viewers_s, publisher_s, machine_s = self._spent_s
        foreign_s = max(0.0, machine_s - server_s - broker_s - viewers_s - publisher_s)
        seconds, thousands = self._ended_s - self._began_s, len(latencies_s) / 1000
        return Figures(
            p50_ms=float(p50_ms), p99_ms=float(p99_ms), delivered_share=min(shares),
            mean_share=sum(shares) / len(shares), published_fps=len(wanted) / seconds,
            cpu_s_per_1000=server_s / thousands, broker_cpu_s_per_1000=broker_s / thousands, rss_mb=self._rss_mb,
            viewers_cpu_share=viewers_s / seconds, foreign_cpu_share=foreign_s / seconds,
        )  # fmt: skip


def delivery(seen: list[tuple[list[int], list[float]]], wanted: dict[int, float]) -> tuple[list[float], list[float]]:
    """(latency of each frame at each viewer in s, share of the `wanted` frames that each viewer got).

    `seen` is, for each viewer, the numbers of its frames and when they arrived; `wanted` when each was captured.
    """
    latencies_s: list[float] = []
    shares = []
    for seqs, arrived_s in seen:
        got = {seq: at_s - wanted[seq] for seq, at_s in zip(seqs, arrived_s, strict=True) if seq in wanted}
        latencies_s += got.values()
        shares.append(len(got) / len(wanted) if wanted else 0.0)
    return latencies_s, shares
