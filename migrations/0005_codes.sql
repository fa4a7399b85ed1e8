-- What the inventory of a customer is found by.
CREATE INDEX coupons_recipient ON coupons (application_id, recipient_integration_id)
    WHERE recipient_integration_id IS NOT NULL;
CREATE INDEX coupons_implicitly_reserved ON coupons (application_id, id) WHERE implicitly_reserved;
CREATE INDEX coupon_redemptions_profile ON coupon_redemptions (profile_id);

-- How often its data was erased: what was read before may not be written after.
ALTER TABLE profiles ADD COLUMN erasures bigint NOT NULL DEFAULT 0;
ALTER TABLE customer_sessions ADD COLUMN erasures bigint NOT NULL DEFAULT 0;
-- What the entries of a customer are found by, and those of which they are the advocate. The text is looked at first, so
-- that the log is not parsed where there is none.
CREATE INDEX events_profile ON events (profile_id) WHERE profile_id IS NOT NULL;
CREATE INDEX events_advocate ON events ((facts #>> '{advocate,integration_id}'))
    WHERE facts::text LIKE '%"advocate":{%';
