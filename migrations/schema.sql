-- Written by tools/schema_snapshot.py from the migrations, for reading; it is not what is run.

CREATE TABLE public.access_log_erasures (
    account_id bigint NOT NULL,
    sandbox boolean NOT NULL,
    mentions bigint[] NOT NULL,
    erased timestamp with time zone NOT NULL
);

CREATE TABLE public.access_logs (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    application_id bigint NOT NULL,
    status smallint NOT NULL,
    method text NOT NULL,
    request_uri text NOT NULL,
    request_payload text NOT NULL,
    response_payload text NOT NULL,
    mentions bigint[] NOT NULL,
    "time" timestamp with time zone NOT NULL
)
WITH (toast_tuple_target='8160');

CREATE TABLE public.accounts (
    id bigint NOT NULL,
    name text NOT NULL,
    created timestamp with time zone NOT NULL,
    billing_email text DEFAULT ''::text NOT NULL,
    plan_expires timestamp with time zone,
    attributes jsonb DEFAULT '{}'::jsonb NOT NULL,
    modified timestamp with time zone
);

ALTER TABLE public.accounts ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.accounts_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.additional_costs (
    id bigint NOT NULL,
    account_id bigint NOT NULL,
    name text NOT NULL,
    title text NOT NULL,
    description text NOT NULL,
    subscribed_applications_ids bigint[],
    type text NOT NULL,
    created timestamp with time zone NOT NULL
);

ALTER TABLE public.additional_costs ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.additional_costs_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.advanced_events (
    application_id bigint NOT NULL,
    integration_id text NOT NULL,
    event_id bigint NOT NULL,
    type text NOT NULL,
    profile_id bigint NOT NULL,
    store_integration_id text,
    connected_session_id text,
    previous_event_id text,
    attributes jsonb NOT NULL,
    created timestamp with time zone NOT NULL
);

CREATE TABLE public.application_customers (
    application_id bigint NOT NULL,
    profile_id bigint NOT NULL
);

CREATE TABLE public.application_keys (
    id bigint NOT NULL,
    application_id bigint NOT NULL,
    title text NOT NULL,
    key_hash bytea NOT NULL,
    platform text,
    type text,
    time_offset bigint,
    created_by bigint NOT NULL,
    created timestamp with time zone NOT NULL,
    expires timestamp with time zone NOT NULL
);

ALTER TABLE public.application_keys ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.application_keys_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.applications (
    id bigint NOT NULL,
    account_id bigint NOT NULL,
    name text NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    timezone text NOT NULL,
    currency text NOT NULL,
    case_sensitivity text DEFAULT 'sensitive'::text NOT NULL,
    attributes jsonb DEFAULT '{}'::jsonb NOT NULL,
    limits jsonb DEFAULT '[]'::jsonb NOT NULL,
    default_discount_scope text DEFAULT 'sessionTotal'::text NOT NULL,
    default_discount_additional_cost_per_item_scope text DEFAULT 'price'::text CONSTRAINT applications_default_discount_additional_cost_per_item_not_null NOT NULL,
    enable_cascading_discounts boolean DEFAULT false NOT NULL,
    enable_flattened_cart_items boolean DEFAULT false NOT NULL,
    enable_partial_discounts boolean DEFAULT false NOT NULL,
    enable_campaign_state_management boolean DEFAULT false NOT NULL,
    attributes_settings jsonb DEFAULT '{}'::jsonb NOT NULL,
    best_prior_price_settings jsonb,
    sandbox boolean DEFAULT false NOT NULL,
    legacy_key text DEFAULT ''::text NOT NULL,
    default_evaluation_group_id bigint,
    default_cart_item_filter_id bigint,
    revision bigint DEFAULT 0 NOT NULL,
    created timestamp with time zone NOT NULL,
    modified timestamp with time zone NOT NULL,
    discount_decimals smallint,
    uncapped_discounts boolean,
    campaign_set_version bigint DEFAULT 1 NOT NULL,
    campaign_set_updated_by bigint,
    CONSTRAINT applications_discount_decimals_check CHECK (((discount_decimals >= 0) AND (discount_decimals <= 10)))
);

ALTER TABLE public.applications ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.applications_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.attributes (
    id bigint NOT NULL,
    account_id bigint NOT NULL,
    entity text NOT NULL,
    event_type text DEFAULT ''::text NOT NULL,
    name text NOT NULL,
    title text NOT NULL,
    type text NOT NULL,
    description text NOT NULL,
    suggestions text[] DEFAULT '{}'::text[] NOT NULL,
    has_allowed_list boolean DEFAULT false NOT NULL,
    restricted_by_suggestions boolean DEFAULT false NOT NULL,
    editable boolean DEFAULT true NOT NULL,
    subscribed_applications_ids bigint[],
    subscribed_catalogs_ids bigint[],
    allowed_subscriptions text[],
    created timestamp with time zone NOT NULL,
    allowed_list_id bigint
);

ALTER TABLE public.attributes ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.attributes_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.campaign_figures (
    application_id bigint NOT NULL,
    campaign_id bigint NOT NULL,
    whole_day boolean NOT NULL,
    starts timestamp with time zone NOT NULL,
    revenue numeric NOT NULL,
    refund numeric NOT NULL,
    discounts numeric NOT NULL,
    refunded_discounts numeric NOT NULL,
    free_items bigint NOT NULL,
    coupon_redemptions bigint NOT NULL,
    coupon_rollbacks bigint NOT NULL,
    referral_redemptions bigint NOT NULL,
    coupons_created bigint NOT NULL,
    referrals_created bigint NOT NULL,
    points_added numeric NOT NULL,
    points_deducted numeric NOT NULL,
    sessions bigint NOT NULL,
    items bigint NOT NULL
);

CREATE TABLE public.campaign_groups (
    id bigint NOT NULL,
    account_id bigint NOT NULL,
    name text NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    subscribed_applications_ids bigint[],
    created timestamp with time zone NOT NULL,
    modified timestamp with time zone NOT NULL
);

ALTER TABLE public.campaign_groups ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.campaign_groups_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.campaign_templates (
    id bigint NOT NULL,
    account_id bigint NOT NULL,
    user_id bigint NOT NULL,
    name text NOT NULL,
    description text NOT NULL,
    instructions text NOT NULL,
    campaign_attributes jsonb DEFAULT '{}'::jsonb NOT NULL,
    coupon_attributes jsonb DEFAULT '{}'::jsonb NOT NULL,
    state text NOT NULL,
    active_ruleset_id bigint,
    tags text[] DEFAULT '{}'::text[] NOT NULL,
    reevaluate_on_return boolean DEFAULT false NOT NULL,
    features text[] DEFAULT '{}'::text[] NOT NULL,
    coupon_settings jsonb,
    coupon_reservation_settings jsonb,
    referral_settings jsonb,
    limits jsonb DEFAULT '[]'::jsonb NOT NULL,
    template_params jsonb DEFAULT '[]'::jsonb NOT NULL,
    applications_ids bigint[] DEFAULT '{}'::bigint[] NOT NULL,
    campaign_collections jsonb DEFAULT '[]'::jsonb NOT NULL,
    default_campaign_group_id bigint,
    campaign_type text NOT NULL,
    created timestamp with time zone NOT NULL,
    updated timestamp with time zone,
    updated_by bigint
);

