"""Debians of their own, in var/roots, for what a test cannot do in the machine that it runs on.

Made once by deploy/debian-root.sh, in minutes; after that a call takes no time. Nobody writes into one: who boots or
changes it lays an overlay over it.
"""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
PI_LIKE = (
    "systemd", "systemd-sysv", "dbus", "iproute2", "ca-certificates", "cloud-init", "netplan.io",
    "python3", "python3-venv", "python3-numpy", "python3-libcamera", "libcamera-ipa",
)  # fmt: skip
"""What Raspberry Pi OS (trixie) has, as far as tests use it."""
OLDER = ("systemd", "systemd-sysv", "dbus", "iproute2", "python3", "python3-venv")
ARM64 = ("python3", "libstdc++6", "libgomp1")
MISSING = "a Debian root wants root and debootstrap: sudo apt install debootstrap"


def trixie() -> Path:
    """The root folder of a Debian trixie of this machine's architecture, like a Raspberry Pi OS without a Pi."""
    return _made("trixie", _here(), *PI_LIKE)


def bookworm() -> Path:
    """Likewise of a Debian bookworm, which Raspberry Pi OS was before, as far as a node wants it."""
    return _made("bookworm", _here(), *OLDER)


def trixie_arm64() -> Path:
    """The root folder of a Debian trixie for arm64: files alone, to be run by qemu."""
    return _made("trixie", "arm64", *ARM64)


def bookworm_arm64() -> Path:
    """Likewise of a Debian bookworm."""
    return _made("bookworm", "arm64", *ARM64)


def _here() -> str:
    return subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True, check=True).stdout.strip()


def _made(suite: str, arch: str, *packages: str) -> Path:
    if os.geteuid() != 0 or shutil.which("debootstrap") is None:
        pytest.skip(MISSING)
    digest = hashlib.sha256(" ".join(packages).encode()).hexdigest()[:8]  # other packages, another root beside it
    folder = PROJECT / "var" / "roots" / f"{suite}-{arch}-{digest}"
    made = subprocess.run(
        [PROJECT / "deploy" / "debian-root.sh", suite, arch, folder, *packages], capture_output=True, text=True
    )
    assert made.returncode == 0, made.stderr
    return folder
