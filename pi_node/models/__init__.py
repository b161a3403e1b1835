"""Models that are sent to the node: fetched from the web, checked, kept on a shelf, and put in force on probation."""

from .fetching import Fetching
from .shelf import Shelf
from .source import Source, source_of

__all__ = ["Fetching", "Shelf", "Source", "source_of"]
