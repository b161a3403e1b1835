"""Worn glass in still pictures: the marks, the clutter and the light of real close-ups, for training."""

from glassline.scene.worn.scene import REFERENCE_SIDE, WORN_KINDS, WornGlass, render_worn

__all__ = ["REFERENCE_SIDE", "WORN_KINDS", "WornGlass", "render_worn"]
