-- One row for each request that came to its end; never what was said in it. Kept for as long as the settings say.
CREATE TABLE requests (
    seq                INTEGER PRIMARY KEY,
    id                 TEXT NOT NULL UNIQUE CHECK (id <> ''),
    began_at_ms        INTEGER NOT NULL CHECK (began_at_ms >= 0),
    generation         INTEGER NOT NULL CHECK (generation >= 0),
    key                TEXT NOT NULL CHECK (key <> ''),
    project            TEXT CHECK (project <> ''),
    operation          TEXT NOT NULL CHECK (operation <> ''),
    dialect            TEXT NOT NULL CHECK (dialect <> ''),
    stream             INTEGER NOT NULL CHECK (stream IN (0, 1)),
    asked_model        TEXT NOT NULL,
    route              TEXT CHECK (route <> ''),
    provider           TEXT CHECK (provider <> ''),
    model              TEXT CHECK (model <> ''),
    status             INTEGER NOT NULL CHECK (status BETWEEN 0 AND 65535),
    outcome            TEXT NOT NULL CHECK (outcome IN ('answered', 'refused', 'failed', 'broken_off', 'cancelled')),
    error              TEXT CHECK (error <> ''),
    input_tokens       INTEGER CHECK (input_tokens >= 0),
    cache_read_tokens  INTEGER CHECK (cache_read_tokens >= 0),
    cache_write_tokens INTEGER CHECK (cache_write_tokens >= 0),
    output_tokens      INTEGER CHECK (output_tokens >= 0),
    reasoning_tokens   INTEGER CHECK (reasoning_tokens >= 0),
    cost_nano_usd      INTEGER CHECK (cost_nano_usd >= 0),
    duration_ms        INTEGER NOT NULL CHECK (duration_ms >= 0),
    first_byte_ms      INTEGER CHECK (first_byte_ms >= 0),
    queued_ms          INTEGER NOT NULL CHECK (queued_ms >= 0),
    attempts           TEXT NOT NULL CHECK (json_valid(attempts) AND json_type(attempts) = 'array'),
    traceparent        TEXT
) STRICT;

-- Lists are newest first: each index ends with the time, and SQLite adds seq.
CREATE INDEX requests_by_time ON requests (began_at_ms);
CREATE INDEX requests_by_key ON requests (key, began_at_ms);
CREATE INDEX requests_by_project ON requests (project, began_at_ms) WHERE project IS NOT NULL;
CREATE INDEX requests_by_route ON requests (route, began_at_ms) WHERE route IS NOT NULL;
CREATE INDEX requests_by_provider ON requests (provider, began_at_ms) WHERE provider IS NOT NULL;
CREATE INDEX requests_by_model ON requests (model, began_at_ms) WHERE model IS NOT NULL;
-- Most are answered: an index of those would be the table again.
CREATE INDEX requests_by_outcome ON requests (outcome, began_at_ms) WHERE outcome <> 'answered';
CREATE INDEX requests_by_error ON requests (error, began_at_ms) WHERE error IS NOT NULL;

-- The sums of each day in UTC, kept for good. '' is none: the primary key can't hold NULL.
CREATE TABLE usage_daily (
    day                TEXT NOT NULL CHECK (day GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
    key                TEXT NOT NULL CHECK (key <> ''),
    project            TEXT NOT NULL,
    route              TEXT NOT NULL,
    provider           TEXT NOT NULL,
    model              TEXT NOT NULL,
    requests           INTEGER NOT NULL CHECK (requests >= 0),
    failed             INTEGER NOT NULL CHECK (failed >= 0),
    input_tokens       INTEGER NOT NULL CHECK (input_tokens >= 0),
    cache_read_tokens  INTEGER NOT NULL CHECK (cache_read_tokens >= 0),
    cache_write_tokens INTEGER NOT NULL CHECK (cache_write_tokens >= 0),
    output_tokens      INTEGER NOT NULL CHECK (output_tokens >= 0),
    reasoning_tokens   INTEGER NOT NULL CHECK (reasoning_tokens >= 0),
    cost_nano_usd      INTEGER NOT NULL CHECK (cost_nano_usd >= 0),
    unpriced_requests  INTEGER NOT NULL CHECK (unpriced_requests >= 0),
    PRIMARY KEY (day, key, project, route, provider, model)
) STRICT, WITHOUT ROWID;
