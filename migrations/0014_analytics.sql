-- Figures of campaigns by quarters of an hour, and the sums of whole days of UTC for long ranges, counted from the log
-- once it is some time old (db/analytics.py).
-- Campaign 0 is all closed sessions of the Application, -1 those that any campaign gave something.
CREATE TABLE campaign_figures (
    application_id bigint NOT NULL REFERENCES applications ON DELETE CASCADE,
    campaign_id bigint NOT NULL,
    whole_day boolean NOT NULL,
    starts timestamptz NOT NULL,
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
    items bigint NOT NULL,
    PRIMARY KEY (application_id, campaign_id, whole_day, starts)
);
CREATE INDEX campaign_figures_time ON campaign_figures (application_id, whole_day, starts);

-- All events before this time are in the figures, none from it on.
CREATE TABLE figures_progress (
    application_id bigint PRIMARY KEY REFERENCES applications ON DELETE CASCADE,
    counted_until timestamptz NOT NULL
);

-- Events that figures are made of: sessions that close and what takes that back, codes that were made, points.
CREATE INDEX events_counted ON events (application_id, created) WHERE
    type IN ('talon_session_closed', 'talon_session_revoked', 'talon_session_reopened',
        'talon_session_partially_returned')
    OR effects::text LIKE '%Created"%'
    OR (type NOT LIKE 'talon_session_%' AND effects::text LIKE '%LoyaltyPoints"%');
CREATE INDEX coupon_redemptions_redeemed ON coupon_redemptions (application_id, redeemed_at);
CREATE INDEX coupon_redemptions_rolled_back ON coupon_redemptions (application_id, rolled_back_at)
    WHERE rolled_back_at IS NOT NULL;
CREATE INDEX referral_redemptions_redeemed ON referral_redemptions (application_id, redeemed_at);
