"""`glassline simulate`: a fleet of light nodes, for load and for chaos.

Camera and detector are replaced by prepared pictures and planted detections; outbox and sender are the node's own.
"""
