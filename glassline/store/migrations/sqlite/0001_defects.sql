-- Times are RFC 3339 in UTC with milliseconds: readable in any shell, and in the order of time as text.

CREATE TABLE defects (
    event_id         TEXT    NOT NULL PRIMARY KEY,
    device_id        TEXT    NOT NULL,
    rev              INTEGER NOT NULL,
    phase            TEXT    NOT NULL,
    label            TEXT    NOT NULL,
    score            REAL    NOT NULL,
    boxes            TEXT    NOT NULL,
    detected_at      TEXT    NOT NULL,
    last_seen_at     TEXT    NOT NULL,
    frame_at         TEXT    NOT NULL,
    confirmed_at     TEXT    NOT NULL,
    stored_at        TEXT    NOT NULL,
    frames_confirmed INTEGER NOT NULL,
    model            TEXT    NOT NULL,
    model_sha256     TEXT,
    clock            TEXT    NOT NULL,
    image_sha256     TEXT,
    image_size_bytes INTEGER,
    image_width      INTEGER,
    image_height     INTEGER,
    image_stored     INTEGER NOT NULL DEFAULT 0 CHECK (image_stored IN (0, 1)),
    status           TEXT    NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'reviewed', 'resolved')),
    note             TEXT    NOT NULL DEFAULT '',
    reviewed_by      TEXT,
    reviewed_at      TEXT,
    version          INTEGER NOT NULL DEFAULT 0,
    CHECK (image_stored = 0 OR image_sha256 IS NOT NULL)
) STRICT;

CREATE INDEX defects_by_time ON defects (detected_at, event_id);
CREATE INDEX defects_by_device ON defects (device_id, detected_at, event_id);
CREATE INDEX defects_by_label ON defects (label, detected_at, event_id);
CREATE INDEX defects_by_status ON defects (status, detected_at, event_id);

CREATE TABLE reviews (
    id          INTEGER NOT NULL PRIMARY KEY,
    event_id    TEXT    NOT NULL REFERENCES defects (event_id) ON DELETE CASCADE,
    at          TEXT    NOT NULL,
    by          TEXT    NOT NULL,
    from_status TEXT    NOT NULL,
    to_status   TEXT    NOT NULL,
    note        TEXT    NOT NULL,
    version     INTEGER NOT NULL,
    UNIQUE (event_id, version)
) STRICT;

CREATE TABLE devices (
    device_id     TEXT NOT NULL PRIMARY KEY,
    role          TEXT,
    status        TEXT,
    first_seen_at TEXT NOT NULL,
    last_seen_at  TEXT NOT NULL,
    info          TEXT NOT NULL DEFAULT '{}'
) STRICT;

-- Pictures on the disk whose detection, or the rev of it that names them, has not come yet.
CREATE TABLE orphans (
    id          INTEGER NOT NULL PRIMARY KEY,
    device_id   TEXT    NOT NULL,
    event_id    TEXT    NOT NULL,
    rev         INTEGER NOT NULL,
    sha256      TEXT    NOT NULL,
    received_at TEXT    NOT NULL,
    UNIQUE (event_id, sha256, device_id)
) STRICT;

CREATE INDEX orphans_by_device ON orphans (device_id, id);
CREATE INDEX orphans_by_time ON orphans (received_at);

-- What can never be stored. `payload` is cut where it is long; `sha256` and `size_bytes` are of the whole.
CREATE TABLE dead_letters (
    id         INTEGER NOT NULL PRIMARY KEY,
    device_id  TEXT    NOT NULL,
    kind       TEXT    NOT NULL,
    event_id   TEXT,
    rev        INTEGER NOT NULL,
    error      TEXT    NOT NULL,
    payload    BLOB    NOT NULL,
    size_bytes INTEGER NOT NULL,
    sha256     TEXT    NOT NULL,
    first_at   TEXT    NOT NULL,
    last_at    TEXT    NOT NULL,
    times      INTEGER NOT NULL DEFAULT 1,
    UNIQUE (device_id, kind, sha256)
) STRICT;

CREATE INDEX dead_letters_by_time ON dead_letters (device_id, first_at);
