-- The first schema. Names of constraints are API: db/pool.py maps them to client errors.

CREATE TABLE accounts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    created timestamptz NOT NULL
);

CREATE TABLE users (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES accounts,
    email text NOT NULL,
    name text NOT NULL,
    password_hash text NOT NULL,
    is_admin boolean NOT NULL DEFAULT false,
    state text NOT NULL DEFAULT 'active',
    created timestamptz NOT NULL,
    CONSTRAINT users_email_key UNIQUE (email)
);

CREATE TABLE logins (
    token_hash bytea PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    created timestamptz NOT NULL,
    expires timestamptz NOT NULL
);

CREATE TABLE management_keys (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES accounts,
    name text NOT NULL,
    key_hash bytea NOT NULL,
    endpoints text[] NOT NULL,
    allowed_application_ids bigint[] NOT NULL DEFAULT '{}',
    created_by bigint NOT NULL REFERENCES users,
    created timestamptz NOT NULL,
    expires timestamptz NOT NULL,
    CONSTRAINT management_keys_hash_key UNIQUE (key_hash)
);

CREATE TABLE applications (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES accounts,
    name text NOT NULL,
    description text NOT NULL DEFAULT '',
    timezone text NOT NULL,
    currency text NOT NULL,
    case_sensitivity text NOT NULL DEFAULT 'sensitive',
    attributes jsonb NOT NULL DEFAULT '{}',
    limits jsonb NOT NULL DEFAULT '[]',
    default_discount_scope text NOT NULL DEFAULT 'sessionTotal',
    default_discount_additional_cost_per_item_scope text NOT NULL DEFAULT 'price',
    enable_cascading_discounts boolean NOT NULL DEFAULT false,
    enable_flattened_cart_items boolean NOT NULL DEFAULT false,
    enable_partial_discounts boolean NOT NULL DEFAULT false,
    enable_campaign_state_management boolean NOT NULL DEFAULT false,
    attributes_settings jsonb NOT NULL DEFAULT '{}',
    best_prior_price_settings jsonb,
    sandbox boolean NOT NULL DEFAULT false,
    legacy_key text NOT NULL DEFAULT '',
    default_evaluation_group_id bigint,
    default_cart_item_filter_id bigint,
    -- Raised in the transaction that changes anything a rule can see; the program cache goes by it.
    revision bigint NOT NULL DEFAULT 0,
    created timestamptz NOT NULL,
    modified timestamptz NOT NULL
);

CREATE TABLE evaluation_groups (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    application_id bigint NOT NULL REFERENCES applications ON DELETE CASCADE,
    name text NOT NULL,
    parent_id bigint REFERENCES evaluation_groups,
    description text NOT NULL DEFAULT '',
    evaluation_mode text NOT NULL DEFAULT 'stackable',
    evaluation_scope text NOT NULL DEFAULT 'session',
    locked boolean NOT NULL DEFAULT false,
    created timestamptz NOT NULL
);
CREATE INDEX evaluation_groups_application ON evaluation_groups (application_id);

CREATE TABLE application_keys (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    application_id bigint NOT NULL REFERENCES applications ON DELETE CASCADE,
    title text NOT NULL,
    key_hash bytea NOT NULL,
    platform text,
    type text,
    time_offset bigint,
    created_by bigint NOT NULL REFERENCES users,
    created timestamptz NOT NULL,
    expires timestamptz NOT NULL,
    CONSTRAINT application_keys_hash_key UNIQUE (key_hash)
);
CREATE INDEX application_keys_application ON application_keys (application_id);

CREATE TABLE attributes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES accounts,
    entity text NOT NULL,
    event_type text NOT NULL DEFAULT '',
    name text NOT NULL,
    title text NOT NULL,
    type text NOT NULL,
    description text NOT NULL,
    suggestions text[] NOT NULL DEFAULT '{}',
    has_allowed_list boolean NOT NULL DEFAULT false,
    restricted_by_suggestions boolean NOT NULL DEFAULT false,
    editable boolean NOT NULL DEFAULT true,
    subscribed_applications_ids bigint[],
    subscribed_catalogs_ids bigint[],
    allowed_subscriptions text[],
    created timestamptz NOT NULL,
    CONSTRAINT attributes_name_key UNIQUE (account_id, entity, event_type, name),
    CONSTRAINT attributes_title_key UNIQUE (account_id, entity, event_type, title)
);