ALTER TABLE public.campaign_templates ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.campaign_templates_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.campaigns (
    id bigint NOT NULL,
    application_id bigint NOT NULL,
    user_id bigint NOT NULL,
    name text NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    start_time timestamp with time zone,
    end_time timestamp with time zone,
    attributes jsonb DEFAULT '{}'::jsonb NOT NULL,
    state text NOT NULL,
    active_ruleset_id bigint,
    tags text[] DEFAULT '{}'::text[] NOT NULL,
    reevaluate_on_return boolean DEFAULT false NOT NULL,
    features text[] DEFAULT '{}'::text[] NOT NULL,
    coupon_settings jsonb,
    referral_settings jsonb,
    limits jsonb DEFAULT '[]'::jsonb NOT NULL,
    campaign_groups bigint[] DEFAULT '{}'::bigint[] NOT NULL,
    type text DEFAULT 'advanced'::text NOT NULL,
    linked_store_ids bigint[] DEFAULT '{}'::bigint[] NOT NULL,
    coupon_attributes jsonb DEFAULT '{}'::jsonb NOT NULL,
    evaluation_group_id bigint NOT NULL,
    coupon_redemption_count bigint DEFAULT 0 NOT NULL,
    discount_count numeric DEFAULT 0 NOT NULL,
    discount_effect_count bigint DEFAULT 0 NOT NULL,
    custom_effect_count bigint DEFAULT 0 NOT NULL,
    add_free_item_effect_count bigint DEFAULT 0 NOT NULL,
    last_activity timestamp with time zone,
    updated_by bigint,
    created timestamp with time zone NOT NULL,
    updated timestamp with time zone NOT NULL,
    referral_redemption_count bigint DEFAULT 0 NOT NULL,
    coupon_creation_count bigint DEFAULT 0 NOT NULL,
    referral_creation_count bigint DEFAULT 0 NOT NULL,
    reserve_coupon_effect_count bigint DEFAULT 0 NOT NULL,
    call_api_effect_count bigint DEFAULT 0 NOT NULL,
    "position" integer DEFAULT 0 NOT NULL,
    stores_imported boolean DEFAULT false NOT NULL,
    template_id bigint
);

ALTER TABLE public.campaigns ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.campaigns_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.cart_item_filter_expressions (
    id bigint NOT NULL,
    cart_item_filter_id bigint NOT NULL,
    expression json NOT NULL,
    created_by bigint NOT NULL,
    created timestamp with time zone NOT NULL
);

ALTER TABLE public.cart_item_filter_expressions ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.cart_item_filter_expressions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.cart_item_filters (
    id bigint NOT NULL,
    application_id bigint NOT NULL,
    name text NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    active_expression_id bigint,
    created_by bigint NOT NULL,
    modified_by bigint,
    created timestamp with time zone NOT NULL,
    modified timestamp with time zone
);

ALTER TABLE public.cart_item_filters ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.cart_item_filters_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.changes (
    id bigint NOT NULL,
    account_id bigint NOT NULL,
    application_id bigint,
    user_id bigint NOT NULL,
    management_key_id bigint,
    entity text NOT NULL,
    old json,
    new json,
    created timestamp with time zone NOT NULL
);

ALTER TABLE public.changes ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.changes_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.collections (
    id bigint NOT NULL,
    account_id bigint NOT NULL,
    application_id bigint,
    campaign_id bigint,
    name text NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    subscribed_applications_ids bigint[],
    content_id bigint,
    created_by bigint NOT NULL,
    modified_by bigint,
    created timestamp with time zone NOT NULL,
    modified timestamp with time zone NOT NULL
);

ALTER TABLE public.collections ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.collections_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.coupon_redemptions (
    session_id bigint NOT NULL,
    coupon_id bigint NOT NULL,
    application_id bigint NOT NULL,
    campaign_id bigint NOT NULL,
    profile_id bigint,
    redeemed_at timestamp with time zone NOT NULL,
    rolled_back_at timestamp with time zone
);

CREATE TABLE public.coupon_reservations (
    coupon_id bigint NOT NULL,
    profile_id bigint NOT NULL,
    created timestamp with time zone NOT NULL
);

CREATE TABLE public.coupons (
    id bigint NOT NULL,
    application_id bigint NOT NULL,
    campaign_id bigint NOT NULL,
    value text NOT NULL,
    usage_limit integer NOT NULL,
    usage_counter integer DEFAULT 0 NOT NULL,
    discount_limit numeric,
    discount_counter numeric DEFAULT 0 NOT NULL,
    reservation_limit integer,
    reservation_counter integer DEFAULT 0 NOT NULL,
    start_date timestamp with time zone,
    expiry_date timestamp with time zone,
    limits jsonb DEFAULT '[]'::jsonb NOT NULL,
    attributes jsonb DEFAULT '{}'::jsonb NOT NULL,
    referral_id bigint,
    recipient_integration_id text,
    import_id bigint,
    reservation boolean DEFAULT true NOT NULL,
    batch_id text,
    is_reservation_mandatory boolean DEFAULT false NOT NULL,
    implicitly_reserved boolean DEFAULT false NOT NULL,
    created timestamp with time zone NOT NULL
)
WITH (fillfactor='90');

ALTER TABLE public.coupons ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.coupons_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.custom_effects (
    id bigint NOT NULL,
    account_id bigint NOT NULL,
    application_ids bigint[] NOT NULL,
    is_per_item boolean NOT NULL,
    name text NOT NULL,
    title text NOT NULL,
    payload text NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    enabled boolean NOT NULL,
    params jsonb DEFAULT '[]'::jsonb NOT NULL,
    created_by bigint NOT NULL,
    modified_by bigint,
    created timestamp with time zone NOT NULL,
    modified timestamp with time zone NOT NULL
);

ALTER TABLE public.custom_effects ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.custom_effects_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.customer_sessions (
    id bigint NOT NULL,
    application_id bigint NOT NULL,
    integration_id text NOT NULL,
    profile_id bigint,
    profile_integration_id text DEFAULT ''::text NOT NULL,
    store_integration_id text DEFAULT ''::text NOT NULL,
    state text NOT NULL,
    first_session boolean NOT NULL,
    coupon_codes text[] DEFAULT '{}'::text[] NOT NULL,
    coupon_keys text[] DEFAULT '{}'::text[] NOT NULL,
    referral_code text DEFAULT ''::text NOT NULL,
    content jsonb NOT NULL,
    effects json NOT NULL,
    total numeric NOT NULL,
    total_discounts numeric DEFAULT 0 NOT NULL,
    update_count bigint NOT NULL,
    created timestamp with time zone NOT NULL,
    updated timestamp with time zone NOT NULL,
    closed_at timestamp with time zone,
    cancelled_at timestamp with time zone,
    referral_key text DEFAULT ''::text NOT NULL,
    kept_codes json DEFAULT '[]'::json NOT NULL,
    charged json DEFAULT '[]'::json NOT NULL,
    erasures bigint DEFAULT 0 NOT NULL
)
WITH (fillfactor='80');

