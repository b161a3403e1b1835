"""A way in for the doctor where people sign in: whoever may write the web's file of sessions may look."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from glassline.accounts import AccountsError
from web.people.sign_in import sign_in_of
from web.settings import WebSettings

NAME = "glassline doctor"
VALID_S = 150.0
"""Longer than any examination takes; it is given back at its end."""


@contextmanager
def web_pass(settings: WebSettings) -> Iterator[str]:
    """What to send as `Cookie`; empty where nobody signs in, and where the files are not there or not ours to write."""
    sign_in = sign_in_of(settings)
    if sign_in is None or not any(map(os.path.exists, (sign_in.people.path, sign_in.sessions.path))):
        yield ""
        return
    try:
        id = sign_in.sessions.lend(NAME, VALID_S)
    except (AccountsError, OSError):
        yield ""
        return
    try:
        yield f"{sign_in.cookie}={id}"
    finally:
        sign_in.sessions.close(id)
