"""Looks at the web as a browser does: GET /health, then the WebSocket /live until pictures flow."""

import http.client
import json
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from glassline.contract import ContractError, Reason, is_id
from glassline.program.tls import fault_of

from .pictures import Pictures
from .web_live import ClosedError, NoWebSocketError, WebLive
from .web_place import TIMEOUT_S, ClosedFileError, WebPlace

MOST_WATCHED = 50
"""So many a web takes in one wish."""
MOST_REDIRECTS = 3
_REDIRECTS = (301, 302, 303, 307, 308)
_GATEWAY = (502, 503, 504)
_WHO_ARE_YOU = (401, 403, 407)
_REFUSED = {"web.foreign_origin", "web.wrong_host"}
"""What our own web says to a page, or by a name, that is not its own."""
_NO_UPGRADE = "web.bad_websocket"
"""What it says to a GET /live whose wish for a WebSocket was lost on the way."""
_REFUSED_NODE = {Reason.NODE_BAD_CREDENTIALS, Reason.NODE_DENIED}


@dataclass
class WebSeen:
    """What was seen of a web; instants on the monotonic clock."""

    code: Reason | None = None
    error: str = ""
    why: str = ""
    """What kept the doctor from looking, where that is no fault."""
    holder: str = ""
    by_proxy: bool = False
    """Whether it is a proxy that says that the web is down."""
    answered_at_s: float | None = None
    devices: list[str] = field(default_factory=list)
    """Nodes that the web knows or remembers."""
    watched: list[str] = field(default_factory=list)
    """Those whose pictures were asked for."""
    watched_since_s: float | None = None
    locked: bool = False
    """People sign in there, and the doctor has no way in."""
    done: bool = False