ALTER TABLE public.customer_sessions ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.customer_sessions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.evaluation_groups (
    id bigint NOT NULL,
    application_id bigint NOT NULL,
    name text NOT NULL,
    parent_id bigint,
    description text DEFAULT ''::text NOT NULL,
    evaluation_mode text DEFAULT 'stackable'::text NOT NULL,
    evaluation_scope text DEFAULT 'session'::text NOT NULL,
    locked boolean DEFAULT false NOT NULL,
    created timestamp with time zone NOT NULL,
    "position" integer DEFAULT 0 NOT NULL
);

ALTER TABLE public.evaluation_groups ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.evaluation_groups_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.event_types (
    id bigint NOT NULL,
    account_id bigint NOT NULL,
    title text NOT NULL,
    name text NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    created timestamp with time zone NOT NULL
);

ALTER TABLE public.event_types ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.event_types_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.events (
    id bigint NOT NULL,
    application_id bigint NOT NULL,
    type text NOT NULL,
    session_id bigint,
    profile_id bigint,
    revision bigint NOT NULL,
    judged_at timestamp with time zone NOT NULL,
    facts json NOT NULL,
    effects json NOT NULL,
    response_content text[] DEFAULT '{}'::text[] NOT NULL,
    created timestamp with time zone NOT NULL,
    coupon_codes text[] DEFAULT '{}'::text[] NOT NULL,
    referral_code text DEFAULT ''::text NOT NULL,
    CONSTRAINT events_session_updated_alone CHECK (((type !~~ 'talon_session_%'::text) OR (session_id IS NOT NULL)))
)
PARTITION BY RANGE (created);

CREATE TABLE public.events_default (
    id bigint CONSTRAINT events_id_not_null NOT NULL,
    application_id bigint CONSTRAINT events_application_id_not_null NOT NULL,
    type text CONSTRAINT events_type_not_null NOT NULL,
    session_id bigint,
    profile_id bigint,
    revision bigint CONSTRAINT events_revision_not_null NOT NULL,
    judged_at timestamp with time zone CONSTRAINT events_judged_at_not_null NOT NULL,
    facts json CONSTRAINT events_facts_not_null NOT NULL,
    effects json CONSTRAINT events_effects_not_null NOT NULL,
    response_content text[] DEFAULT '{}'::text[] CONSTRAINT events_response_content_not_null NOT NULL,
    created timestamp with time zone CONSTRAINT events_created_not_null NOT NULL,
    coupon_codes text[] DEFAULT '{}'::text[] CONSTRAINT events_coupon_codes_not_null NOT NULL,
    referral_code text DEFAULT ''::text CONSTRAINT events_referral_code_not_null NOT NULL,
    CONSTRAINT events_session_updated_alone CHECK (((type !~~ 'talon_session_%'::text) OR (session_id IS NOT NULL)))
);

ALTER TABLE public.events ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.events_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.exports (
    id bigint NOT NULL,
    account_id bigint NOT NULL,
    user_id bigint NOT NULL,
    application_id bigint,
    campaign_id bigint,
    entity text NOT NULL,
    filter json NOT NULL,
    created timestamp with time zone NOT NULL
);

ALTER TABLE public.exports ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.exports_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.figures_progress (
    application_id bigint NOT NULL,
    counted_until timestamp with time zone NOT NULL
);

CREATE TABLE public.idempotency_keys (
    application_id bigint NOT NULL,
    digest bytea NOT NULL,
    request_digest bytea NOT NULL,
    status smallint NOT NULL,
    content bytea NOT NULL,
    created timestamp with time zone NOT NULL
);

CREATE TABLE public.imports (
    id bigint NOT NULL,
    account_id bigint NOT NULL,
    user_id bigint NOT NULL,
    entity text NOT NULL,
    amount bigint NOT NULL,
    created timestamp with time zone NOT NULL
);

ALTER TABLE public.imports ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.imports_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.jobs (
    id bigint NOT NULL,
    account_id bigint NOT NULL,
    application_id bigint NOT NULL,
    campaign_id bigint,
    kind text NOT NULL,
    batch_id text,
    request json NOT NULL,
    "position" json DEFAULT '{}'::json NOT NULL,
    status text DEFAULT 'pending'::text NOT NULL,
    done bigint DEFAULT 0 NOT NULL,
    turns bigint DEFAULT 0 NOT NULL,
    failures bigint DEFAULT 0 NOT NULL,
    errors text[] DEFAULT '{}'::text[] NOT NULL,
    created_by bigint NOT NULL,
    created timestamp with time zone NOT NULL,
    due timestamp with time zone NOT NULL
);

ALTER TABLE public.jobs ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.jobs_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.limit_charges (
    session_id bigint NOT NULL,
    counter_id bigint NOT NULL
);

CREATE TABLE public.limit_counters (
    id bigint NOT NULL,
    application_id bigint NOT NULL,
    campaign_id bigint NOT NULL,
    action text NOT NULL,
    entities text[] NOT NULL,
    period text NOT NULL,
    used numeric NOT NULL,
    most numeric
)
WITH (fillfactor='70');

ALTER TABLE public.limit_counters ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.limit_counters_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.list_contents (
    id bigint NOT NULL,
    account_id bigint NOT NULL,
    items text[] NOT NULL,
    amounts numeric[]
);

ALTER TABLE public.list_contents ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.list_contents_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.login_attempts (
    email_hash bytea NOT NULL,
    attempts integer NOT NULL,
    since timestamp with time zone NOT NULL
);

CREATE TABLE public.logins (
    token_hash bytea NOT NULL,
    user_id bigint NOT NULL,
    created timestamp with time zone NOT NULL,
    expires timestamp with time zone NOT NULL
);

CREATE TABLE public.management_key_uses (
    key_id bigint NOT NULL,
    last_used timestamp with time zone NOT NULL
);

CREATE TABLE public.management_keys (
    id bigint NOT NULL,
    account_id bigint NOT NULL,
    name text NOT NULL,
    key_hash bytea NOT NULL,
    endpoints text[] NOT NULL,
    allowed_application_ids bigint[] DEFAULT '{}'::bigint[] NOT NULL,
    created_by bigint NOT NULL,
    created timestamp with time zone NOT NULL,
    expires timestamp with time zone NOT NULL
);

ALTER TABLE public.management_keys ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.management_keys_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.message_logs (
    id uuid NOT NULL,
    account_id bigint NOT NULL,
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
    requested timestamp with time zone,
    response bytea,
    response_status smallint,
    responded timestamp with time zone,
    created timestamp with time zone NOT NULL
);

CREATE TABLE public.picklists (
    id bigint NOT NULL,
    account_id bigint NOT NULL,
    type text NOT NULL,
    "values" text[] NOT NULL,
    created_by bigint NOT NULL,
    created timestamp with time zone NOT NULL
);

