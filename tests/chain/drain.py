"""A backlog of hours drains beside the live picture: `python -m tests.chain.drain [--hours 12] [--per-min 5]`."""

import argparse
import hashlib
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from glassline.contract import Box, ImageRef, from_unix, new_event_id
from glassline.contract.frames import embed
from glassline.contract.messages import Detection, EvidenceMeta
from glassline.scene import Conveyor
from pi_node.camera import Picture
from pi_node.camera.jpeg import encode_jpeg
from pi_node.outbox import Outbox
from tests.support.chain import Chain, Viewer
from tests.support.waiting import until

FPS = 10
CALM_S = 10
LABEL = "waited"


@dataclass(frozen=True)
class Live:
    """The live picture at a viewer: frames a second, and their age."""

    fps: float
    p50_s: float
    p99_s: float

    def __str__(self) -> str:
        return f"{self.fps:.1f} fps, age p50 {1000 * self.p50_s:.0f} ms, p99 {1000 * self.p99_s:.0f} ms"


@dataclass(frozen=True)
class Drained:
    """`memory_mb` is what the node's process took at most before the server came, and at most from then on."""

    number: int
    size_bytes: int
    took_s: float
    meanwhile: Live
    after: Live
    memory_mb: tuple[float, float]

    @property
    def per_s(self) -> float:
        return self.number / self.took_s

    def __str__(self) -> str:
        return (
            f"{self.number} detections, {self.size_bytes / 1e6:.0f} MB, in {self.took_s:.1f} s: {self.per_s:.0f} / s"
            f"\n  live meanwhile: {self.meanwhile}\n  live after it: {self.after}\n"
            f"  memory of the node {self.memory_mb[0]:.0f} MB before, {self.memory_mb[1]:.0f} MB meanwhile"
        )


def fill(path: Path, number: int, *, each_s: float) -> int:
    """So many detections with pictures, one each so many seconds until now; returns their size in bytes."""
    box = Outbox(path=path, cap_bytes=5_000_000_000)
    box.open()
    belt = Conveyor(seed=3)
    jpegs = [encode_jpeg(Picture(belt.frame(1.7 * n)), 90) for n in range(8)]
    for n in range(number):
        at_s = time.time() - each_s * (number - n)
        event_id = new_event_id(at_s)
        picture = embed(jpegs[n % len(jpegs)], EvidenceMeta(event_id=event_id, rev=0).to_json())
        at = from_unix(at_s)
        image = ImageRef(sha256=hashlib.sha256(picture).hexdigest(), size_bytes=len(picture), image_wh=(640, 480))
        box.put(
            Detection(
                ts=at, boot="0123abcd", event_id=event_id, rev=0, phase="end", label=LABEL, score=0.8,
                boxes=[Box(label=LABEL, score=0.8, xyxyn=(0.1, 0.1, 0.2, 0.2))], first_at=at, last_at=at,
                frame_at=at, confirmed_at=at, frames_confirmed=9, model="before", image=image,
            ),
            picture,
        )  # fmt: skip
    size_bytes = box.health().size_bytes
    box.close()
    return size_bytes


def drain(chain: Chain, number: int, *, each_s: float = 20.0, within_s: float = 120.0) -> Drained:
    """Start a node with that backlog, then a server, and a viewer of the live picture."""
    size_bytes = fill(chain.site.folder / "pi_node" / "outbox.db", number, each_s=each_s)
    chain.start("bridge", "web", "pi_node")
    node = psutil.Process(chain.processes["pi_node"].pid)

    def stored() -> int | None:
        try:
            return sum(chain.get(f"/api/defects?limit=1&label={LABEL}").json()["counts"].values())
        except httpx.HTTPError:
            return None

    most_mb = [0.0, 0.0]

    def note(when: int) -> bool:
        most_mb[when] = max(most_mb[when], node.memory_info().rss / 1e6)
        return True

    until(lambda: note(0) and stored() == 0, 60, what=chain.logs)
    for _ in range(100):
        note(0)
        time.sleep(0.1)
    with Viewer(chain.site.url, max_fps=FPS) as viewer:
        chain.start("broker")
        until(stored, 60, what=chain.logs)
        began_s = time.time()
        until(lambda: note(1) and (stored() or 0) >= number, within_s, what=chain.logs)
        ended_s = time.time()
        time.sleep(CALM_S)
        meanwhile, after = _live(viewer, began_s, ended_s), _live(viewer, ended_s, ended_s + CALM_S)
    return Drained(number, size_bytes, ended_s - began_s, meanwhile, after, (most_mb[0], most_mb[1]))


def _live(viewer: Viewer, from_s: float, until_s: float) -> Live:
    ages = sorted(age for at_s, age in list(viewer.frames) if from_s <= at_s < until_s)
    assert ages
    return Live(len(ages) / (until_s - from_s), ages[len(ages) // 2], ages[int(len(ages) * 0.99)])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hours", type=float, default=12.0)
    parser.add_argument("--per-min", type=float, default=5.0)
    asked = parser.parse_args()
    number = round(60 * asked.hours * asked.per_min)
    with tempfile.TemporaryDirectory(prefix="glassline-drain-") as folder:
        chain = Chain(Path(folder))
        try:
            print(drain(chain, number, each_s=60 / asked.per_min, within_s=number))
        finally:
            chain.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
