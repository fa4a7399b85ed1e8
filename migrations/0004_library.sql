-- What rules may name: collections, stores with their budgets, value maps, additional costs, cart item filters, event
-- types. Whatever of it a rule can see is recorded in program_parts with every change (db/programs.py).

-- The items of a collection, or the identifiers of a value map with their amounts. A row never changes: an import adds
-- one, and program_parts names it, so that the program of any revision can be loaded again.
CREATE TABLE list_contents (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES accounts,
    items text[] NOT NULL,
    amounts numeric[]
);

-- Of the account, or of the campaign that is named. No subscription (null) is every Application of the account.
CREATE TABLE collections (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES accounts,
    application_id bigint REFERENCES applications ON DELETE CASCADE,
    campaign_id bigint REFERENCES campaigns ON DELETE CASCADE,
    name text NOT NULL,
    description text NOT NULL DEFAULT '',
    subscribed_applications_ids bigint[],
    content_id bigint REFERENCES list_contents,
    created_by bigint NOT NULL REFERENCES users,
    modified_by bigint REFERENCES users,
    created timestamptz NOT NULL,
    modified timestamptz NOT NULL,
    CONSTRAINT collections_campaign_name_key UNIQUE (campaign_id, name)
);
CREATE UNIQUE INDEX collections_account_name_key ON collections (account_id, name) WHERE campaign_id IS NULL;

CREATE TABLE value_maps (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES accounts,
    application_id bigint NOT NULL REFERENCES applications ON DELETE CASCADE,
    campaign_id bigint NOT NULL REFERENCES campaigns ON DELETE CASCADE,
    content_id bigint REFERENCES list_contents,
    created_by bigint NOT NULL REFERENCES users,
    created timestamptz NOT NULL
);
CREATE INDEX value_maps_campaign ON value_maps (campaign_id);

CREATE TABLE stores (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    application_id bigint NOT NULL REFERENCES applications ON DELETE CASCADE,
    name text NOT NULL,
    description text NOT NULL,
    integration_id text NOT NULL,
    attributes jsonb NOT NULL DEFAULT '{}',
    created timestamptz NOT NULL,
    updated timestamptz NOT NULL,
    CONSTRAINT stores_integration_id_key UNIQUE (application_id, integration_id)
);

-- What a campaign may give in each of its stores. The period is daily, weekly, monthly, yearly, or empty for good.
CREATE TABLE store_budgets (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    application_id bigint NOT NULL REFERENCES applications ON DELETE CASCADE,
    campaign_id bigint NOT NULL REFERENCES campaigns ON DELETE CASCADE,
    store_id bigint NOT NULL REFERENCES stores ON DELETE CASCADE,
    action text NOT NULL,
    period text NOT NULL,
    amount numeric NOT NULL,
    imported boolean NOT NULL,
    CONSTRAINT store_budgets_key UNIQUE (campaign_id, action, period, store_id)
);
CREATE INDEX store_budgets_store ON store_budgets (store_id);

CREATE TABLE additional_costs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES accounts,
    name text NOT NULL,
    title text NOT NULL,
    description text NOT NULL,
    subscribed_applications_ids bigint[],
    type text NOT NULL,
    created timestamptz NOT NULL,
    CONSTRAINT additional_costs_name_key UNIQUE (account_id, name)
);

CREATE TABLE cart_item_filters (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    application_id bigint NOT NULL REFERENCES applications ON DELETE CASCADE,
    name text NOT NULL,
    description text NOT NULL DEFAULT '',
    active_expression_id bigint,
    created_by bigint NOT NULL REFERENCES users,
    modified_by bigint REFERENCES users,
    created timestamptz NOT NULL,
    modified timestamptz,
    CONSTRAINT cart_item_filters_name_key UNIQUE (application_id, name)
);
-- The versions of a filter; they never change.
CREATE TABLE cart_item_filter_expressions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    cart_item_filter_id bigint NOT NULL REFERENCES cart_item_filters ON DELETE CASCADE,
    expression json NOT NULL,
    created_by bigint NOT NULL REFERENCES users,
    created timestamptz NOT NULL
);
CREATE INDEX cart_item_filter_expressions_filter ON cart_item_filter_expressions (cart_item_filter_id);