ALTER TABLE public.picklists ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.picklists_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.profiles (
    id bigint NOT NULL,
    account_id bigint NOT NULL,
    sandbox boolean NOT NULL,
    integration_id text NOT NULL,
    attributes jsonb DEFAULT '{}'::jsonb NOT NULL,
    closed_sessions bigint DEFAULT 0 NOT NULL,
    total_sales numeric DEFAULT 0 NOT NULL,
    last_activity timestamp with time zone NOT NULL,
    created timestamp with time zone NOT NULL,
    version bigint DEFAULT 0 NOT NULL,
    erasures bigint DEFAULT 0 NOT NULL
)
WITH (fillfactor='80');

ALTER TABLE public.profiles ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.profiles_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.program_parts (
    application_id bigint NOT NULL,
    revision bigint NOT NULL,
    kind text NOT NULL,
    part_id bigint NOT NULL,
    data json
);

CREATE TABLE public.referral_redemptions (
    session_id bigint NOT NULL,
    referral_id bigint NOT NULL,
    application_id bigint NOT NULL,
    campaign_id bigint NOT NULL,
    profile_id bigint NOT NULL,
    redeemed_at timestamp with time zone NOT NULL,
    rolled_back_at timestamp with time zone
);

CREATE TABLE public.referrals (
    id bigint NOT NULL,
    application_id bigint NOT NULL,
    campaign_id bigint NOT NULL,
    value text NOT NULL,
    advocate_integration_id text NOT NULL,
    friend_integration_id text,
    usage_limit integer NOT NULL,
    usage_counter integer DEFAULT 0 NOT NULL,
    start_date timestamp with time zone,
    expiry_date timestamp with time zone,
    attributes jsonb DEFAULT '{}'::jsonb NOT NULL,
    import_id bigint,
    batch_id text,
    created timestamp with time zone NOT NULL
);

ALTER TABLE public.referrals ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.referrals_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.returns (
    id bigint NOT NULL,
    application_id bigint NOT NULL,
    session_id bigint NOT NULL,
    event_id bigint NOT NULL,
    profile_id bigint,
    returned_cart_items json NOT NULL,
    created_by bigint,
    created timestamp with time zone NOT NULL
);

ALTER TABLE public.returns ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.returns_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.role_members (
    user_id bigint NOT NULL,
    role_id bigint NOT NULL
);

CREATE TABLE public.roles (
    id bigint NOT NULL,
    account_id bigint NOT NULL,
    name text NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    permissions jsonb DEFAULT '{}'::jsonb NOT NULL,
    created timestamp with time zone NOT NULL,
    modified timestamp with time zone NOT NULL
);

ALTER TABLE public.roles ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.roles_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.rulesets (
    id bigint NOT NULL,
    application_id bigint,
    campaign_id bigint,
    user_id bigint NOT NULL,
    rules json NOT NULL,
    strikethrough_rules json,
    bindings json NOT NULL,
    rb_version text NOT NULL,
    activate boolean DEFAULT false NOT NULL,
    activated_at timestamp with time zone,
    created timestamp with time zone NOT NULL,
    template_id bigint,
    CONSTRAINT rulesets_owner CHECK (((campaign_id IS NULL) <> (template_id IS NULL)))
);

ALTER TABLE public.rulesets ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.rulesets_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.schema_migrations (
    name text NOT NULL,
    applied_at timestamp with time zone NOT NULL
);

CREATE TABLE public.store_budgets (
    id bigint NOT NULL,
    application_id bigint NOT NULL,
    campaign_id bigint NOT NULL,
    store_id bigint NOT NULL,
    action text NOT NULL,
    period text NOT NULL,
    amount numeric NOT NULL,
    imported boolean NOT NULL
);

ALTER TABLE public.store_budgets ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.store_budgets_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.stores (
    id bigint NOT NULL,
    application_id bigint NOT NULL,
    name text NOT NULL,
    description text NOT NULL,
    integration_id text NOT NULL,
    attributes jsonb DEFAULT '{}'::jsonb NOT NULL,
    created timestamp with time zone NOT NULL,
    updated timestamp with time zone NOT NULL
);

ALTER TABLE public.stores ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.stores_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.user_tokens (
    user_id bigint NOT NULL,
    kind text NOT NULL,
    token_hash bytea NOT NULL,
    created timestamp with time zone NOT NULL,
    expires timestamp with time zone NOT NULL
);

CREATE TABLE public.user_visits (
    user_id bigint NOT NULL,
    last_accessed timestamp with time zone NOT NULL
);

CREATE TABLE public.users (
    id bigint NOT NULL,
    account_id bigint NOT NULL,
    email text NOT NULL,
    name text NOT NULL,
    password_hash text NOT NULL,
    is_admin boolean DEFAULT false NOT NULL,
    state text DEFAULT 'active'::text NOT NULL,
    created timestamp with time zone NOT NULL,
    modified timestamp with time zone,
    deleted timestamp with time zone,
    last_signed_in timestamp with time zone,
    application_notification_subscriptions jsonb DEFAULT '{}'::jsonb NOT NULL
);

ALTER TABLE public.users ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.users_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.v1_sessions (
    session_id bigint NOT NULL,
    application_id bigint NOT NULL,
    update_count bigint NOT NULL,
    total numeric,
    discounts json NOT NULL
);

CREATE TABLE public.value_maps (
    id bigint NOT NULL,
    account_id bigint NOT NULL,
    application_id bigint NOT NULL,
    campaign_id bigint NOT NULL,
    content_id bigint,
    created_by bigint NOT NULL,
    created timestamp with time zone NOT NULL
);

ALTER TABLE public.value_maps ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.value_maps_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE ONLY public.events ATTACH PARTITION public.events_default DEFAULT;

ALTER TABLE ONLY public.access_logs
    ADD CONSTRAINT access_logs_pkey PRIMARY KEY ("time", id);

ALTER TABLE ONLY public.accounts
    ADD CONSTRAINT accounts_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.additional_costs
    ADD CONSTRAINT additional_costs_name_key UNIQUE (account_id, name);

ALTER TABLE ONLY public.additional_costs
    ADD CONSTRAINT additional_costs_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.advanced_events
    ADD CONSTRAINT advanced_events_key PRIMARY KEY (application_id, integration_id);

ALTER TABLE ONLY public.application_customers
    ADD CONSTRAINT application_customers_pkey PRIMARY KEY (application_id, profile_id);

ALTER TABLE ONLY public.application_keys
    ADD CONSTRAINT application_keys_hash_key UNIQUE (key_hash);

ALTER TABLE ONLY public.application_keys
    ADD CONSTRAINT application_keys_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.applications
    ADD CONSTRAINT applications_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.attributes
    ADD CONSTRAINT attributes_name_key UNIQUE (account_id, entity, event_type, name);

ALTER TABLE ONLY public.attributes
    ADD CONSTRAINT attributes_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.attributes
    ADD CONSTRAINT attributes_title_key UNIQUE (account_id, entity, event_type, title);

ALTER TABLE ONLY public.campaign_figures
    ADD CONSTRAINT campaign_figures_pkey PRIMARY KEY (application_id, campaign_id, whole_day, starts);

ALTER TABLE ONLY public.campaign_groups
    ADD CONSTRAINT campaign_groups_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.campaign_templates
    ADD CONSTRAINT campaign_templates_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.campaigns
    ADD CONSTRAINT campaigns_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.cart_item_filter_expressions
    ADD CONSTRAINT cart_item_filter_expressions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.cart_item_filters
    ADD CONSTRAINT cart_item_filters_name_key UNIQUE (application_id, name);

