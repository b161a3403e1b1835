"""A node with `broker = "auto"`: it inspects while it looks, and says where it looks and where it found its server."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.lan import Host, needs_networks
from tests.support.waiting import until

from .site import Site

pytestmark = needs_networks


@pytest.fixture
def folder(node: Host, site: Site, tmp_path: Path) -> Path:
    """Of a node that runs, was enrolled at `site`, and looks at rendered glass."""
    folder = tmp_path / "node"
    folder.mkdir()
    (folder / "glassline.toml").write_text(
        f'[pi_node]\nbroker = "auto"\ncredentials = "{site.credentials("pi-1")}"\ncamera = "scene:?seed=1"\n'
        f'camera_fps = 5\nstate_dir = "{folder}/state"\n'
    )
    node.start("-m", "pi_node", log=folder / "log", cwd=folder)
    return folder


def word(folder: Path) -> dict[str, Any]:
    """What the node last said of itself; nothing while it has not yet."""
    path = folder / "state/status.json"
    return json.loads(path.read_text()) if path.exists() else {"link": {}, "health": {}}


def examined(node: Host, folder: Path, command: str, *more: str) -> Any:
    said = node.run("-m", "workbench.main", command, "--json", *more, cwd=folder)
    assert said.returncode in (0, 1), said.stderr
    return json.loads(said.stdout)


def test_it_inspects_while_it_looks_for_its_server_and_says_where_it_found_it(
    node: Host, site: Site, folder: Path
) -> None:
    until(lambda: word(folder)["link"].get("code") == "broker.not_found", 60, what=lambda: (folder / "log").read_text())
    until(lambda: word(folder)["health"].get("last_detect_age_s") is not None, 60)
    for command in ("status", "doctor"):
        found = examined(node, folder, command)
        assert found["first_cause"]["code"] == "broker.not_found", found
        assert "pi_node looks for its server by mDNS, and finds none: none answers on this network" in str(found)
        assert "`glassline advertise`" in found["first_cause"]["remedy"]
    site.start()
    until(lambda: word(folder)["link"].get("connected"), 60, what=lambda: (folder / "log").read_text())
    assert "(found: Hall A (a.local) at 10.9.0.2)" in examined(node, folder, "status")["figures"]["broker"]
    (way,) = examined(node, folder, "doctor")["seen"]["ways"]
    assert [(step["step"], step["ok"]) for step in way["steps"]] == [
        (name, True) for name in ("search", "name", "port", "tls", "password", "permission")
    ]
    assert way["steps"][0]["says"] == "Hall A (a.local) at 10.9.0.2"
    assert json.loads((folder / "state/server.json").read_text())["at"] == "10.9.0.2"
    shown = node.run("-m", "workbench.main", "status", cwd=folder)
    assert re.search(r"broker +connected to mqtts://a.local:8883 \(found: Hall A", shown.stdout)
