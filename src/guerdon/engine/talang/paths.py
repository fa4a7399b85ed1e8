"""The dictionary of built-in paths (rules.md §4.6): what a rule may look up, its kind, and where it is read from.

`f` is the frame of the evaluation, `it` the cart item at hand. A path marked optional may have no value in
some facts; reading it then is an evaluation error. `<name>` in a path stands for a name of the kind `named`; the
source reads it as `name`.
"""

from msgspec import Struct

from guerdon.engine.talang.kinds import BOOLEAN, ITEM, NUMBER, TEXT, TIME, list_of
from guerdon.engine.talang.known import ACHIEVEMENT, ANY_NAME, COST, PROGRAM

NAME = "<name>"


class Entry(Struct, frozen=True):
    """One built-in path of an entity."""

    kind: str
    source: str
    optional: bool = False
    named: str = ""


# The entity of the Management API whose custom attributes stand under `<entity>.Attributes`, and where they are.
ATTRIBUTES: dict[str, tuple[str, str]] = {
    "Session": ("CustomerSession", "f.attributes['Session']"),
    "Profile": ("CustomerProfile", "f.attributes['Profile']"),
    "AdvocateProfile": ("CustomerProfile", "f.writes.current('AdvocateProfile')"),
    "Item": ("CartItem", "f.item_attributes.get(it.line.position, it.line.attributes)"),
    "Coupon": ("Coupon", "f.writes.current('Coupon')"),
    "Referral": ("Referral", "f.writes.current('Referral')"),
    "Event": ("Event", "f.facts.event_attributes"),
    "Store": ("Store", "f.known_store().attributes"),
    "LoyaltyCard": ("LoyaltyCard", "f.points.any_card().attributes"),
    "Campaign": ("Campaign", "f.campaign.source.attributes"),
    "Application": ("Application", "f.program.settings.attributes"),
}

# Whose custom attributes an effect may write; those of cart items are written by `updateItemAttribute`.
WRITABLE = ("Session", "Profile", "AdvocateProfile", "Coupon", "Referral")


def _profile(read: str) -> dict[str, Entry]:
    """The paths of a customer profile."""
    return {
        "IntegrationId": Entry(TEXT, f"{read}.integration_id"),
        "Created": Entry(TIME, f"{read}.created"),
        "LastActivity": Entry(TIME, f"{read}.last_activity"),
        "ClosedSessions": Entry(NUMBER, f"Decimal({read}.closed_sessions)"),
        "TotalSales": Entry(NUMBER, f"{read}.total_sales"),
        "Sandbox": Entry(BOOLEAN, f"{read}.sandbox"),
        "Audiences": Entry(list_of(TEXT), f"f.memberships.names({read})"),
    }