ALTER TABLE ONLY public.cart_item_filters
    ADD CONSTRAINT cart_item_filters_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.changes
    ADD CONSTRAINT changes_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.collections
    ADD CONSTRAINT collections_campaign_name_key UNIQUE (campaign_id, name);

ALTER TABLE ONLY public.collections
    ADD CONSTRAINT collections_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.coupon_redemptions
    ADD CONSTRAINT coupon_redemptions_pkey PRIMARY KEY (session_id, coupon_id, redeemed_at);

ALTER TABLE ONLY public.coupon_reservations
    ADD CONSTRAINT coupon_reservations_pkey PRIMARY KEY (coupon_id, profile_id);

ALTER TABLE ONLY public.coupons
    ADD CONSTRAINT coupons_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.coupons
    ADD CONSTRAINT coupons_value_key UNIQUE (application_id, value);

ALTER TABLE ONLY public.custom_effects
    ADD CONSTRAINT custom_effects_name_key UNIQUE (account_id, name);

ALTER TABLE ONLY public.custom_effects
    ADD CONSTRAINT custom_effects_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.customer_sessions
    ADD CONSTRAINT customer_sessions_integration_id_key UNIQUE (application_id, integration_id);

ALTER TABLE ONLY public.customer_sessions
    ADD CONSTRAINT customer_sessions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.evaluation_groups
    ADD CONSTRAINT evaluation_groups_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.event_types
    ADD CONSTRAINT event_types_name_key UNIQUE (account_id, name);

ALTER TABLE ONLY public.event_types
    ADD CONSTRAINT event_types_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.events
    ADD CONSTRAINT events_pkey PRIMARY KEY (id, created);

ALTER TABLE ONLY public.events_default
    ADD CONSTRAINT events_default_pkey PRIMARY KEY (id, created);

ALTER TABLE ONLY public.exports
    ADD CONSTRAINT exports_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.figures_progress
    ADD CONSTRAINT figures_progress_pkey PRIMARY KEY (application_id);

ALTER TABLE ONLY public.idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (application_id, digest);

ALTER TABLE ONLY public.imports
    ADD CONSTRAINT imports_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT jobs_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.limit_charges
    ADD CONSTRAINT limit_charges_pkey PRIMARY KEY (session_id, counter_id);

ALTER TABLE ONLY public.limit_counters
    ADD CONSTRAINT limit_counters_key UNIQUE (campaign_id, action, period, entities);

ALTER TABLE ONLY public.limit_counters
    ADD CONSTRAINT limit_counters_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.list_contents
    ADD CONSTRAINT list_contents_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.login_attempts
    ADD CONSTRAINT login_attempts_pkey PRIMARY KEY (email_hash);

ALTER TABLE ONLY public.logins
    ADD CONSTRAINT logins_pkey PRIMARY KEY (token_hash);

ALTER TABLE ONLY public.management_key_uses
    ADD CONSTRAINT management_key_uses_pkey PRIMARY KEY (key_id);

ALTER TABLE ONLY public.management_keys
    ADD CONSTRAINT management_keys_hash_key UNIQUE (key_hash);

ALTER TABLE ONLY public.management_keys
    ADD CONSTRAINT management_keys_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.message_logs
    ADD CONSTRAINT message_logs_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.picklists
    ADD CONSTRAINT picklists_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.profiles
    ADD CONSTRAINT profiles_integration_id_key UNIQUE (account_id, sandbox, integration_id);

ALTER TABLE ONLY public.profiles
    ADD CONSTRAINT profiles_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.program_parts
    ADD CONSTRAINT program_parts_pkey PRIMARY KEY (application_id, revision, kind, part_id);

ALTER TABLE ONLY public.referral_redemptions
    ADD CONSTRAINT referral_redemptions_pkey PRIMARY KEY (session_id, referral_id, redeemed_at);

ALTER TABLE ONLY public.referrals
    ADD CONSTRAINT referrals_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.referrals
    ADD CONSTRAINT referrals_value_key UNIQUE (application_id, value);

ALTER TABLE ONLY public.returns
    ADD CONSTRAINT returns_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.role_members
    ADD CONSTRAINT role_members_pkey PRIMARY KEY (user_id, role_id);

ALTER TABLE ONLY public.roles
    ADD CONSTRAINT roles_name_key UNIQUE (account_id, name);

ALTER TABLE ONLY public.roles
    ADD CONSTRAINT roles_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.rulesets
    ADD CONSTRAINT rulesets_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.schema_migrations
    ADD CONSTRAINT schema_migrations_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.store_budgets
    ADD CONSTRAINT store_budgets_key UNIQUE (campaign_id, action, period, store_id);

ALTER TABLE ONLY public.store_budgets
    ADD CONSTRAINT store_budgets_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.stores
    ADD CONSTRAINT stores_integration_id_key UNIQUE (application_id, integration_id);

ALTER TABLE ONLY public.stores
    ADD CONSTRAINT stores_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.user_tokens
    ADD CONSTRAINT user_tokens_hash_key UNIQUE (token_hash);

ALTER TABLE ONLY public.user_tokens
    ADD CONSTRAINT user_tokens_pkey PRIMARY KEY (user_id, kind);

ALTER TABLE ONLY public.user_visits
    ADD CONSTRAINT user_visits_pkey PRIMARY KEY (user_id);

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.v1_sessions
    ADD CONSTRAINT v1_sessions_pkey PRIMARY KEY (session_id);

ALTER TABLE ONLY public.value_maps
    ADD CONSTRAINT value_maps_pkey PRIMARY KEY (id);

CREATE INDEX access_logs_application ON public.access_logs USING btree (application_id, "time", id);

CREATE INDEX access_logs_mentions ON public.access_logs USING gin (mentions);

CREATE INDEX advanced_events_event ON public.advanced_events USING btree (event_id);

CREATE INDEX advanced_events_profile ON public.advanced_events USING btree (profile_id);

CREATE INDEX application_keys_application ON public.application_keys USING btree (application_id);

CREATE INDEX campaign_figures_time ON public.campaign_figures USING btree (application_id, whole_day, starts);

CREATE INDEX campaign_groups_account ON public.campaign_groups USING btree (account_id);

CREATE INDEX campaign_templates_account ON public.campaign_templates USING btree (account_id);

CREATE INDEX campaigns_application ON public.campaigns USING btree (application_id, id);

CREATE INDEX campaigns_evaluation_group ON public.campaigns USING btree (evaluation_group_id);

CREATE INDEX campaigns_groups ON public.campaigns USING gin (campaign_groups);

CREATE INDEX campaigns_linked_stores ON public.campaigns USING gin (linked_store_ids);

CREATE INDEX campaigns_template ON public.campaigns USING btree (template_id) WHERE (template_id IS NOT NULL);

CREATE INDEX cart_item_filter_expressions_filter ON public.cart_item_filter_expressions USING btree (cart_item_filter_id);

CREATE INDEX changes_account ON public.changes USING btree (account_id, created, id);

