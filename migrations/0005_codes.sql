-- What the inventory of a customer is found by.
CREATE INDEX coupons_recipient ON coupons (application_id, recipient_integration_id)
    WHERE recipient_integration_id IS NOT NULL;
CREATE INDEX coupons_implicitly_reserved ON coupons (application_id, id) WHERE implicitly_reserved;
CREATE INDEX coupon_redemptions_profile ON coupon_redemptions (profile_id);
