"""The Flask app: made of services by a factory; nothing connects at import or construction."""

from flask import Flask, Response, send_from_directory

from . import api_defects, api_devices, errors, guard, viewing
from .requests import MAX_BODY_BYTES
from .services import Services


def create_app(*, services: Services) -> Flask:
    """The web's app on `services`, which whoever serves it starts and stops."""
    app = Flask(__name__, static_folder="static", static_url_path="/static")
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 0
    app.json.sort_keys = False  # type: ignore[attr-defined]
    errors.register(app, services.tally)
    guard.register(app)
    viewing.register(app, services)
    app.register_blueprint(api_devices.blueprint(services))
    app.register_blueprint(api_defects.blueprint(services))

    @app.get("/")
    def page() -> Response:
        return send_from_directory(app.static_folder or "static", "index.html")

    @app.get("/favicon.ico")
    def icon() -> Response:
        return send_from_directory(app.static_folder or "static", "icon.svg")

    return app
