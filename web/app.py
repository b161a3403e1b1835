"""The Flask app: made of services by a factory; nothing connects at import or construction."""

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from . import guard, pages
from .api import (
    cut_off,
    defects,
    devices,
    doctor,
    enroll,
    errors,
    export,
    figures,
    models,
    openapi,
    people,
    reviews,
    session,
    tokens,
    upkeep,
)
from .api.requests import MAX_BODY_BYTES
from .live import endpoint
from .people import access
from .people.access import public
from .services import Services


def create_app(*, services: Services) -> Flask:
    """The web's app on `services`, which whoever serves it starts and stops."""
    app = Flask(__name__, static_folder="static", static_url_path="/static")
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 0
    app.url_map.merge_slashes = False  # what is asked of one address is never done at another
    app.json.sort_keys = False  # type: ignore[attr-defined]
    errors.register(app, services.tally)
    guard.register(app, services.settings)
    access.register(app, services)
    endpoint.register(app, services)
    app.register_blueprint(session.blueprint(services))
    app.register_blueprint(devices.blueprint(services))
    app.register_blueprint(upkeep.blueprint(services))
    app.register_blueprint(defects.blueprint(services))
    app.register_blueprint(reviews.blueprint(services))
    app.register_blueprint(export.blueprint(services))
    app.register_blueprint(figures.blueprint(services))
    app.register_blueprint(models.blueprint(services))
    app.register_blueprint(doctor.blueprint(services))
    app.register_blueprint(cut_off.blueprint(services))
    app.register_blueprint(people.blueprint(services))
    app.register_blueprint(tokens.blueprint(services))
    app.register_blueprint(openapi.blueprint(services))
    app.register_blueprint(pages.blueprint(services))
    if services.settings.tokens:
        app.register_blueprint(enroll.blueprint(services))

    public(app.view_functions["static"])
    if services.settings.behind_proxy:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=0)  # type: ignore[method-assign]
    return app
