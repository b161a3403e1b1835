-- Why a defect was none: written by people, like the note.
ALTER TABLE defects ADD COLUMN false_alarm TEXT;
ALTER TABLE reviews ADD COLUMN false_alarm TEXT;

-- Every filter but the text is answered from these alone, pages from the first in their order, numbers by status from the
-- second: at worst all of it is read, and no row but those of the page.
DROP INDEX defects_by_time;
CREATE INDEX defects_by_time ON defects (detected_at, event_id, device_id, label, status, score, false_alarm);
DROP INDEX defects_by_status;
CREATE INDEX defects_by_status ON defects (status, detected_at, device_id, label, score, false_alarm);

-- The same for rows with a note, in which a text is looked for.
CREATE INDEX defects_with_note
    ON defects (detected_at, event_id, device_id, label, status, score, false_alarm, note) WHERE note <> '';

ALTER TABLE devices ADD COLUMN name TEXT;
ALTER TABLE devices ADD COLUMN retired_at TEXT;

-- From when to when a program was heard, and by which bridge: how long that one listened is what it heard of itself.
CREATE TABLE presence (
    id        INTEGER NOT NULL PRIMARY KEY,
    device_id TEXT    NOT NULL,
    heard_by  TEXT    NOT NULL,
    began_at  TEXT    NOT NULL,
    last_at   TEXT    NOT NULL
) STRICT;

CREATE INDEX presence_by_device ON presence (device_id, heard_by, last_at);
CREATE INDEX presence_by_time ON presence (last_at);
