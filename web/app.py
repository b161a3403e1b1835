"""The Flask app: made of services by a factory; nothing connects at import or construction."""

from flask import Flask, Response, send_from_directory
from werkzeug.middleware.proxy_fix import ProxyFix

from . import (
    access,
    api_defects,
    api_devices,
    api_doctor,
    api_enroll,
    api_models,
    api_page,
    api_session,
    errors,
    guard,
    viewing,
)
from .access import public
from .requests import MAX_BODY_BYTES
from .services import Services


def create_app(*, services: Services) -> Flask:
    """The web's app on `services`, which whoever serves it starts and stops."""
    app = Flask(__name__, static_folder="static", static_url_path="/static")
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 0
    app.json.sort_keys = False  # type: ignore[attr-defined]
    errors.register(app, services.tally)
    guard.register(app, services.settings)
    access.register(app, services)
    viewing.register(app, services)
    app.register_blueprint(api_session.blueprint(services))
    app.register_blueprint(api_devices.blueprint(services))
    app.register_blueprint(api_defects.blueprint(services))
    app.register_blueprint(api_models.blueprint(services))
    app.register_blueprint(api_doctor.blueprint(services))
    app.register_blueprint(api_page.blueprint(services))
    if services.settings.tokens:
        app.register_blueprint(api_enroll.blueprint(services))

    @app.get("/")
    @public
    def page() -> Response:
        return send_from_directory(app.static_folder or "static", "index.html")

    @app.get("/diagnose")
    @public
    def diagnose() -> Response:
        return send_from_directory(app.static_folder or "static", "diagnose.html")

    @app.get("/favicon.ico")
    @public
    def icon() -> Response:
        return send_from_directory(app.static_folder or "static", "icon.svg")

    public(app.view_functions["static"])
    if services.settings.behind_proxy:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=0)  # type: ignore[method-assign]
    return app
