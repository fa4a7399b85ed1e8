-- Answers that are given again to a request that comes again under its Idempotency-Key (core.md §1.3).
CREATE TABLE idempotency_keys (
    application_id bigint NOT NULL REFERENCES applications ON DELETE CASCADE,
    -- SHA-256 of method, path and key, which may be too long for an index.
    digest bytea NOT NULL,
    -- SHA-256 of query and body: another request under the same key is refused.
    request_digest bytea NOT NULL,
    status smallint NOT NULL,
    content bytea NOT NULL,
    created timestamptz NOT NULL,
    PRIMARY KEY (application_id, digest)
);
CREATE INDEX idempotency_keys_created ON idempotency_keys (application_id, created);