class WebLook:
    """A context manager that looks in a thread until it is left. `seen` grows meanwhile.

    `cookie` lets it in: it is sent to our own web only, where nobody else can read it. Without `pictures` it only
    knocks: it is done as soon as the WebSocket has come about. `direct`: there is no proxy on the way.
    """

    def __init__(
        self, place: WebPlace, *, devices: list[str], pictures: Pictures | None, cookie: str = "", direct: bool = False
    ) -> None:
        self.place, self.pictures = place, pictures
        self.seen = WebSeen(devices=list(devices))
        self._asked, self._direct = place, direct
        self._cookie, self._is_ours = cookie, False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="web-look", daemon=True)

    def __enter__(self) -> "WebLook":
        self._thread.start()
        return self

    def __exit__(self, *args: object) -> None:
        self._stop.set()
        self._thread.join(0.5)

    def told(self, id: str, timeout_s: float = TIMEOUT_S) -> dict[str, Any] | None:
        """What the web itself says of the chain of a node; None if it does not."""
        try:
            status, _, body = self._get(f"/api/devices/{id}/chain", timeout_s)
            found = json.loads(body) if status == 200 else None
        except (OSError, http.client.HTTPException, ValueError, ClosedFileError):
            return None
        return found if isinstance(found, dict) else None

    def _run(self) -> None:
        try:
            if self._health():
                self._devices()
                if not self.seen.locked:
                    self._live()
        except ClosedFileError as error:
            self.seen.why = str(error)
        except ClosedError as error:
            self.seen.error = str(error)
        except (OSError, http.client.HTTPException) as error:
            self._failed(error)
        except Exception as error:  # noqa: BLE001 - whatever answers there, the look ends and says why
            self.seen.why = f"It cannot be looked at: {type(error).__name__}: {error}."
        finally:
            self.seen.done = True

    def _failed(self, error: Exception) -> None:
        self.seen.error = self.seen.error or self.place.told_of(error)
        if self.seen.answered_at_s is not None:
            return
        holder = self.place.holder()
        other = holder and not isinstance(error, TimeoutError) and " -m web " not in f"{holder} "
        if fault_of(error):
            self.seen.code = Reason.WEB_CERTIFICATE
        elif other:
            self.seen.code, self.seen.holder = Reason.WEB_NOT_OURS, holder
        else:
            self.seen.code = Reason.WEB_DOWN

    def _health(self) -> bool:
        """Whether our web answers there, maybe after a redirect, as from http to https."""
        for _ in range(MOST_REDIRECTS):
            status, headers, body = self._get("/health")
            moved = self.place.moved_to(headers.get("Location", "")) if status in _REDIRECTS else None
            if moved is None:
                break
            self.place = moved
        if status == 200 and _json(body).get("program") == "glassline web":
            self.seen.answered_at_s = time.monotonic()
            self._is_ours = self.place.host == self._asked.host and (self._direct or self.place.is_private)
            return True
        if _error_code(body) in _REFUSED:
            self.seen.code = Reason.WEB_ORIGIN_REFUSED
        elif status in _GATEWAY:
            self.seen.code, self.seen.by_proxy = Reason.WEB_DOWN, True
            self.seen.error = f"a proxy answers there (HTTP {status}), but the web behind it does not"
        elif not self._direct and (status in (*_WHO_ARE_YOU, *_REDIRECTS) or self.place.host != self._asked.host):
            asks = f"HTTP {status}" if self.place.host == self._asked.host else f"it leads to {self.place.host}"
            self.seen.why = f"Something before the page asks who comes ({asks}), so the page cannot be seen from here."
        else:
            self.seen.code, self.seen.holder = Reason.WEB_NOT_OURS, self.place.holder()
        return False

    def _devices(self) -> None:
        """Add the nodes that the web knows to those that are watched: the first of them, if there are many."""
        status, _, body = self._get("/api/devices")
        self.seen.locked = status == 401
        told = _json(body).get("devices") if status == 200 else None
        if isinstance(told, list):
            nodes = sorted((one for one in told if _is_node(one)), key=lambda one: not one.get("online"))
            self.seen.devices = list(dict.fromkeys([*self.seen.devices, *(one["deviceId"] for one in nodes)]))

    def _get(self, path: str, timeout_s: float = TIMEOUT_S) -> tuple[int, http.client.HTTPMessage, bytes]:
        connection = self.place.http(timeout_s)
        try:
            connection.request("GET", path, headers={"Cookie": self._pass} if self._pass else {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read(1_000_000)
        finally:
            connection.close()

    @property
    def _pass(self) -> str:
        return self._cookie if self._is_ours else ""

    def _live(self) -> None:
        """Twice if need be: a web that is started anew right now answers the second time, or not at all."""
        try:
            self._converse()
            return
        except NoWebSocketError as refusal:
            if self._is_known(refusal):
                return
        try:
            if not self._health():
                return
        except (OSError, http.client.HTTPException):
            self.seen.answered_at_s = None
            raise
        try:
            self._converse()
        except NoWebSocketError as refusal:
            if not self._is_known(refusal):
                self._blocked(refusal)

    def _converse(self) -> None:
        watched = self.seen.devices[:MOST_WATCHED] if self.pictures is not None else []
        WebLive(
            self.place, cookie=self._pass, devices=watched, on_watching=lambda: self._watching(watched),
            on_picture=self._picture, stop=self._stop,
        ).run()  # fmt: skip

    def _watching(self, devices: list[str]) -> None:
        self.seen.watched, self.seen.watched_since_s = devices, time.monotonic()

    def _is_known(self, refusal: NoWebSocketError) -> bool:
        """Whether our web itself says why there is no WebSocket; then that is noted."""
        code = _error_code(refusal.body)
        if code in _REFUSED:
            self.seen.code = Reason.WEB_ORIGIN_REFUSED
        elif refusal.status == 401:
            self.seen.locked = True
        elif code.startswith("web.") and code != _NO_UPGRADE:
            self.seen.error = f"the web refuses the WebSocket ({code})"
        else:
            return False
        return True

    def _blocked(self, refusal: NoWebSocketError) -> None:
        if self._direct and _error_code(refusal.body) != _NO_UPGRADE:
            self.seen.why = f"It answers, but its WebSocket has not come about here: {refusal}."
        else:
            self.seen.code, self.seen.error = Reason.WEB_WEBSOCKET_BLOCKED, str(refusal)

    def _picture(self, message: bytes) -> None:
        """Note a picture: one byte n, n bytes of device id, JPEG."""
        size = message[0] if message else 0
        try:
            if self.pictures is not None:
                self.pictures.in_web(message[1 : 1 + size].decode("ascii", "replace"), message[1 + size :])
                self.seen.answered_at_s = time.monotonic()
        except ContractError:
            return


def _is_node(one: object) -> bool:
    """Whether the web tells of a node, or of somebody unknown that has spoken, or is being refused, as a node."""
    if not isinstance(one, dict) or not is_id(str(one.get("deviceId"))):
        return False
    spoke = one.get("status") or one.get("health") or one.get("code") in _REFUSED_NODE
    return one.get("role") == "node" or (one.get("role") is None and bool(spoke))


def _json(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _error_code(body: bytes) -> str:
    """The code of our web's own errors; empty for everything else."""
    error = _json(body).get("error")
    return str(error.get("code", "")) if isinstance(error, dict) else ""
