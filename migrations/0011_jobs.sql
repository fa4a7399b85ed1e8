-- Work that goes on after the answer: a worker takes a row, does a part of it, and notes how far it came, all in one
-- transaction (flows/jobs.py). There is no reference to campaigns: one that is deleted must not wait for its jobs.
CREATE TABLE jobs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES accounts,
    application_id bigint NOT NULL REFERENCES applications ON DELETE CASCADE,
    campaign_id bigint,
    kind text NOT NULL,
    batch_id text,
    request json NOT NULL,
    position json NOT NULL DEFAULT '{}',
    status text NOT NULL DEFAULT 'pending',
    done bigint NOT NULL DEFAULT 0,
    turns bigint NOT NULL DEFAULT 0,
    failures bigint NOT NULL DEFAULT 0,
    errors text[] NOT NULL DEFAULT '{}',
    created_by bigint NOT NULL REFERENCES users,
    created timestamptz NOT NULL,
    due timestamptz NOT NULL
);
CREATE INDEX jobs_due ON jobs (due, id) WHERE status = 'pending';
CREATE INDEX jobs_application ON jobs (application_id, batch_id);

-- What searches of coupons are served by, each in the order of ids: all of an Application, a batch, a code in any case,
-- what a referral brought, and attributes. Coupons without a referral or attributes are not in the last two.
DROP INDEX coupons_batch;
-- Codes are made in pages full of them, and redeemed once: with some room in its page a coupon is counted without any
-- index being touched.
ALTER TABLE coupons SET (fillfactor = 90);
CREATE INDEX coupons_application ON coupons (application_id, id);
CREATE INDEX coupons_batch ON coupons (application_id, batch_id, id);
CREATE INDEX coupons_code ON coupons (application_id, lower(value));
CREATE INDEX coupons_referral ON coupons (referral_id, id) WHERE referral_id IS NOT NULL;
CREATE INDEX coupons_attributes ON coupons USING gin (attributes jsonb_path_ops) WHERE attributes <> '{}';
CREATE INDEX referrals_batch ON referrals (campaign_id, batch_id);
