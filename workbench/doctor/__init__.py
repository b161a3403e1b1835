"""The doctor: walks the chain from the machine it is started on, and names the first cause of what is wrong."""

from .command import doctor

__all__ = ["doctor"]
