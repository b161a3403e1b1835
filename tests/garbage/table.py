"""The table: every kind of garbage at every entrance."""

from .tables.broker import BROKER
from .tables.detections import DETECTIONS
from .tables.evidence import EVIDENCE
from .tables.frames import FRAMES
from .tables.presence import PRESENCE
from .tables.to_nodes import TO_NODES
from .tables.web import WEB

ROWS = [*FRAMES, *DETECTIONS, *EVIDENCE, *PRESENCE, *TO_NODES, *BROKER, *WEB]
