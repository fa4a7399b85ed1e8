"""The dictionary of built-in paths (rules.md §4.6): what a rule may look up, its kind, and where it is read from.

`f` is the frame of the evaluation, `it` the cart item at hand. A path marked optional may have no value in
some facts; reading it then is an evaluation error.
"""

from msgspec import Struct

from guerdon.engine.talang.kinds import BOOLEAN, ITEM, NUMBER, TEXT, TIME, list_of

ANY_NAME = "*"


class Entry(Struct, frozen=True):
    """One built-in path of an entity."""

    kind: str
    source: str
    optional: bool = False


# The entity of the Management API whose custom attributes stand under `<entity>.Attributes`, and where they are.
ATTRIBUTES: dict[str, tuple[str, str]] = {
    "Session": ("CustomerSession", "f.attributes['Session']"),
    "Profile": ("CustomerProfile", "f.attributes['Profile']"),
    "Item": ("CartItem", "it.line.attributes"),
    "Coupon": ("Coupon", "f.current_coupon().attributes"),
    "Campaign": ("Campaign", "f.campaign.source.attributes"),
    "Application": ("Application", "f.program.settings.attributes"),
}

PATHS: dict[str, dict[str, Entry]] = {
    "Session": {
        "IntegrationId": Entry(TEXT, "f.session.integration_id"),
        "State": Entry(TEXT, "f.session.state"),
        "Created": Entry(TIME, "f.session.created"),
        "Updated": Entry(TIME, "f.session.updated"),
        "ProfileId": Entry(TEXT, "f.session.profile_id"),
        "StoreIntegrationId": Entry(TEXT, "f.session.store_integration_id"),
        "Total": Entry(NUMBER, "f.session.total"),
        "CartTotal": Entry(NUMBER, "f.session.cart_item_total"),
        "CartItemTotal": Entry(NUMBER, "f.session.cart_item_total"),
        "AdditionalCostTotal": Entry(NUMBER, "f.session.additional_cost_total"),
        "DiscountedTotal": Entry(NUMBER, "f.discounts.discounted('sessionTotal')"),
        "DiscountedCartTotal": Entry(NUMBER, "f.discounts.discounted('cartItems')"),
        "CartItems": Entry(list_of(ITEM), "f.items()"),
        "CouponCodes": Entry(list_of(TEXT), "list(f.session.coupon_codes)"),
        "Identifiers": Entry(list_of(TEXT), "list(f.session.identifiers)"),
        "LoyaltyCards": Entry(list_of(TEXT), "list(f.session.loyalty_cards)"),
        "ReferralCode": Entry(TEXT, "f.session.referral_code"),
        "FirstSession": Entry(BOOLEAN, "f.session.first_session"),
    },
    "Item": {
        "SKU": Entry(TEXT, "it.line.sku"),
        "Sku": Entry(TEXT, "it.line.sku"),
        "Name": Entry(TEXT, "it.line.name", optional=True),
        "Price": Entry(NUMBER, "it.line.price"),
        "Quantity": Entry(NUMBER, "it.quantity"),
        "Category": Entry(TEXT, "it.line.category", optional=True),
        "Weight": Entry(NUMBER, "it.line.weight", optional=True),
        "Height": Entry(NUMBER, "it.line.height", optional=True),
        "Width": Entry(NUMBER, "it.line.width", optional=True),
        "Length": Entry(NUMBER, "it.line.length", optional=True),
        "Position": Entry(NUMBER, "it.position"),
        "SubPosition": Entry(NUMBER, "it.number"),
        "Total": Entry(NUMBER, "it.total"),
        "MappedValue": Entry(NUMBER, "it.mapped", optional=True),
        "DiscountedPrice": Entry(NUMBER, "f.discounts.discounted_price(it)"),
    },
    "Profile": {
        "IntegrationId": Entry(TEXT, "f.known_profile().integration_id"),
        "Created": Entry(TIME, "f.known_profile().created"),
        "LastActivity": Entry(TIME, "f.known_profile().last_activity"),
        "ClosedSessions": Entry(NUMBER, "Decimal(f.known_profile().closed_sessions)"),
        "TotalSales": Entry(NUMBER, "f.known_profile().total_sales"),
    },
    "Coupon": {
        "Value": Entry(TEXT, "f.current_coupon().value"),
        "UsageLimit": Entry(NUMBER, "Decimal(f.current_coupon().usage_limit)"),
        "UsageCounter": Entry(NUMBER, "Decimal(f.current_coupon().usage_counter)"),
        "DiscountLimit": Entry(NUMBER, "f.current_coupon().discount_limit", optional=True),
        "DiscountCounter": Entry(NUMBER, "f.current_coupon().discount_counter"),
        "DiscountRemainder": Entry(NUMBER, "f.coupon_remainder()", optional=True),
        "StartDate": Entry(TIME, "f.current_coupon().start_date", optional=True),
        "ExpiryDate": Entry(TIME, "f.current_coupon().expiry_date", optional=True),
        "RecipientIntegrationId": Entry(TEXT, "f.current_coupon().recipient_integration_id", optional=True),
        "BatchId": Entry(TEXT, "f.current_coupon().batch_id", optional=True),
    },
    "Campaign": {
        "Id": Entry(NUMBER, "f.campaign.number"),
        "Name": Entry(TEXT, "f.campaign.source.name"),
        "StartTime": Entry(TIME, "f.campaign.source.start_time", optional=True),
        "EndTime": Entry(TIME, "f.campaign.source.end_time", optional=True),
    },
    "Application": {
        "Id": Entry(NUMBER, "f.program.settings.number"),
        "Name": Entry(TEXT, "f.program.settings.name"),
        "Timezone": Entry(TEXT, "f.program.settings.timezone"),
        "Currency": Entry(TEXT, "f.program.settings.currency"),
    },
    "Event": {"Type": Entry(TEXT, "f.facts.event")},
    "Now": {"": Entry(TIME, "f.now")},
}