CREATE INDEX coupon_redemptions_coupon ON public.coupon_redemptions USING btree (coupon_id, profile_id);

CREATE INDEX coupon_redemptions_profile ON public.coupon_redemptions USING btree (profile_id);

CREATE INDEX coupon_redemptions_redeemed ON public.coupon_redemptions USING btree (application_id, redeemed_at);

CREATE INDEX coupon_redemptions_rolled_back ON public.coupon_redemptions USING btree (application_id, rolled_back_at) WHERE (rolled_back_at IS NOT NULL);

CREATE INDEX coupon_reservations_profile ON public.coupon_reservations USING btree (profile_id);

CREATE INDEX coupons_application ON public.coupons USING btree (application_id, id);

CREATE INDEX coupons_attributes ON public.coupons USING gin (attributes jsonb_path_ops) WHERE (attributes <> '{}'::jsonb);

CREATE INDEX coupons_batch ON public.coupons USING btree (application_id, batch_id, id);

CREATE INDEX coupons_campaign ON public.coupons USING btree (campaign_id, id);

CREATE INDEX coupons_code ON public.coupons USING btree (application_id, lower(value));

CREATE INDEX coupons_implicitly_reserved ON public.coupons USING btree (application_id, id) WHERE implicitly_reserved;

CREATE INDEX coupons_recipient ON public.coupons USING btree (application_id, recipient_integration_id) WHERE (recipient_integration_id IS NOT NULL);

CREATE INDEX coupons_referral ON public.coupons USING btree (referral_id, id) WHERE (referral_id IS NOT NULL);

CREATE INDEX customer_sessions_application ON public.customer_sessions USING btree (application_id, id);

CREATE INDEX customer_sessions_coupons ON public.customer_sessions USING gin (coupon_codes) WHERE (coupon_codes <> '{}'::text[]);

CREATE INDEX customer_sessions_created ON public.customer_sessions USING btree (created);

CREATE INDEX customer_sessions_profile ON public.customer_sessions USING btree (profile_id);

CREATE INDEX customer_sessions_referral ON public.customer_sessions USING btree (application_id, referral_code) WHERE (referral_code <> ''::text);

CREATE INDEX customer_sessions_store ON public.customer_sessions USING btree (application_id, store_integration_id, id) WHERE (store_integration_id <> ''::text);

CREATE INDEX evaluation_groups_application ON public.evaluation_groups USING btree (application_id);

