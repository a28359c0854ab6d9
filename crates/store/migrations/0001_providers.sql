-- "CPaw": tells our files from other programs' databases.
PRAGMA application_id = 0x43506177;

CREATE TABLE migrations (
    version INTEGER PRIMARY KEY CHECK (version > 0),
    name    TEXT NOT NULL,
    sql     TEXT NOT NULL
) STRICT;

CREATE TABLE settings (
    key   TEXT PRIMARY KEY CHECK (key <> ''),
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Ids rise, so that they tell the order of registration.
CREATE TABLE providers (
    id             INTEGER PRIMARY KEY,
    name           TEXT NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 64),
    provider_type  TEXT NOT NULL CHECK (provider_type <> ''),
    base_url       TEXT NOT NULL CHECK (base_url <> ''),
    default_model  TEXT CHECK (default_model <> ''),
    models         TEXT NOT NULL CHECK (json_valid(models) AND json_type(models) = 'array'),
    enabled        INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    rate_limit     INTEGER CHECK (rate_limit > 0),
    timeout_s      REAL CHECK (timeout_s > 0),
    network        TEXT NOT NULL CHECK (network IN ('public', 'local')),
    settings       TEXT NOT NULL CHECK (json_valid(settings) AND json_type(settings) = 'object'),
    api_key_sealed BLOB CHECK (length(api_key_sealed) > 0),
    api_key_hint   TEXT CHECK (length(api_key_hint) = 4),
    headers_sealed BLOB CHECK (length(headers_sealed) > 0),
    header_names   TEXT NOT NULL CHECK (json_valid(header_names) AND json_type(header_names) = 'array'),
    created_at_ms  INTEGER NOT NULL CHECK (created_at_ms >= 0),
    CHECK (api_key_hint IS NULL OR api_key_sealed IS NOT NULL),
    CHECK ((headers_sealed IS NULL) = (json_array_length(header_names) = 0))
) STRICT;

-- One row, or none while there is no default.
CREATE TABLE default_provider (
    only        INTEGER PRIMARY KEY CHECK (only = 1),
    provider_id INTEGER NOT NULL REFERENCES providers (id)
) STRICT;
