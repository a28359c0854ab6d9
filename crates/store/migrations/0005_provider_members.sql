-- Further keys beside the first, sealed together; what may be used, waited for and queued, as JSON objects.
ALTER TABLE providers ADD COLUMN api_keys_sealed BLOB CHECK (length(api_keys_sealed) > 0);
ALTER TABLE providers ADD COLUMN limits TEXT NOT NULL DEFAULT '{}'
    CHECK (json_valid(limits) AND json_type(limits) = 'object');
ALTER TABLE providers ADD COLUMN model_limits TEXT NOT NULL DEFAULT '{}'
    CHECK (json_valid(model_limits) AND json_type(model_limits) = 'object');
ALTER TABLE providers ADD COLUMN timeouts TEXT NOT NULL DEFAULT '{}'
    CHECK (json_valid(timeouts) AND json_type(timeouts) = 'object');
ALTER TABLE providers ADD COLUMN queue TEXT NOT NULL DEFAULT '{}'
    CHECK (json_valid(queue) AND json_type(queue) = 'object');
