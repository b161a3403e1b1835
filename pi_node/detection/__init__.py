"""From frames to confirmed detections, with their pictures."""
