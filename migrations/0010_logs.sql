-- Change history: who changed what through the Management API. It outlives users, keys and Applications.
CREATE TABLE changes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES accounts,
    application_id bigint,
    user_id bigint NOT NULL,
    management_key_id bigint,
    entity text NOT NULL,
    old json,
    new json,
    created timestamptz NOT NULL
);
CREATE INDEX changes_account ON changes (account_id, created, id);

-- Requests of the Integration API. Written in batches and dropped by age; no foreign key, which would be checked for
-- every row. Rows of a few kilobytes stay in one piece and are not compressed.
CREATE TABLE access_logs (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    application_id bigint NOT NULL,
    status smallint NOT NULL,
    method text NOT NULL,
    request_uri text NOT NULL,
    request_payload text NOT NULL,
    response_payload text NOT NULL,
    -- Digests of the customers and sessions that it is about: by these it is found when a customer is erased.
    mentions bigint[] NOT NULL,
    time timestamptz NOT NULL,
    PRIMARY KEY (time, id)
) WITH (toast_tuple_target = 8160);
CREATE INDEX access_logs_application ON access_logs (application_id, time, id);
CREATE INDEX access_logs_mentions ON access_logs USING gin (mentions);

-- Customers erased a short while ago: what a worker still had in memory of them is left out when it is written.
CREATE TABLE access_log_erasures (
    account_id bigint NOT NULL REFERENCES accounts,
    sandbox boolean NOT NULL,
    mentions bigint[] NOT NULL,
    erased timestamptz NOT NULL
);

-- Messages that were sent to other systems.
CREATE TABLE message_logs (
    id uuid PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES accounts,
    application_id bigint,
    loyalty_program_id bigint,
    campaign_id bigint,
    entity_type text NOT NULL,
    service text NOT NULL,
    change_type text,
    notification_id bigint,
    notification_name text,
    webhook_id bigint,
    webhook_name text,
    url text,
    request bytea,
    requested timestamptz,
    response bytea,
    response_status smallint,
    responded timestamptz,
    created timestamptz NOT NULL
);
CREATE INDEX message_logs_account ON message_logs (account_id, entity_type, created, id);
