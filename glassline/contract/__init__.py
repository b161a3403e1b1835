"""Contract v1: topics and roles, messages, frames, reason codes. Pure: nothing here does I/O.

>>> from glassline.contract import frames, messages, topics
>>> topics.topic_of("frame", "pi-1")
'glass/v1/pi-1/frame'
"""

from .errors import ContractError
from .ids import check_id, is_id, new_boot, new_event_id
from .reasons import Reason
from .roles import Role
from .topics import Address, parse, topic_of
from .values import Box, ImageRef, from_unix, to_rfc3339

__all__ = [
    "Address", "Box", "ContractError", "ImageRef", "Reason", "Role", "check_id", "from_unix", "is_id", "new_boot",
    "new_event_id", "parse", "to_rfc3339", "topic_of",
]  # fmt: skip
