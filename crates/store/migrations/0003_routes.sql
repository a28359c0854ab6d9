-- Names that stand for several models. Candidates are a list of objects as the management API takes and shows them.
CREATE TABLE routes (
    name       TEXT PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 128),
    strategy   TEXT NOT NULL CHECK (strategy <> ''),
    candidates TEXT NOT NULL CHECK (
        json_valid(candidates) AND json_type(candidates) = 'array' AND json_array_length(candidates) BETWEEN 1 AND 64
    )
) STRICT, WITHOUT ROWID;
