"""The kinds of marks that glass carries, and the one function that draws any of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from glassline.scene.marks.bubble import bubble
from glassline.scene.marks.chip import chip
from glassline.scene.marks.crack import crack
from glassline.scene.marks.scratch import scratch
from glassline.scene.marks.stain import stain
from glassline.scene.sheet import Look, Mark, Sheet, Site

Drawer = Callable[[np.random.Generator, Sheet, Look, Site], Mark | None]

_DRAWERS: dict[str, Drawer] = {
    "scratch": scratch,
    "crack": crack,
    "bubble": bubble,
    "chip": chip,
    "stain": stain,
}

#: The labels, in the order of their class numbers.
LABELS: tuple[str, ...] = tuple(_DRAWERS)


def draw(rng: np.random.Generator, label: str, sheet: Sheet, look: Look, site: Site) -> Mark | None:
    """Draw one mark of the kind at a random place of the site; None when too little of it would be visible."""
    return _DRAWERS[label](rng, sheet, look, site)
