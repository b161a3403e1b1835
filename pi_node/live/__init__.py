"""The live picture, for whoever watches now."""
