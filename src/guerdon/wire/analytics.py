"""The contract's shapes for figures; pure data."""

from datetime import datetime

from msgspec import UNSET, UnsetType, field

from guerdon.wire.base import Number, Wire


class CampaignAnalytics(Wire, kw_only=True):
    """Contract schema `CampaignAnalytics`: what happened in a period, and in all up to its end."""

    date: datetime
    campaign_revenue: Number
    total_campaign_revenue: Number
    campaign_refund: Number
    total_campaign_refund: Number
    campaign_discount_costs: Number
    total_campaign_discount_costs: Number
    campaign_refunded_discounts: Number
    total_campaign_refunded_discounts: Number
    campaign_free_items: int
    total_campaign_free_items: int
    coupon_redemptions: int
    total_coupon_redemptions: int
    coupon_rolledback_redemptions: int
    total_coupon_rolledback_redemptions: int
    referral_redemptions: int
    total_referral_redemptions: int
    coupons_created: int
    total_coupons_created: int
    referrals_created: int
    total_referrals_created: int
    added_loyalty_points: Number
    total_added_loyalty_points: Number
    deducted_loyalty_points: Number
    total_deducted_loyalty_points: Number


class CustomerAnalytics(Wire, kw_only=True):
    """Contract schema `CustomerAnalytics`."""

    accepted_coupons: int
    created_coupons: int
    free_items: int
    total_orders: int
    total_discounted_orders: int
    total_revenue: Number
    total_discounts: Number


class AccountAnalytics(Wire, kw_only=True):
    """Contract schema `AccountAnalytics`."""

    applications: int
    live_applications: int
    sandbox_applications: int
    campaigns: int
    active_campaigns: int
    live_active_campaigns: int
    coupons: int
    active_coupons: int
    expired_coupons: int
    referral_codes: int
    active_referral_codes: int
    expired_referral_codes: int
    active_rules: int
    users: int
    roles: int
    custom_attributes: int
    webhooks: int
    loyalty_programs: int
    live_loyalty_programs: int
    last_updated_at: datetime


class CouponFailureSummary(Wire, kw_only=True):
    """Contract schema `CouponFailureSummary`."""

    id: int
    event_id: int = field(name="eventID")
    session_id: str | UnsetType = field(default=UNSET, name="sessionID")
    profile_id: str | UnsetType = field(default=UNSET, name="profileID")
    status: str
    coupon_code: str
    language: str
    summary: str
    created_at: datetime
    updated_at: datetime
