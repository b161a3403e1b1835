"""`glassline flash`: a card from which a Raspberry Pi boots straight into inspecting."""
