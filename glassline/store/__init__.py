"""Where defects live: one interface, and the stores behind it.

with open_store("sqlite:var/glassline.db") as store:
    store.apply([DetectionItem(device_id="pi-1", detection=detection)])
"""

from .base import (
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
    Page,
    Pruned,
    RefusedError,
    ReviewConflictError,
    ReviewStep,
    Status,
    Store,
    StoreError,
    dead_of,
)
from .open import open_store, supabase_migrations

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
    "open_store",
    "supabase_migrations",
]
