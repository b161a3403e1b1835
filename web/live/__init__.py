"""Live pictures and events: from MQTT through one writer to every browser's WebSocket."""
