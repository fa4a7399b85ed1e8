-- What belongs to campaigns: access groups, templates, custom effects, picklists, allowed lists, the tree's version.

-- Who may work on a campaign. Campaigns name their groups; no subscription (null) is every Application of the account.
CREATE TABLE campaign_groups (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES accounts,
    name text NOT NULL,
    description text NOT NULL DEFAULT '',
    subscribed_applications_ids bigint[],
    created timestamptz NOT NULL,
    modified timestamptz NOT NULL
);
CREATE INDEX campaign_groups_account ON campaign_groups (account_id);

CREATE TABLE campaign_templates (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES accounts,
    user_id bigint NOT NULL REFERENCES users,
    name text NOT NULL,
    description text NOT NULL,
    instructions text NOT NULL,
    campaign_attributes jsonb NOT NULL DEFAULT '{}',
    coupon_attributes jsonb NOT NULL DEFAULT '{}',
    state text NOT NULL,
    active_ruleset_id bigint,
    tags text[] NOT NULL DEFAULT '{}',
    reevaluate_on_return boolean NOT NULL DEFAULT false,
    features text[] NOT NULL DEFAULT '{}',
    coupon_settings jsonb,
    coupon_reservation_settings jsonb,
    referral_settings jsonb,
    limits jsonb NOT NULL DEFAULT '[]',
    template_params jsonb NOT NULL DEFAULT '[]',
    applications_ids bigint[] NOT NULL DEFAULT '{}',
    campaign_collections jsonb NOT NULL DEFAULT '[]',
    default_campaign_group_id bigint REFERENCES campaign_groups ON DELETE SET NULL,
    campaign_type text NOT NULL,
    created timestamptz NOT NULL,
    updated timestamptz,
    updated_by bigint REFERENCES users
);
CREATE INDEX campaign_templates_account ON campaign_templates (account_id);

-- A ruleset is a campaign's or a template's; the latter is not in any Application.
ALTER TABLE rulesets
    ALTER COLUMN application_id DROP NOT NULL,
    ALTER COLUMN campaign_id DROP NOT NULL,
    ADD COLUMN template_id bigint REFERENCES campaign_templates ON DELETE CASCADE,
    ADD CONSTRAINT rulesets_owner CHECK ((campaign_id IS NULL) <> (template_id IS NULL));
CREATE INDEX rulesets_template ON rulesets (template_id) WHERE template_id IS NOT NULL;

ALTER TABLE campaigns ADD COLUMN template_id bigint REFERENCES campaign_templates;
CREATE INDEX campaigns_template ON campaigns (template_id) WHERE template_id IS NOT NULL;
CREATE INDEX campaigns_groups ON campaigns USING gin (campaign_groups);
CREATE INDEX campaigns_evaluation_group ON campaigns (evaluation_group_id);
-- So far any number was taken for a group, and meant nothing.
UPDATE campaigns SET campaign_groups = '{}' WHERE campaign_groups <> '{}';

-- Raised with every change of the tree of evaluation groups that goes through the campaign set.
ALTER TABLE applications
    ADD COLUMN campaign_set_version bigint NOT NULL DEFAULT 1,
    ADD COLUMN campaign_set_updated_by bigint REFERENCES users;

CREATE TABLE custom_effects (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES accounts,
    application_ids bigint[] NOT NULL,
    is_per_item boolean NOT NULL,
    name text NOT NULL,
    title text NOT NULL,
    payload text NOT NULL,
    description text NOT NULL DEFAULT '',
    enabled boolean NOT NULL,
    params jsonb NOT NULL DEFAULT '[]',
    created_by bigint NOT NULL REFERENCES users,
    modified_by bigint REFERENCES users,
    created timestamptz NOT NULL,
    modified timestamptz NOT NULL,
    CONSTRAINT custom_effects_name_key UNIQUE (account_id, name)
);

-- Values to choose from where a custom effect takes a parameter.
CREATE TABLE picklists (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES accounts,
    type text NOT NULL,
    values text[] NOT NULL,
    created_by bigint NOT NULL REFERENCES users,
    created timestamptz NOT NULL
);

-- The values that an attribute may have, where a file with them was imported.
ALTER TABLE attributes ADD COLUMN allowed_list_id bigint REFERENCES list_contents;
