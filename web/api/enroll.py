"""Where a machine fetches its credentials, once, with the one-time token that it was given."""

from datetime import UTC, datetime
from typing import Annotated

from flask import Blueprint, Response, jsonify, request
from pydantic import StringConstraints

from glassline.accounts import AccountsError
from glassline.accounts.tokens import TokenError, Tokens
from glassline.program import network_of

from ..people.access import public
from ..people.attempts import Meter
from ..services import Services
from .errors import ApiError
from .requests import Strict, body

BURST, EVERY_S = 10, 20.0
"""Wrong tokens that one address may bring at once, and after that."""


class EnrollBody(Strict):
    """The token's text, and who brings it, as far as the token can tell (`Token.claimant`)."""

    token: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    claimant: Annotated[str, StringConstraints(max_length=64)] = ""


def blueprint(services: Services) -> Blueprint:
    """/enroll: needs no session, for the token is one; and TLS, for the answer is a secret."""
    pages, settings = Blueprint("enroll", __name__), services.settings
    tokens, wrong = Tokens(settings.tokens), Meter(burst=BURST, every_s=EVERY_S)

    def unusable(error: Exception) -> ApiError:
        """Why stands in the log alone: who asks need not know this machine's folders."""
        services.tally.note("tokens_unusable", f"nobody gets credentials: {error}")
        return ApiError(
            503, "web.tokens_unusable", "the file of tokens cannot be read or changed here", "The web's log says why."
        )

    @pages.get("/enroll/ca/<fingerprint>")
    @public
    def ca(fingerprint: str) -> Response:
        """The CA's certificate, for who knows its fingerprint: it will be believed for that alone."""
        try:
            pem = tokens.ca(bytes.fromhex(fingerprint))
        except AccountsError as error:
            raise unusable(error) from None
        except ValueError:
            pem = None
        if pem is None:
            raise ApiError(404, "web.no_such_ca", "no token that waits here is for a CA of that fingerprint")
        return Response(pem, mimetype="application/x-pem-file")

    @pages.post("/enroll")
    @public
    def redeem() -> Response:
        if not settings.is_encrypted:
            raise ApiError(
                403, "web.not_encrypted", "credentials are given over HTTPS only", "Set tls_cert and tls_key in [web]."
            )
        who = network_of(request.remote_addr or "")
        if (wait_s := wrong.wait_s(who)) > 0:
            raise ApiError(429, "web.too_many", "too many wrong tokens", "Wait.", retry_after_s=round(wait_s) + 1)
        try:
            asked = body(EnrollBody)
            made = tokens.redeem(asked.token, now=datetime.now(UTC), claimant=asked.claimant)
            return jsonify({"credentials": made})
        except (AccountsError, OSError) as error:
            raise unusable(error) from None
        except TokenError as error:
            wrong.take(who)
            raise ApiError(
                403, "web.bad_token", str(error), "`glassline enroll --token` on the server makes another."
            ) from None

    return pages
