"""What rules may look at. Everything the engine knows of the world is in here; nothing of it ever changes.

Money is exact `Decimal`, times are aware `datetime` values. The whole struct can be written as JSON and read
back without loss: that is how the event log can run any request again.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct

ZERO = Decimal(0)


class AttributeDefinition(Struct, frozen=True):
    """A custom attribute as rules and payload checks see it; `type` is one of the contract's type names."""

    entity: str
    name: str
    type: str
    suggestions: tuple[str, ...] = ()
    restricted: bool = False


class CartItem(Struct, frozen=True, kw_only=True):
    """A line of the cart. `price` is for one unit; `additional_costs` are per unit, by API name."""

    position: int
    sku: str
    quantity: int
    price: Decimal
    name: str | None = None
    category: str | None = None
    weight: Decimal | None = None
    height: Decimal | None = None
    width: Decimal | None = None
    length: Decimal | None = None
    attributes: dict[str, Any] = {}
    additional_costs: dict[str, Decimal] = {}

    @property
    def costs(self) -> Decimal:
        """The additional costs of one unit."""
        return sum(self.additional_costs.values(), ZERO)


class Session(Struct, frozen=True, kw_only=True):
    """The customer session as it is after the request's changes were merged in."""

    integration_id: str
    state: str
    profile_id: str
    store_integration_id: str
    coupon_codes: tuple[str, ...]
    referral_code: str
    identifiers: tuple[str, ...]
    loyalty_cards: tuple[str, ...]
    cart_items: tuple[CartItem, ...]
    additional_costs: dict[str, Decimal]
    attributes: dict[str, Any]
    first_session: bool
    created: datetime
    updated: datetime
    cart_item_total: Decimal
    additional_cost_total: Decimal
    cart_item_additional_cost_total: Decimal
    total: Decimal


class Profile(Struct, frozen=True, kw_only=True):
    """The customer of the session."""

    integration_id: str
    created: datetime
    last_activity: datetime
    closed_sessions: int
    total_sales: Decimal
    attributes: dict[str, Any]


class Coupon(Struct, frozen=True, kw_only=True):
    """A coupon that one of the session's codes names. `code` is the code as it was submitted."""

    id: int
    campaign_id: int
    code: str
    value: str
    usage_limit: int
    usage_counter: int
    discount_limit: Decimal | None
    discount_counter: Decimal
    start_date: datetime | None
    expiry_date: datetime | None
    recipient_integration_id: str | None
    is_reservation_mandatory: bool
    implicitly_reserved: bool
    batch_id: str | None
    attributes: dict[str, Any]


class Facts(Struct, frozen=True, kw_only=True):
    """One request, ready to be judged. `event` is the built-in event type (core.md §3.2).

    `coupons` holds those found, in the order of `session.coupon_codes`. `campaign_ids`, when not None, replaces
    the selection of campaigns. With `explain`, every rule is run, so that every failure has a reason.
    """

    event: str
    session: Session
    profile: Profile | None
    coupons: tuple[Coupon, ...]
    campaign_ids: tuple[int, ...] | None = None
    explain: bool = False


class Needs(Struct, frozen=True):
    """What must be read before a request can be judged: the profile, and coupons by their folded codes."""

    profile_integration_id: str
    coupon_keys: tuple[str, ...]
