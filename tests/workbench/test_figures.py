"""What a node measures, in words that need no table beside them."""

import pytest

from glassline.contract import from_unix
from glassline.contract.messages import Health, Info, Latency, OutboxHealth, WifiHealth
from pi_node.report.status_file import LinkStatus, NodeStatus
from workbench.figures import figures

ENVELOPE = {"ts": from_unix(1_800_000_000), "boot": "0123abcd", "seq": 1}


def told(settings=None, **health):
    """The figures of a node that says this of itself, by name."""
    info = Info(
        **ENVELOPE, role="node", id="pi-1", version="1", started_at=from_unix(1_800_000_000), settings=settings or {}
    )
    said = Health(**ENVELOPE, **({"state": "ok", "uptime_s": 7200} | health))
    link = LinkStatus(connected=False, sentence="", address="", since_s=0)
    return dict(figures(NodeStatus(pid=1, at_unix=0, health=said, info=info, link=link)))


def test_a_pi_tells_how_it_fares():
    assert told(
        {"camera_fps": 15.0, "detect_fps": 10.0},
        cpu_temp_c=51.4, throttled="0x50000", memory_mb=190.2, memory_free_mb=2104.0, disk_free_mb=20311.0,
        wifi=WifiHealth(interface="wlan0", signal_dbm=-61), clock="synced", capture_fps=15.0, detect_fps=9.8,
        inference_ms=Latency(p50=62.4, p95=80.1), detect_share=0.5,
        outbox=OutboxHealth(depth=3, size_bytes=120_000, confirmed=812, pictures_dropped=2),
    ) == {
        "processor": "51 °C", "power": "good; earlier since the start: too little voltage, slowed down",
        "memory": "190 MB of its own, 2.1 GB free", "disk": "20.3 GB free", "Wi-Fi": "-61 dBm on wlan0",
        "clock": "set", "camera": "15.0 of 15 pictures a second",
        "detector": "9.8 of 10 pictures a second, 62 ms each (95 %: 80), may work 50 % of the time",
        "outbox": "3 waiting, 0 MB, of 812 found; given up: 2 pictures, 0 detections", "running for": "2 h",
    }  # fmt: skip


def test_what_nobody_measures_is_not_spoken_of():
    assert told() == {"running for": "2 h"}


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ("0", "good"),
        ("0x1", "too little voltage"),
        ("0x50005", "too little voltage, slowed down"),
        ("0x10004", "slowed down; earlier since the start: too little voltage"),
        ("garbled", None),
    ],
)
def test_the_firmwares_flags_are_told_in_words(flags, words):
    assert told(throttled=flags).get("power") == words