CREATE INDEX events_advocate ON ONLY public.events USING btree (((facts #>> '{advocate,integration_id}'::text[]))) WHERE ((facts)::text ~~ '%"advocate":{%'::text);

CREATE INDEX events_application ON ONLY public.events USING btree (application_id, id);

CREATE INDEX events_counted ON ONLY public.events USING btree (application_id, created) WHERE ((type = ANY (ARRAY['talon_session_closed'::text, 'talon_session_revoked'::text, 'talon_session_reopened'::text, 'talon_session_partially_returned'::text])) OR ((effects)::text ~~ '%Created"%'::text) OR ((type !~~ 'talon_session_%'::text) AND ((effects)::text ~~ '%LoyaltyPoints"%'::text)));

CREATE INDEX events_coupons ON ONLY public.events USING gin (coupon_codes) WHERE (coupon_codes <> '{}'::text[]);

CREATE INDEX events_default_application_id_created_idx ON public.events_default USING btree (application_id, created) WHERE ((type = ANY (ARRAY['talon_session_closed'::text, 'talon_session_revoked'::text, 'talon_session_reopened'::text, 'talon_session_partially_returned'::text])) OR ((effects)::text ~~ '%Created"%'::text) OR ((type !~~ 'talon_session_%'::text) AND ((effects)::text ~~ '%LoyaltyPoints"%'::text)));

CREATE INDEX events_default_application_id_id_idx ON public.events_default USING btree (application_id, id);

CREATE INDEX events_default_application_id_referral_code_id_idx ON public.events_default USING btree (application_id, referral_code, id) WHERE (referral_code <> ''::text);

CREATE INDEX events_default_application_id_type_id_idx ON public.events_default USING btree (application_id, type, id);

CREATE INDEX events_default_coupon_codes_idx ON public.events_default USING gin (coupon_codes) WHERE (coupon_codes <> '{}'::text[]);

CREATE INDEX events_default_expr_idx ON public.events_default USING btree (((facts #>> '{advocate,integration_id}'::text[]))) WHERE ((facts)::text ~~ '%"advocate":{%'::text);

CREATE INDEX events_default_profile_id_idx ON public.events_default USING btree (profile_id) WHERE (profile_id IS NOT NULL);

CREATE INDEX events_default_session_id_id_idx ON public.events_default USING btree (session_id, id);

CREATE INDEX events_profile ON ONLY public.events USING btree (profile_id) WHERE (profile_id IS NOT NULL);

CREATE INDEX events_referral ON ONLY public.events USING btree (application_id, referral_code, id) WHERE (referral_code <> ''::text);

CREATE INDEX events_session ON ONLY public.events USING btree (session_id, id);

CREATE INDEX events_types ON ONLY public.events USING btree (application_id, type, id);

CREATE INDEX exports_account ON public.exports USING btree (account_id, id);

CREATE INDEX idempotency_keys_created ON public.idempotency_keys USING btree (application_id, created);

CREATE INDEX jobs_application ON public.jobs USING btree (application_id, batch_id);

CREATE INDEX jobs_due ON public.jobs USING btree (due, id) WHERE (status = 'pending'::text);

CREATE INDEX limit_charges_counter ON public.limit_charges USING btree (counter_id);

CREATE INDEX login_attempts_since ON public.login_attempts USING btree (since);

CREATE INDEX logins_user ON public.logins USING btree (user_id);

CREATE INDEX management_keys_account ON public.management_keys USING btree (account_id, id);

CREATE INDEX message_logs_account ON public.message_logs USING btree (account_id, entity_type, created, id);

CREATE INDEX message_logs_notification ON public.message_logs USING btree (account_id, entity_type, notification_id, created, id) WHERE (notification_id IS NOT NULL);

CREATE INDEX profiles_attributes ON public.profiles USING gin (attributes jsonb_path_ops) WHERE (attributes <> '{}'::jsonb);

CREATE INDEX profiles_environment ON public.profiles USING btree (account_id, sandbox, id);

CREATE INDEX referral_redemptions_profile ON public.referral_redemptions USING btree (profile_id);

CREATE INDEX referral_redemptions_redeemed ON public.referral_redemptions USING btree (application_id, redeemed_at);

CREATE INDEX referral_redemptions_referral ON public.referral_redemptions USING btree (referral_id);

CREATE INDEX referrals_advocate ON public.referrals USING btree (advocate_integration_id);

CREATE INDEX referrals_application ON public.referrals USING btree (application_id, id);

CREATE INDEX referrals_batch ON public.referrals USING btree (campaign_id, batch_id);

CREATE INDEX referrals_campaign ON public.referrals USING btree (campaign_id, id);

CREATE INDEX returns_session ON public.returns USING btree (session_id, id);

CREATE INDEX role_members_role ON public.role_members USING btree (role_id);

CREATE INDEX rulesets_campaign ON public.rulesets USING btree (campaign_id, id);

CREATE INDEX rulesets_template ON public.rulesets USING btree (template_id) WHERE (template_id IS NOT NULL);

CREATE INDEX store_budgets_store ON public.store_budgets USING btree (store_id);

CREATE INDEX users_account ON public.users USING btree (account_id, id) WHERE (deleted IS NULL);

CREATE INDEX value_maps_campaign ON public.value_maps USING btree (campaign_id);

CREATE UNIQUE INDEX collections_account_name_key ON public.collections USING btree (account_id, name) WHERE (campaign_id IS NULL);

CREATE UNIQUE INDEX users_email_key ON public.users USING btree (lower(email)) WHERE (deleted IS NULL);

ALTER INDEX public.events_counted ATTACH PARTITION public.events_default_application_id_created_idx;

ALTER INDEX public.events_application ATTACH PARTITION public.events_default_application_id_id_idx;

ALTER INDEX public.events_referral ATTACH PARTITION public.events_default_application_id_referral_code_id_idx;

ALTER INDEX public.events_types ATTACH PARTITION public.events_default_application_id_type_id_idx;

ALTER INDEX public.events_coupons ATTACH PARTITION public.events_default_coupon_codes_idx;

ALTER INDEX public.events_advocate ATTACH PARTITION public.events_default_expr_idx;

ALTER INDEX public.events_pkey ATTACH PARTITION public.events_default_pkey;

ALTER INDEX public.events_profile ATTACH PARTITION public.events_default_profile_id_idx;

ALTER INDEX public.events_session ATTACH PARTITION public.events_default_session_id_id_idx;

ALTER TABLE ONLY public.access_log_erasures
    ADD CONSTRAINT access_log_erasures_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

ALTER TABLE ONLY public.additional_costs
    ADD CONSTRAINT additional_costs_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

ALTER TABLE ONLY public.advanced_events
    ADD CONSTRAINT advanced_events_application_id_fkey FOREIGN KEY (application_id) REFERENCES public.applications(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.advanced_events
    ADD CONSTRAINT advanced_events_profile_id_fkey FOREIGN KEY (profile_id) REFERENCES public.profiles(id);

ALTER TABLE ONLY public.application_customers
    ADD CONSTRAINT application_customers_application_id_fkey FOREIGN KEY (application_id) REFERENCES public.applications(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.application_customers
    ADD CONSTRAINT application_customers_profile_id_fkey FOREIGN KEY (profile_id) REFERENCES public.profiles(id);

ALTER TABLE ONLY public.application_keys
    ADD CONSTRAINT application_keys_application_id_fkey FOREIGN KEY (application_id) REFERENCES public.applications(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.application_keys
    ADD CONSTRAINT application_keys_created_by_fkey FOREIGN KEY (created_by) REFERENCES public.users(id);

ALTER TABLE ONLY public.applications
    ADD CONSTRAINT applications_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

ALTER TABLE ONLY public.applications
    ADD CONSTRAINT applications_campaign_set_updated_by_fkey FOREIGN KEY (campaign_set_updated_by) REFERENCES public.users(id);

ALTER TABLE ONLY public.applications
    ADD CONSTRAINT applications_default_cart_item_filter_id_fkey FOREIGN KEY (default_cart_item_filter_id) REFERENCES public.cart_item_filters(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.attributes
    ADD CONSTRAINT attributes_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

ALTER TABLE ONLY public.attributes
    ADD CONSTRAINT attributes_allowed_list_id_fkey FOREIGN KEY (allowed_list_id) REFERENCES public.list_contents(id);

ALTER TABLE ONLY public.campaign_figures
    ADD CONSTRAINT campaign_figures_application_id_fkey FOREIGN KEY (application_id) REFERENCES public.applications(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.campaign_groups
    ADD CONSTRAINT campaign_groups_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

ALTER TABLE ONLY public.campaign_templates
    ADD CONSTRAINT campaign_templates_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

ALTER TABLE ONLY public.campaign_templates
    ADD CONSTRAINT campaign_templates_default_campaign_group_id_fkey FOREIGN KEY (default_campaign_group_id) REFERENCES public.campaign_groups(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.campaign_templates
    ADD CONSTRAINT campaign_templates_updated_by_fkey FOREIGN KEY (updated_by) REFERENCES public.users(id);

ALTER TABLE ONLY public.campaign_templates
    ADD CONSTRAINT campaign_templates_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id);

ALTER TABLE ONLY public.campaigns
    ADD CONSTRAINT campaigns_application_id_fkey FOREIGN KEY (application_id) REFERENCES public.applications(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.campaigns
    ADD CONSTRAINT campaigns_evaluation_group_id_fkey FOREIGN KEY (evaluation_group_id) REFERENCES public.evaluation_groups(id);

ALTER TABLE ONLY public.campaigns
    ADD CONSTRAINT campaigns_template_id_fkey FOREIGN KEY (template_id) REFERENCES public.campaign_templates(id);

ALTER TABLE ONLY public.campaigns
    ADD CONSTRAINT campaigns_updated_by_fkey FOREIGN KEY (updated_by) REFERENCES public.users(id);

ALTER TABLE ONLY public.campaigns
    ADD CONSTRAINT campaigns_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id);

ALTER TABLE ONLY public.cart_item_filter_expressions
    ADD CONSTRAINT cart_item_filter_expressions_cart_item_filter_id_fkey FOREIGN KEY (cart_item_filter_id) REFERENCES public.cart_item_filters(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.cart_item_filter_expressions
    ADD CONSTRAINT cart_item_filter_expressions_created_by_fkey FOREIGN KEY (created_by) REFERENCES public.users(id);

ALTER TABLE ONLY public.cart_item_filters
    ADD CONSTRAINT cart_item_filters_application_id_fkey FOREIGN KEY (application_id) REFERENCES public.applications(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.cart_item_filters
    ADD CONSTRAINT cart_item_filters_created_by_fkey FOREIGN KEY (created_by) REFERENCES public.users(id);

ALTER TABLE ONLY public.cart_item_filters
    ADD CONSTRAINT cart_item_filters_modified_by_fkey FOREIGN KEY (modified_by) REFERENCES public.users(id);

ALTER TABLE ONLY public.changes
    ADD CONSTRAINT changes_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

ALTER TABLE ONLY public.collections
    ADD CONSTRAINT collections_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

ALTER TABLE ONLY public.collections
    ADD CONSTRAINT collections_application_id_fkey FOREIGN KEY (application_id) REFERENCES public.applications(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.collections
    ADD CONSTRAINT collections_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES public.campaigns(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.collections
    ADD CONSTRAINT collections_content_id_fkey FOREIGN KEY (content_id) REFERENCES public.list_contents(id);

ALTER TABLE ONLY public.collections
    ADD CONSTRAINT collections_created_by_fkey FOREIGN KEY (created_by) REFERENCES public.users(id);

ALTER TABLE ONLY public.collections
    ADD CONSTRAINT collections_modified_by_fkey FOREIGN KEY (modified_by) REFERENCES public.users(id);

ALTER TABLE ONLY public.coupon_redemptions
    ADD CONSTRAINT coupon_redemptions_session_id_fkey FOREIGN KEY (session_id) REFERENCES public.customer_sessions(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.coupon_reservations
    ADD CONSTRAINT coupon_reservations_coupon_id_fkey FOREIGN KEY (coupon_id) REFERENCES public.coupons(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.coupon_reservations
    ADD CONSTRAINT coupon_reservations_profile_id_fkey FOREIGN KEY (profile_id) REFERENCES public.profiles(id);

ALTER TABLE ONLY public.coupons
    ADD CONSTRAINT coupons_application_id_fkey FOREIGN KEY (application_id) REFERENCES public.applications(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.coupons
    ADD CONSTRAINT coupons_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES public.campaigns(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.custom_effects
    ADD CONSTRAINT custom_effects_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

ALTER TABLE ONLY public.custom_effects
    ADD CONSTRAINT custom_effects_created_by_fkey FOREIGN KEY (created_by) REFERENCES public.users(id);

ALTER TABLE ONLY public.custom_effects
    ADD CONSTRAINT custom_effects_modified_by_fkey FOREIGN KEY (modified_by) REFERENCES public.users(id);

ALTER TABLE ONLY public.customer_sessions
    ADD CONSTRAINT customer_sessions_application_id_fkey FOREIGN KEY (application_id) REFERENCES public.applications(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.customer_sessions
    ADD CONSTRAINT customer_sessions_profile_id_fkey FOREIGN KEY (profile_id) REFERENCES public.profiles(id);

ALTER TABLE ONLY public.evaluation_groups
    ADD CONSTRAINT evaluation_groups_application_id_fkey FOREIGN KEY (application_id) REFERENCES public.applications(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.evaluation_groups
    ADD CONSTRAINT evaluation_groups_parent_id_fkey FOREIGN KEY (parent_id) REFERENCES public.evaluation_groups(id);

ALTER TABLE ONLY public.event_types
    ADD CONSTRAINT event_types_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

ALTER TABLE ONLY public.exports
    ADD CONSTRAINT exports_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

ALTER TABLE ONLY public.exports
    ADD CONSTRAINT exports_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id);

ALTER TABLE ONLY public.figures_progress
    ADD CONSTRAINT figures_progress_application_id_fkey FOREIGN KEY (application_id) REFERENCES public.applications(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.idempotency_keys
    ADD CONSTRAINT idempotency_keys_application_id_fkey FOREIGN KEY (application_id) REFERENCES public.applications(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.imports
    ADD CONSTRAINT imports_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

ALTER TABLE ONLY public.imports
    ADD CONSTRAINT imports_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id);

ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT jobs_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT jobs_application_id_fkey FOREIGN KEY (application_id) REFERENCES public.applications(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT jobs_created_by_fkey FOREIGN KEY (created_by) REFERENCES public.users(id);

ALTER TABLE ONLY public.limit_charges
    ADD CONSTRAINT limit_charges_counter_id_fkey FOREIGN KEY (counter_id) REFERENCES public.limit_counters(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.limit_charges
    ADD CONSTRAINT limit_charges_session_id_fkey FOREIGN KEY (session_id) REFERENCES public.customer_sessions(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.limit_counters
    ADD CONSTRAINT limit_counters_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES public.campaigns(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.list_contents
    ADD CONSTRAINT list_contents_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

ALTER TABLE ONLY public.logins
    ADD CONSTRAINT logins_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.management_key_uses
    ADD CONSTRAINT management_key_uses_key_id_fkey FOREIGN KEY (key_id) REFERENCES public.management_keys(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.management_keys
    ADD CONSTRAINT management_keys_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

ALTER TABLE ONLY public.management_keys
    ADD CONSTRAINT management_keys_created_by_fkey FOREIGN KEY (created_by) REFERENCES public.users(id);

ALTER TABLE ONLY public.message_logs
    ADD CONSTRAINT message_logs_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

ALTER TABLE ONLY public.picklists
    ADD CONSTRAINT picklists_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

ALTER TABLE ONLY public.picklists
    ADD CONSTRAINT picklists_created_by_fkey FOREIGN KEY (created_by) REFERENCES public.users(id);

ALTER TABLE ONLY public.profiles
    ADD CONSTRAINT profiles_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

ALTER TABLE ONLY public.referral_redemptions
    ADD CONSTRAINT referral_redemptions_session_id_fkey FOREIGN KEY (session_id) REFERENCES public.customer_sessions(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.referrals
    ADD CONSTRAINT referrals_application_id_fkey FOREIGN KEY (application_id) REFERENCES public.applications(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.referrals
    ADD CONSTRAINT referrals_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES public.campaigns(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.returns
    ADD CONSTRAINT returns_created_by_fkey FOREIGN KEY (created_by) REFERENCES public.users(id);

ALTER TABLE ONLY public.returns
    ADD CONSTRAINT returns_session_id_fkey FOREIGN KEY (session_id) REFERENCES public.customer_sessions(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.role_members
    ADD CONSTRAINT role_members_role_id_fkey FOREIGN KEY (role_id) REFERENCES public.roles(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.role_members
    ADD CONSTRAINT role_members_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.roles
    ADD CONSTRAINT roles_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

ALTER TABLE ONLY public.rulesets
    ADD CONSTRAINT rulesets_application_id_fkey FOREIGN KEY (application_id) REFERENCES public.applications(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.rulesets
    ADD CONSTRAINT rulesets_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES public.campaigns(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.rulesets
    ADD CONSTRAINT rulesets_template_id_fkey FOREIGN KEY (template_id) REFERENCES public.campaign_templates(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.rulesets
    ADD CONSTRAINT rulesets_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id);

ALTER TABLE ONLY public.store_budgets
    ADD CONSTRAINT store_budgets_application_id_fkey FOREIGN KEY (application_id) REFERENCES public.applications(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.store_budgets
    ADD CONSTRAINT store_budgets_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES public.campaigns(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.store_budgets
    ADD CONSTRAINT store_budgets_store_id_fkey FOREIGN KEY (store_id) REFERENCES public.stores(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.stores
    ADD CONSTRAINT stores_application_id_fkey FOREIGN KEY (application_id) REFERENCES public.applications(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.user_tokens
    ADD CONSTRAINT user_tokens_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.user_visits
    ADD CONSTRAINT user_visits_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

ALTER TABLE ONLY public.v1_sessions
    ADD CONSTRAINT v1_sessions_session_id_fkey FOREIGN KEY (session_id) REFERENCES public.customer_sessions(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.value_maps
    ADD CONSTRAINT value_maps_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

ALTER TABLE ONLY public.value_maps
    ADD CONSTRAINT value_maps_application_id_fkey FOREIGN KEY (application_id) REFERENCES public.applications(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.value_maps
    ADD CONSTRAINT value_maps_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES public.campaigns(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.value_maps
    ADD CONSTRAINT value_maps_content_id_fkey FOREIGN KEY (content_id) REFERENCES public.list_contents(id);

ALTER TABLE ONLY public.value_maps
    ADD CONSTRAINT value_maps_created_by_fkey FOREIGN KEY (created_by) REFERENCES public.users(id);
