"""Why a model does not come.

FetchError
  └─ BrokenOffError    the connection failed or stalled: worth another attempt
"""


class FetchError(Exception):
    """The model cannot be fetched; the text says why and what to do."""


class BrokenOffError(FetchError):
    """The connection failed on the way; what has come is kept."""