CREATE TABLE campaigns (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    application_id bigint NOT NULL REFERENCES applications ON DELETE CASCADE,
    user_id bigint NOT NULL REFERENCES users,
    name text NOT NULL,
    description text NOT NULL DEFAULT '',
    start_time timestamptz,
    end_time timestamptz,
    attributes jsonb NOT NULL DEFAULT '{}',
    state text NOT NULL,
    active_ruleset_id bigint,
    tags text[] NOT NULL DEFAULT '{}',
    reevaluate_on_return boolean NOT NULL DEFAULT false,
    features text[] NOT NULL DEFAULT '{}',
    coupon_settings jsonb,
    referral_settings jsonb,
    limits jsonb NOT NULL DEFAULT '[]',
    campaign_groups bigint[] NOT NULL DEFAULT '{}',
    type text NOT NULL DEFAULT 'advanced',
    linked_store_ids bigint[] NOT NULL DEFAULT '{}',
    coupon_attributes jsonb NOT NULL DEFAULT '{}',
    evaluation_group_id bigint NOT NULL REFERENCES evaluation_groups,
    coupon_redemption_count bigint NOT NULL DEFAULT 0,
    discount_count numeric NOT NULL DEFAULT 0,
    discount_effect_count bigint NOT NULL DEFAULT 0,
    custom_effect_count bigint NOT NULL DEFAULT 0,
    add_free_item_effect_count bigint NOT NULL DEFAULT 0,
    last_activity timestamptz,
    updated_by bigint REFERENCES users,
    created timestamptz NOT NULL,
    updated timestamptz NOT NULL
);
CREATE INDEX campaigns_application ON campaigns (application_id, id);

-- Append-only: every save is a new revision (rules.md §1.2).
CREATE TABLE rulesets (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    application_id bigint NOT NULL REFERENCES applications ON DELETE CASCADE,
    campaign_id bigint NOT NULL REFERENCES campaigns ON DELETE CASCADE,
    user_id bigint NOT NULL REFERENCES users,
    rules json NOT NULL,
    strikethrough_rules json,
    bindings json NOT NULL,
    rb_version text NOT NULL,
    activate boolean NOT NULL DEFAULT false,
    activated_at timestamptz,
    created timestamptz NOT NULL
);
CREATE INDEX rulesets_campaign ON rulesets (campaign_id, id);

-- What rules can see, as of every revision: a row for each changed part; data is null once it is deleted.
-- The live program and any program of the past are both read from here.
CREATE TABLE program_parts (
    application_id bigint NOT NULL,
    revision bigint NOT NULL,
    kind text NOT NULL,
    part_id bigint NOT NULL,
    data json,
    PRIMARY KEY (application_id, revision, kind, part_id)
);

CREATE TABLE coupons (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    application_id bigint NOT NULL REFERENCES applications ON DELETE CASCADE,
    campaign_id bigint NOT NULL REFERENCES campaigns ON DELETE CASCADE,
    value text NOT NULL,
    usage_limit integer NOT NULL,
    usage_counter integer NOT NULL DEFAULT 0,
    discount_limit numeric,
    discount_counter numeric NOT NULL DEFAULT 0,
    reservation_limit integer,
    reservation_counter integer NOT NULL DEFAULT 0,
    start_date timestamptz,
    expiry_date timestamptz,
    limits jsonb NOT NULL DEFAULT '[]',
    attributes jsonb NOT NULL DEFAULT '{}',
    referral_id bigint,
    recipient_integration_id text,
    import_id bigint,
    reservation boolean NOT NULL DEFAULT true,
    batch_id text,
    is_reservation_mandatory boolean NOT NULL DEFAULT false,
    implicitly_reserved boolean NOT NULL DEFAULT false,
    created timestamptz NOT NULL,
    CONSTRAINT coupons_value_key UNIQUE (application_id, value)
);
CREATE INDEX coupons_campaign ON coupons (campaign_id, id);
CREATE INDEX coupons_batch ON coupons (campaign_id, batch_id);

