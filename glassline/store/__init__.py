"""Where defects live: one interface, and the stores behind it.

with open_store("sqlite:var/glassline.db") as store:
    store.apply([DetectionItem(device_id="pi-1", detection=detection)])
"""

from .base import Store
from .open import open_store, supabase_migrations
from .paging import Page, every_defect
from .values import (
    STATUSES,
    DeadItem,
    DeadLetter,
    Defect,
    DefectFilter,
    DetectionItem,
    Device,
    EvidenceItem,
    Item,
    Keep,
    Outcome,
    Pruned,
    RefusedError,
    ReviewConflictError,
    ReviewStep,
    Status,
    StoreError,
    dead_of,
)

__all__ = [
    "STATUSES",
    "DeadItem",
    "DeadLetter",
    "Defect",
    "DefectFilter",
    "DetectionItem",
    "Device",
    "EvidenceItem",
    "Item",
    "Keep",
    "Outcome",
    "Page",
    "Pruned",
    "RefusedError",
    "ReviewConflictError",
    "ReviewStep",
    "Status",
    "Store",
    "StoreError",
    "dead_of",
    "every_defect",
    "open_store",
    "supabase_migrations",
]