def _balance(kind: str) -> Entry:
    """A balance of the main ledger of a loyalty program."""
    return Entry(NUMBER, f"f.points.balance(name, '', {kind!r})", named=PROGRAM)


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
        "AdditionalCosts.<name>.Price": Entry(NUMBER, "f.session.additional_costs.get(name)", True, COST),
        "AdditionalCosts.<name>.DiscountedPrice": Entry(NUMBER, "f.discounts.discounted_cost(name)", True, COST),
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
        "DiscountedPrice": Entry(NUMBER, "f.discounts.discounted_price(it)"),
        "Product.Name": Entry(TEXT, "it.line.product", optional=True),
        "ReturnedQuantity": Entry(NUMBER, "Decimal(it.line.returned_quantity)"),
        "RemainingQuantity": Entry(NUMBER, "Decimal(it.line.remaining)"),
        "SelectedPriceType": Entry(TEXT, "it.line.selected_price_type", optional=True),
        "Prices.<name>.Price": Entry(NUMBER, "it.line.prices.get(name)", optional=True, named=ANY_NAME),
        "AdditionalCosts.<name>.Price": Entry(NUMBER, "it.line.additional_costs.get(name)", True, COST),
        "CatalogItemID": Entry(NUMBER, "it.catalog_item", optional=True),
        "MappedValue": Entry(NUMBER, "it.mapped", optional=True),
    },
    "Profile": _profile("f.known_profile()"),
    "AdvocateProfile": _profile("f.known_advocate()"),
    "Coupon": {
        "Value": Entry(TEXT, "f.current_coupon().value"),
        "UsageLimit": Entry(NUMBER, "Decimal(f.current_coupon().usage_limit)"),
        "UsageCounter": Entry(NUMBER, "Decimal(f.counted_coupon().usage_counter)"),
        "DiscountLimit": Entry(NUMBER, "f.current_coupon().discount_limit", optional=True),
        "DiscountCounter": Entry(NUMBER, "f.counted_coupon().discount_counter"),
        "DiscountRemainder": Entry(NUMBER, "f.coupon_remainder()", optional=True),
        "StartDate": Entry(TIME, "f.current_coupon().start_date", optional=True),
        "ExpiryDate": Entry(TIME, "f.current_coupon().expiry_date", optional=True),
        "RecipientIntegrationId": Entry(TEXT, "f.current_coupon().recipient_integration_id", optional=True),
        "BatchId": Entry(TEXT, "f.current_coupon().batch_id", optional=True),
    },
    "Referral": {
        "Value": Entry(TEXT, "f.current_referral().value"),
        "UsageLimit": Entry(NUMBER, "Decimal(f.current_referral().usage_limit)"),
        "UsageCounter": Entry(NUMBER, "Decimal(f.counted_referral().usage_counter)"),
        "StartDate": Entry(TIME, "f.current_referral().start_date", optional=True),
        "ExpiryDate": Entry(TIME, "f.current_referral().expiry_date", optional=True),
        "AdvocateProfileIntegrationId": Entry(TEXT, "f.current_referral().advocate_integration_id"),
        "FriendProfileIntegrationId": Entry(TEXT, "f.current_referral().friend_integration_id", optional=True),
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
    "Account": {"Id": Entry(NUMBER, "Decimal(f.program.settings.account_id)")},
    "Store": {
        "IntegrationId": Entry(TEXT, "f.known_store().integration_id"),
        "Name": Entry(TEXT, "f.known_store().name"),
    },
    "Event": {
        "Type": Entry(TEXT, "f.facts.event"),
        "Created": Entry(TIME, "f.facts.event_created", optional=True),
    },
    "Loyalty": {
        "<name>.CurrentBalance": _balance("current"),
        "<name>.PendingBalance": _balance("pending"),
        "<name>.NegativeBalance": _balance("negative"),
        "<name>.ExpiredBalance": _balance("expired"),
        "<name>.SpentBalance": _balance("spent"),
        "<name>.TentativeCurrentBalance": _balance("tentativeCurrent"),
        "<name>.TierName": Entry(TEXT, "f.points.tier(name, '')", optional=True, named=PROGRAM),
        "<name>.TierExpiryDate": Entry(TIME, "f.points.tier_expiry(name, '')", optional=True, named=PROGRAM),
    },
    "LoyaltyCard": {
        "Identifier": Entry(TEXT, "f.points.any_card().identifier"),
        "ProgramId": Entry(NUMBER, "Decimal(f.points.any_card().program_id)"),
        "Active": Entry(BOOLEAN, "f.points.any_card().active"),
        "Profiles": Entry(list_of(TEXT), "list(f.points.any_card().profiles)"),
    },
    "Achievements": {
        "<name>.Progress": Entry(NUMBER, "f.achievements.progress(name)", named=ACHIEVEMENT),
        "<name>.Target": Entry(NUMBER, "f.achievements.target(name)", named=ACHIEVEMENT),
        "<name>.Status": Entry(TEXT, "f.achievements.status(name)", named=ACHIEVEMENT),
    },
    "AwardedGiveaway": {
        "Code": Entry(TEXT, "f.giveaways.newest().code"),
        "PoolId": Entry(NUMBER, "Decimal(f.giveaways.newest().pool_id)"),
    },
    "Value_map_items": {"": Entry(list_of(ITEM), "f.mapped_items()")},
    "Now": {"": Entry(TIME, "f.now")},
}
