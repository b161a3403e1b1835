"""The node: looks at glass, finds defects, keeps them until they are stored, and shows the live picture.

Three threads, each at its own pace, meet in one-slot boxes: capture -> inspection -> outbox -> sender, and capture ->
live. None waits for the network, and capture waits for nobody.
"""
