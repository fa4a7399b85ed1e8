-- The whole life of a session: referrals, reservations, limits with their counters, returns.

CREATE TABLE referrals (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    application_id bigint NOT NULL REFERENCES applications ON DELETE CASCADE,
    campaign_id bigint NOT NULL REFERENCES campaigns ON DELETE CASCADE,
    value text NOT NULL,
    advocate_integration_id text NOT NULL,
    friend_integration_id text,
    usage_limit integer NOT NULL,
    usage_counter integer NOT NULL DEFAULT 0,
    start_date timestamptz,
    expiry_date timestamptz,
    attributes jsonb NOT NULL DEFAULT '{}',
    import_id bigint,
    batch_id text,
    created timestamptz NOT NULL,
    CONSTRAINT referrals_value_key UNIQUE (application_id, value)
);
CREATE INDEX referrals_campaign ON referrals (campaign_id, id);
CREATE INDEX referrals_advocate ON referrals (advocate_integration_id);

-- As coupon_redemptions; the profile is the friend's.
CREATE TABLE referral_redemptions (
    session_id bigint NOT NULL REFERENCES customer_sessions ON DELETE CASCADE,
    referral_id bigint NOT NULL,
    application_id bigint NOT NULL,
    campaign_id bigint NOT NULL,
    profile_id bigint NOT NULL,
    redeemed_at timestamptz NOT NULL,
    rolled_back_at timestamptz,
    PRIMARY KEY (session_id, referral_id, redeemed_at)
);
CREATE INDEX referral_redemptions_referral ON referral_redemptions (referral_id);
CREATE INDEX referral_redemptions_profile ON referral_redemptions (profile_id);

CREATE TABLE coupon_reservations (
    coupon_id bigint NOT NULL REFERENCES coupons ON DELETE CASCADE,
    profile_id bigint NOT NULL REFERENCES profiles,
    created timestamptz NOT NULL,
    PRIMARY KEY (coupon_id, profile_id)
);
CREATE INDEX coupon_reservations_profile ON coupon_reservations (profile_id);

-- How much of a limit is used up (core.md §8): a row for each combination of entities and each period that anything
-- was counted in. `entities` holds name and value in turn, in alphabetical order of the names: {Profile,jane}. `most` is
-- the limit as it was when something was last counted: an update that would go beyond it finds no row.
CREATE TABLE limit_counters (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    application_id bigint NOT NULL,
    campaign_id bigint NOT NULL REFERENCES campaigns ON DELETE CASCADE,
    action text NOT NULL,
    entities text[] NOT NULL,
    period text NOT NULL,
    used numeric NOT NULL,
    most numeric,
    CONSTRAINT limit_counters_key UNIQUE (campaign_id, action, period, entities)
) WITH (fillfactor = 70);

CREATE TABLE returns (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    application_id bigint NOT NULL,
    session_id bigint NOT NULL REFERENCES customer_sessions ON DELETE CASCADE,
    event_id bigint NOT NULL,
    profile_id bigint,
    returned_cart_items json NOT NULL,
    created_by bigint REFERENCES users,
    created timestamptz NOT NULL
);
CREATE INDEX returns_session ON returns (session_id, id);

ALTER TABLE customer_sessions
    -- The referral code folded, as coupon_keys are.
    ADD COLUMN referral_key text NOT NULL DEFAULT '',
    -- Codes that rules made for the session and give out again at its next update.
    ADD COLUMN kept_codes json NOT NULL DEFAULT '[]',
    -- What closing it added to the counters of limits, as far as it can be given back.
    ADD COLUMN charged json NOT NULL DEFAULT '[]';

-- Raised with every change that the rules of another session may depend on; a closing session checks it.
ALTER TABLE profiles ADD COLUMN version bigint NOT NULL DEFAULT 0;

ALTER TABLE campaigns
    ADD COLUMN referral_redemption_count bigint NOT NULL DEFAULT 0,
    ADD COLUMN coupon_creation_count bigint NOT NULL DEFAULT 0,
    ADD COLUMN referral_creation_count bigint NOT NULL DEFAULT 0,
    ADD COLUMN reserve_coupon_effect_count bigint NOT NULL DEFAULT 0,
    ADD COLUMN call_api_effect_count bigint NOT NULL DEFAULT 0;
