"""The bridge: what nodes send over MQTT is committed to the store, and only then receipted."""