CREATE TABLE event_types (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES accounts,
    title text NOT NULL,
    name text NOT NULL,
    description text NOT NULL DEFAULT '',
    created timestamptz NOT NULL,
    CONSTRAINT event_types_name_key UNIQUE (account_id, name)
);
-- Which types of events an Application has seen is found by skipping from one to the next.
CREATE INDEX events_types ON events (application_id, type);

CREATE TABLE imports (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES accounts,
    user_id bigint NOT NULL REFERENCES users,
    entity text NOT NULL,
    amount bigint NOT NULL,
    created timestamptz NOT NULL
);

-- The place of a campaign or group among those of its group.
ALTER TABLE evaluation_groups ADD COLUMN position integer NOT NULL DEFAULT 0;
ALTER TABLE campaigns
    ADD COLUMN position integer NOT NULL DEFAULT 0,
    ADD COLUMN stores_imported boolean NOT NULL DEFAULT false;
CREATE INDEX campaigns_linked_stores ON campaigns USING gin (linked_store_ids);

-- So far any number was taken for a store or a filter, and meant nothing.
UPDATE campaigns SET linked_store_ids = '{}' WHERE linked_store_ids <> '{}';
UPDATE applications SET default_cart_item_filter_id = NULL WHERE default_cart_item_filter_id IS NOT NULL;
ALTER TABLE applications ADD CONSTRAINT applications_default_cart_item_filter_id_fkey
    FOREIGN KEY (default_cart_item_filter_id) REFERENCES cart_item_filters ON DELETE SET NULL;

-- Campaigns were recorded without their limits and code settings, groups not at all: record both as they are from now
-- on. Revisions of the past stay as they were, for that is how they were judged.
UPDATE applications SET revision = revision + 1;
INSERT INTO program_parts (application_id, revision, kind, part_id, data)
SELECT a.id, a.revision, 'group', g.id, json_build_object(
    'id', g.id, 'name', g.name, 'parent_id', g.parent_id, 'mode', g.evaluation_mode, 'scope', g.evaluation_scope,
    'position', g.position)
FROM evaluation_groups g JOIN applications a ON a.id = g.application_id;
INSERT INTO program_parts (application_id, revision, kind, part_id, data)
SELECT a.id, a.revision, 'campaign', c.id, json_build_object(
    'id', c.id, 'name', c.name, 'state', c.state, 'type', c.type, 'features', c.features,
    'start_time', c.start_time, 'end_time', c.end_time, 'attributes', c.attributes,
    'group_id', g.id, 'group_mode', g.evaluation_mode, 'position', c.position,
    'description', c.description, 'tags', c.tags, 'reevaluate_on_return', c.reevaluate_on_return,
    'coupon_pattern', coalesce(c.coupon_settings ->> 'couponPattern', ''),
    'coupon_characters', coalesce((
        SELECT string_agg(one, '' ORDER BY place)
        FROM jsonb_array_elements_text(c.coupon_settings -> 'validCharacters') WITH ORDINALITY AS t (one, place)), ''),
    'referral_pattern', coalesce(c.referral_settings ->> 'couponPattern', ''),
    'referral_characters', coalesce((
        SELECT string_agg(one, '' ORDER BY place)
        FROM jsonb_array_elements_text(c.referral_settings -> 'validCharacters') WITH ORDINALITY AS t (one, place)),
        ''),
    'limits', c.limits, 'stores', '[]'::json, 'value_maps', '[]'::json,
    'ruleset_id', r.id, 'rules', r.rules, 'bindings', r.bindings)
FROM campaigns c
JOIN applications a ON a.id = c.application_id
JOIN evaluation_groups g ON g.id = c.evaluation_group_id
LEFT JOIN rulesets r ON r.id = c.active_ruleset_id AND r.campaign_id = c.id;
