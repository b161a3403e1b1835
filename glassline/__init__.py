"""Glassline: a camera looks at glass, defects go out over MQTT, every one is stored and shown."""

__version__ = "0.1.0"
