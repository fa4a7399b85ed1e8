-- Whose customers they are: those with a session, an event or an update of theirs in the Application. The profile itself
-- belongs to all Applications of its environment.
CREATE TABLE application_customers (
    application_id bigint NOT NULL REFERENCES applications ON DELETE CASCADE,
    profile_id bigint NOT NULL REFERENCES profiles,
    CONSTRAINT application_customers_pkey PRIMARY KEY (application_id, profile_id)
);
INSERT INTO application_customers
SELECT application_id, profile_id FROM customer_sessions WHERE profile_id IS NOT NULL
UNION SELECT application_id, profile_id FROM events WHERE profile_id IS NOT NULL;

-- Lists of an environment, and searches by attributes. Most customers may have none, so those are left out.
CREATE INDEX profiles_environment ON profiles (account_id, sandbox, id);
CREATE INDEX profiles_attributes ON profiles USING gin (attributes jsonb_path_ops) WHERE attributes <> '{}';

CREATE INDEX customer_sessions_application ON customer_sessions (application_id, id);
CREATE INDEX customer_sessions_coupons ON customer_sessions USING gin (coupon_codes) WHERE coupon_codes <> '{}';
CREATE INDEX customer_sessions_referral ON customer_sessions (application_id, referral_code) WHERE referral_code <> '';
CREATE INDEX customer_sessions_store ON customer_sessions (application_id, store_integration_id, id)
    WHERE store_integration_id <> '';

-- The codes that the request on a session was judged with, to find what became of them.
ALTER TABLE events ADD COLUMN coupon_codes text[] NOT NULL DEFAULT '{}', ADD COLUMN referral_code text NOT NULL DEFAULT '';
UPDATE events SET coupon_codes = ARRAY(SELECT json_array_elements_text(facts #> '{session,coupon_codes}')),
    referral_code = coalesce(facts #>> '{session,referral_code}', '')
WHERE type LIKE 'talon_session_%';
CREATE INDEX events_application ON events (application_id, id);
DROP INDEX events_types;
CREATE INDEX events_types ON events (application_id, type, id);
CREATE INDEX events_coupons ON events USING gin (coupon_codes) WHERE coupon_codes <> '{}';
CREATE INDEX events_referral ON events (application_id, referral_code, id) WHERE referral_code <> '';
CREATE INDEX advanced_events_event ON advanced_events (event_id);

-- Exports go through all campaigns of an Application.
CREATE INDEX referrals_application ON referrals (application_id, id);

-- What was exported, by whom; `filter` has the parameters of the request. Application and campaign stay as numbers.
CREATE TABLE exports (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES accounts,
    user_id bigint NOT NULL REFERENCES users,
    application_id bigint,
    campaign_id bigint,
    entity text NOT NULL,
    filter json NOT NULL,
    created timestamptz NOT NULL
);
CREATE INDEX exports_account ON exports (account_id, id);

-- Where a table has no statistics yet, PostgreSQL finds a session by its id and by the list of all sessions equally
-- cheap, and takes the index that was made last, for as long as the connection lives. So these are made again, last.
ALTER TABLE customer_sessions DROP CONSTRAINT customer_sessions_integration_id_key,
    ADD CONSTRAINT customer_sessions_integration_id_key UNIQUE (application_id, integration_id);
ALTER TABLE profiles DROP CONSTRAINT profiles_integration_id_key,
    ADD CONSTRAINT profiles_integration_id_key UNIQUE (account_id, sandbox, integration_id);
