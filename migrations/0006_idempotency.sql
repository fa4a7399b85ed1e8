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

-- What only clients of the first generation (V1) say and see of a session: their own total, and the discounts by label.
-- It holds as long as `update_count` is the session's, that is, until a V2 client writes the session.
CREATE TABLE v1_sessions (
    session_id bigint PRIMARY KEY REFERENCES customer_sessions ON DELETE CASCADE,
    application_id bigint NOT NULL,
    update_count bigint NOT NULL,
    total numeric,
    discounts json NOT NULL
);
