"""Where defects live: one interface, and the stores behind it.

with open_store("sqlite:var/glassline.db") as store:
    store.apply([DetectionItem(device_id="pi-1", detection=detection)])
"""

from .base import Store
from .figures import SILENCE, Backlog, Bucket, Figures, Heard, Tally, Uptime, bucket_starts, figures
from .open import open_sign_in, open_store, supabase_migrations
from .paging import Page, every_defect, every_page
from .values import (
    FALSE_ALARMS,
    STATUSES,
    Choices,
    DeadItem,
    DeadLetter,
    Defect,
    DefectFilter,
    DetectionItem,
    Device,
    EvidenceItem,
    FalseAlarm,
    Item,
    Keep,
    Outcome,
    Pruned,
    RefusedError,
    Review,
    ReviewConflictError,
    Reviewed,
    ReviewStep,
    SignInLimitError,
    Status,
    StoreError,
    dead_of,
)

__all__ = [
    "FALSE_ALARMS",
    "SILENCE",
    "STATUSES",
    "Backlog",
    "Bucket",
    "Choices",
    "DeadItem",
    "DeadLetter",
    "Defect",
    "DefectFilter",
    "DetectionItem",
    "Device",
    "EvidenceItem",
    "FalseAlarm",
    "Figures",
    "Heard",
    "Item",
    "Keep",
    "Outcome",
    "Page",
    "Pruned",
    "RefusedError",
    "Review",
    "ReviewConflictError",
    "ReviewStep",
    "Reviewed",
    "SignInLimitError",
    "Status",
    "Store",
    "StoreError",
    "Tally",
    "Uptime",
    "bucket_starts",
    "dead_of",
    "every_defect",
    "every_page",
    "figures",
    "open_sign_in",
    "open_store",
    "supabase_migrations",
]
