"""The web: what the cameras see now and what was found, in a browser, from MQTT and the store."""
