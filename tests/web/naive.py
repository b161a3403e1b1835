"""A web as it is often written, with the paths of ours and none of its guards: attacks must succeed here."""

import secrets
import threading
import time
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote

from flask import Flask, Response, jsonify, request
from flask_sock import Sock
from werkzeug.serving import make_server

PASSWORDS = {"anna": "correct horse", "boss": "correct horse", "vic": "correct horse"}


class Naive:
    """Serves on a free loopback port. What was written there stands in `written`, what was commanded in `commanded`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.people, self.sessions = dict(PASSWORDS), dict[str, str]()
        self.written: list[str] = []
        self.commanded: list[str] = []
        self._server = make_server("127.0.0.1", 0, self._app(), threaded=True)
        self.url = f"http://127.0.0.1:{self._server.port}"

    def _app(self) -> Flask:
        app = Flask(__name__, static_folder=None)
        app.config["SOCK_SERVER_OPTIONS"] = {"ping_interval": None}

        @app.post("/api/session")
        def enter() -> Response:
            said = request.get_json(force=True)
            if self.people.get(said["name"]) != said["password"]:
                return Response(status=401)
            id = request.cookies.get("glassline") or secrets.token_urlsafe(8)
            self.sessions[id] = said["name"]
            answer = jsonify(name=said["name"])
            answer.set_cookie("glassline", id)
            return answer

        @app.delete("/api/session")
        def leave() -> Response:
            answer = jsonify({})
            answer.delete_cookie("glassline")
            return answer

        @app.get("/api/devices")
        def devices() -> Response:
            return jsonify(devices=[]) if self._is_in() else Response(status=401)

        @app.post("/api/defects/<id>/review")
        def review(id: str) -> Response:
            if not self._is_in():
                return Response(status=401)
            self.written.append(request.get_json(force=True)["note"])
            return jsonify({})

        @app.post("/api/devices/<id>/cmd/<name>")
        def command(id: str, name: str) -> Response:
            if not self._is_in():
                return Response(status=401)
            self.commanded.append(name)
            return jsonify({})

        @app.get("/")
        def page() -> str:
            return "<!doctype html>" + "".join(f"<p>{text}</p>" for text in self.written)

        @app.get("/<path:name>")
        def file(name: str) -> Response:
            found = Path(f"{self.folder}/{unquote(name)}")
            return Response(found.read_bytes()) if found.is_file() else Response(status=404)

        @Sock(app).route("/live")  # type: ignore[untyped-decorator]
        def live(ws: Any) -> None:
            while self._is_in():
                ws.send('{"type": "hello"}')
                time.sleep(0.2)

        return app

    def _is_in(self) -> bool:
        return request.cookies.get("glassline") in self.sessions

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
