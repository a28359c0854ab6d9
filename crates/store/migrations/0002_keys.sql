-- What the keys of a project may use together. A project that is only named by keys needs no row.
CREATE TABLE projects (
    name   TEXT PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 64),
    limits TEXT NOT NULL CHECK (json_valid(limits) AND json_type(limits) = 'object')
) STRICT, WITHOUT ROWID;

-- Virtual keys, revoked ones too. Numbers rise, so that they tell the order of making.
CREATE TABLE keys (
    number        INTEGER PRIMARY KEY,
    id            TEXT NOT NULL UNIQUE CHECK (length(id) = 12),
    name          TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
    project       TEXT CHECK (length(project) BETWEEN 1 AND 64),
    -- The id of the key that made it, NULL for the admin key. It may be a key of the configuration, so it is no
    -- reference.
    made_by       TEXT CHECK (length(made_by) = 12),
    scopes        TEXT NOT NULL CHECK (json_valid(scopes) AND json_type(scopes) = 'array'),
    -- NULL is everything.
    providers     TEXT CHECK (json_valid(providers) AND json_type(providers) = 'array'),
    models        TEXT CHECK (json_valid(models) AND json_type(models) = 'array'),
    local_only    INTEGER NOT NULL CHECK (local_only IN (0, 1)),
    limits        TEXT NOT NULL CHECK (json_valid(limits) AND json_type(limits) = 'object'),
    created_at_ms INTEGER NOT NULL CHECK (created_at_ms >= 0),
    expires_at_ms INTEGER CHECK (expires_at_ms >= 0),
    revoked_at_ms INTEGER CHECK (revoked_at_ms >= 0),
    -- SHA-256 of the key's whole text, and of the text before the last rotation as long as that one works too.
    digest        BLOB NOT NULL CHECK (length(digest) = 32),
    old_digest    BLOB CHECK (length(old_digest) = 32),
    old_until_ms  INTEGER CHECK (old_until_ms >= 0),
    CHECK ((old_digest IS NULL) = (old_until_ms IS NULL))
) STRICT;
