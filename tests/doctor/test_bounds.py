"""However bad it is, the doctor is quick, and what it prints can be shown to anybody."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from .conftest import LONGEST_S, Line, run_doctor


@contextmanager
def black_hole() -> Iterator[int]:
    """A port of this machine on which connections are neither accepted nor refused."""
    with socket.socket() as door, ExitStack() as held:
        door.bind(("127.0.0.1", 0))
        door.listen(0)
        for _ in range(4):
            plug = held.enter_context(socket.socket())
            plug.settimeout(0.2)
            with suppress(OSError):
                plug.connect(door.getsockname())
        yield door.getsockname()[1]


def test_where_nothing_answers_it_ends_in_time(tmp_path: Path) -> None:
    with black_hole() as port:
        nowhere = f'broker = "mqtt://127.0.0.1:{port}"\n'
        (tmp_path / "glassline.toml").write_text(
            f'[pi_node]\n{nowhere}camera = "scene:?seed=1"\n[bridge]\n{nowhere}[web]\n{nowhere}http_port = {port}\n'
        )
        told = run_doctor("--json", folder=tmp_path)
    assert told.looked_s < LONGEST_S
    assert "broker.connection_timeout" in told.causes, told.text
    assert "web.down" in told.causes


def test_settings_are_shown_with_where_they_came_from_and_secrets_are_not(line: Line, tmp_path: Path) -> None:
    told = run_doctor("--settings", "--config", str(line.site.config), folder=tmp_path, GLASS_LIVE_FPS="7")
    rows = [row.split() for row in told.text.splitlines() if row.startswith("[")]
    assert ["[pi_node]", "live_fps", "7.0", "environment", "GLASS_LIVE_FPS"] in rows, told.text
    assert ["[web]", "threads", "400", "default"] in rows
    for id in ("pi-1", "bridge-1", "web-1", "observer"):
        assert line.site.secret(id).read_text().strip() not in told.text


def test_all_that_was_seen_is_shown_when_asked_for(line: Line, tmp_path: Path) -> None:
    told = run_doctor("--all", "--config", str(line.site.config), folder=tmp_path)
    assert told.code == 0, told.text
    for phrase in ("✓ own echo: what it publishes comes back", "bridge-1 (bridge ", "in the web ", "pid "):
        assert phrase in told.text
    picture = next(row for row in told.text.splitlines() if row.startswith("picture"))
    assert "ms later" in picture, picture
