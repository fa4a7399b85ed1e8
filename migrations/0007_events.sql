-- Advanced events (POST /v3/events): those that the shop tells of under an id of its own, which may not come twice.
CREATE TABLE advanced_events (
    application_id bigint NOT NULL REFERENCES applications ON DELETE CASCADE,
    integration_id text NOT NULL,
    -- The entry of the log.
    event_id bigint NOT NULL,
    type text NOT NULL,
    profile_id bigint NOT NULL REFERENCES profiles,
    store_integration_id text,
    connected_session_id text,
    previous_event_id text,
    attributes jsonb NOT NULL,
    created timestamptz NOT NULL,
    CONSTRAINT advanced_events_key PRIMARY KEY (application_id, integration_id)
);
CREATE INDEX advanced_events_profile ON advanced_events (profile_id);