-- Profiles are shared by the Applications of one environment (core.md §3.4).
CREATE TABLE profiles (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES accounts,
    sandbox boolean NOT NULL,
    integration_id text NOT NULL,
    attributes jsonb NOT NULL DEFAULT '{}',
    closed_sessions bigint NOT NULL DEFAULT 0,
    total_sales numeric NOT NULL DEFAULT 0,
    last_activity timestamptz NOT NULL,
    created timestamptz NOT NULL,
    CONSTRAINT profiles_integration_id_key UNIQUE (account_id, sandbox, integration_id)
) WITH (fillfactor = 80);

CREATE TABLE customer_sessions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    application_id bigint NOT NULL REFERENCES applications ON DELETE CASCADE,
    integration_id text NOT NULL,
    profile_id bigint REFERENCES profiles,
    profile_integration_id text NOT NULL DEFAULT '',
    store_integration_id text NOT NULL DEFAULT '',
    state text NOT NULL,
    first_session boolean NOT NULL,
    coupon_codes text[] NOT NULL DEFAULT '{}',
    -- The codes folded as the Application compares them; what a read looks coupons up by.
    coupon_keys text[] NOT NULL DEFAULT '{}',
    referral_code text NOT NULL DEFAULT '',
    content jsonb NOT NULL,
    effects json NOT NULL,
    total numeric NOT NULL,
    total_discounts numeric NOT NULL DEFAULT 0,
    -- Also the version that an update checks: see ADR 0010.
    update_count bigint NOT NULL,
    created timestamptz NOT NULL,
    updated timestamptz NOT NULL,
    closed_at timestamptz,
    cancelled_at timestamptz,
    CONSTRAINT customer_sessions_integration_id_key UNIQUE (application_id, integration_id)
) WITH (fillfactor = 80);
CREATE INDEX customer_sessions_profile ON customer_sessions (profile_id);
-- Not led by application_id: while the table has no statistics, the planner would take it to find a session.
CREATE INDEX customer_sessions_created ON customer_sessions (created);

-- One row for each coupon that a closed session used; rolled back rows stay, with the time.
CREATE TABLE coupon_redemptions (
    session_id bigint NOT NULL REFERENCES customer_sessions ON DELETE CASCADE,
    coupon_id bigint NOT NULL,
    application_id bigint NOT NULL,
    campaign_id bigint NOT NULL,
    profile_id bigint,
    redeemed_at timestamptz NOT NULL,
    rolled_back_at timestamptz,
    PRIMARY KEY (session_id, coupon_id, redeemed_at)
);
CREATE INDEX coupon_redemptions_coupon ON coupon_redemptions (coupon_id, profile_id);

-- The append-only log (invariant 10): what went in, the revision and the time it was judged at, what came out.
-- Partitioned by time so that retention is dropping a partition; db/events.py adds the months ahead.
CREATE TABLE events (
    id bigint GENERATED ALWAYS AS IDENTITY,
    application_id bigint NOT NULL,
    type text NOT NULL,
    session_id bigint,
    profile_id bigint,
    revision bigint NOT NULL,
    judged_at timestamptz NOT NULL,
    facts json NOT NULL,
    effects json NOT NULL,
    response_content text[] NOT NULL DEFAULT '{}',
    created timestamptz NOT NULL,
    PRIMARY KEY (id, created),
    -- An update that lost the race for its session finds no row to write and so trips this: 409, all undone.
    CONSTRAINT events_session_updated_alone CHECK (type NOT LIKE 'talon_session_%' OR session_id IS NOT NULL)
) PARTITION BY RANGE (created);
CREATE TABLE events_default PARTITION OF events DEFAULT;
CREATE INDEX events_session ON events (session_id, id);
