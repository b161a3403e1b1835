"""Finding a server on the network by mDNS (multicast DNS, RFC 6762 and 6763), and being found.

with Advertiser(server):          # where the broker runs
    ...
with Search() as search:          # anywhere on that network
    search.settle(timeout_s=3)
    search.servers()

What mDNS says anybody on the network may say: it is a hint where to look, and proves nothing.
"""

from .advertiser import Advertiser
from .search import Search
from .server import SERVICE, Server, check_site

__all__ = ["SERVICE", "Advertiser", "Search", "Server", "check_site"]
