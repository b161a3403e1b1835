"""Tabs of a real Chromium that can really be hidden: Playwright keeps every page of its own visible for ever."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any, Self

from websockets.sync.client import connect


class Tabs:
    """A browser spoken to in its own protocol (Chrome DevTools); a tab that is opened or shown hides the others."""

    def __init__(self, chromium: str, folder: Path) -> None:
        self._child = subprocess.Popen(
            [
                chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                f"--user-data-dir={folder}", "--remote-debugging-port=0", "about:blank",
            ],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self._child.stderr
        said = (re.search(r"DevTools listening on (ws://\S+)", line) for line in self._child.stderr)
        self._ws = connect(next(found[1] for found in said if found), max_size=None)
        self._calls = 0

    def open(self, url: str) -> str:
        """A new tab in front; its name."""
        return str(self._call("Target.createTarget", url=url)["targetId"])

    def show(self, tab: str) -> None:
        self._call("Target.activateTarget", targetId=tab)

    def _call(self, method: str, **params: Any) -> dict[str, Any]:
        self._calls += 1
        self._ws.send(json.dumps({"id": self._calls, "method": method, "params": params}))
        while (answer := json.loads(self._ws.recv(timeout=20))).get("id") != self._calls:
            pass
        return dict(answer["result"])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._ws.close()
        self._child.terminate()
        self._child.communicate(timeout=20)
