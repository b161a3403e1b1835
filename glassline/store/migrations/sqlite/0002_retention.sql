-- A picture that was kept for as long as wished: `image_stored` still says that it had come.
ALTER TABLE defects ADD COLUMN image_removed_at TEXT;

CREATE INDEX defects_with_picture ON defects (detected_at, event_id, image_size_bytes)
    WHERE image_stored = 1 AND image_removed_at IS NULL;
