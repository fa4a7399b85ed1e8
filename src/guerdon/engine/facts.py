"""What rules may look at. Everything the engine knows of the world is in here; nothing of it ever changes.

Money is exact `Decimal`, times are aware `datetime` values. The whole struct can be written as JSON and read
back without loss, members that have their default left out: that is how the event log can run any request again.
"""

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from msgspec import Struct

from guerdon.engine.standing import Standing

ZERO = Decimal(0)


class AttributeDefinition(Struct, frozen=True):
    """A custom attribute as rules and payload checks see it; `type` is one of the contract's type names. Attributes
    of the entity Event belong to one `event_type` each. A `restricted` one has values that are among its `suggestions`
    or `allowed`, its allowed list, whose texts are `canonical` (attributes.py)."""

    entity: str
    name: str
    type: str
    suggestions: tuple[str, ...] = ()
    restricted: bool = False
    event_type: str = ""
    allowed: Collection[str] = ()

    @property
    def key(self) -> tuple[str, str, str]:
        """What it is found by: entity, type of the event (empty for all other entities) and name."""
        return (self.entity, self.event_type if self.entity == "Event" else "", self.name)


class CartItem(Struct, frozen=True, kw_only=True, omit_defaults=True):
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
    product: str | None = None
    returned_quantity: int = 0
    prices: dict[str, Decimal] = {}
    selected_price_type: str | None = None
    catalog_item_id: int | None = None

    @property
    def remaining(self) -> int:
        """How many units are left: returned ones are neither counted nor evaluated (core.md §2.6)."""
        return self.quantity - self.returned_quantity

    @property
    def costs(self) -> Decimal:
        """The additional costs of one unit."""
        return sum(self.additional_costs.values(), ZERO)


class Session(Struct, frozen=True, kw_only=True, omit_defaults=True, dict=True):
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

    @cached_property
    def skus(self) -> frozenset[str]:
        """The SKUs of the cart, of lines of which a unit is left; found out once, for many rules ask."""
        return frozenset([line.sku for line in self.cart_items if line.quantity > line.returned_quantity])

    @cached_property
    def categories(self) -> frozenset[str | None]:
        """The same for their categories."""
        return frozenset([line.category for line in self.cart_items if line.quantity > line.returned_quantity])


class Profile(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The customer of the session. `audiences` are those the customer is in now; `joined` and `left` those whose
    membership this very request changed (rules.md §4.1)."""

    integration_id: str
    created: datetime
    last_activity: datetime
    closed_sessions: int
    total_sales: Decimal
    attributes: dict[str, Any]
    id: int = 0
    sandbox: bool = False
    audiences: frozenset[int] = frozenset()
    joined: frozenset[int] = frozenset()
    left: frozenset[int] = frozenset()


class Store(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The store that the session names."""

    integration_id: str
    name: str
    attributes: dict[str, Any] = {}


# What limits may be on (core.md §8.1): the first three count amounts, the others how often.
LIMITED = (
    "setDiscount", "createLoyaltyPoints", "redeemLoyaltyPoints", "redeemCoupon", "redeemReferral", "setDiscountEffect",
    "createCoupon", "createReferral", "createLoyaltyPointsEffect", "redeemLoyaltyPointsEffect", "awardGiveaway",
    "addFreeItemEffect", "customEffect", "callApi", "reserveCoupon",
)  # fmt: skip


class Limit(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How much of an action there may be, for each combination of entities and in each period (core.md §8.1).

    `entities` is empty for the campaign as a whole, `period` is daily, weekly, monthly, yearly or none. `store`
    names the one store that a store budget is for.
    """

    action: str
    limit: Decimal
    entities: tuple[str, ...] = ()
    period: str | None = None
    store: str = ""


class Counter(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How much of a limit is used up: the action of a campaign, for these entities, in a period.

    `entities` holds pairs such as ("Profile", "jane") in alphabetical order of the entity: integration ids of
    profiles, sessions and stores, ids of coupons and referrals, identifiers as they are. A limit of a coupon counts
    under the coupon, too. `period` is the label of core.md §8.4 (`Y2026M6`), empty for a lifetime.
    """

    campaign_id: int
    action: str
    entities: tuple[tuple[str, str], ...] = ()
    period: str = ""
    used: Decimal = ZERO


class Balance(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The points of the customer (or of the card) in one ledger of a loyalty program; "" is the main ledger."""

    program_id: int
    subledger: str = ""
    card: str = ""
    current: Decimal = ZERO
    pending: Decimal = ZERO
    negative: Decimal = ZERO
    expired: Decimal = ZERO
    spent: Decimal = ZERO
    tier: str = ""
    tier_expiry_date: datetime | None = None


class Card(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A loyalty card that the session carries."""

    program_id: int
    identifier: str
    active: bool = True
    profiles: tuple[str, ...] = ()
    attributes: dict[str, Any] = {}


class AchievementProgress(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far the customer is with an achievement; `status` is not_started, inprogress, completed or expired."""

    achievement_id: int
    progress: Decimal = ZERO
    status: str = "not_started"
    tracker_id: int = 0


class Giveaway(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A code of a giveaway pool that this request may award."""

    id: int
    pool_id: int
    code: str


class KeptCode(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A code that a rule made in an earlier update of this session and that it gives out again to the same
    `recipient`, instead of a new one (core.md §3.5). `kind` is coupon or referral."""

    kind: str
    ruleset_id: int
    rule_index: int
    code: str
    recipient: str = ""


class Referral(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The referral that the session's code names. `already_referred`: the customer has redeemed one before."""

    id: int
    campaign_id: int
    code: str
    value: str
    usage_limit: int = 0
    usage_counter: int = 0
    start_date: datetime | None = None
    expiry_date: datetime | None = None
    advocate_integration_id: str
    friend_integration_id: str | None = None
    attributes: dict[str, Any] = {}
    already_referred: bool = False


class Coupon(Struct, frozen=True, kw_only=True, omit_defaults=True):
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
    limits: tuple[Limit, ...] = ()
    reservation: bool = True
    reserved: bool = False
    reservation_limit: int = 0
    reservation_counter: int = 0


class ReturnedLine(Struct, frozen=True, omit_defaults=True):
    """Units of a cart line that are returned now: `count` of them, from the unit with number `first` on. Units go in
    the order of their numbers, so `first` is how many of the line were returned before (core.md §3.8)."""

    position: int
    first: int
    count: int


class Facts(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One request, ready to be judged. `event` is the type of the event (core.md §3.2, §9.1). Profile updates and
    custom events judge no session: theirs has the integration id "" or is a closed one that the event is connected
    with, to be read only.

    `coupons` holds those found, in the order of `session.coupon_codes`. `campaign_ids`, when not None, replaces
    the selection of campaigns. With `explain`, every rule is run, so that every failure has a reason; `complete`
    runs all campaigns whatever the modes of their groups (forceCompleteEvaluation). `advocate` is the profile that
    the referral names. `counters` is what limits have used up; what has none is unused. `giveaways` are codes that
    may be awarded, in order, `kept_codes` those that earlier updates of the session made, in order. `taken_codes`
    are codes that exist and that rules may not make anew. `seed` is what created codes and ids are made from, where
    nothing else is handed in. `standing` is what a session that is no longer open was given; None while it is open.
    `returned` are units that are returned now; the session's cart is without them. `run_rules` asks to judge campaigns
    anew after a return.
    """

    event: str
    session: Session
    profile: Profile | None
    coupons: tuple[Coupon, ...]
    campaign_ids: tuple[int, ...] | None = None
    explain: bool = False
    complete: bool = False
    event_attributes: dict[str, Any] = {}
    event_created: datetime | None = None
    advocate: Profile | None = None
    referral: Referral | None = None
    store: Store | None = None
    counters: tuple[Counter, ...] = ()
    balances: tuple[Balance, ...] = ()
    cards: tuple[Card, ...] = ()
    achievements: tuple[AchievementProgress, ...] = ()
    giveaways: tuple[Giveaway, ...] = ()
    kept_codes: tuple[KeptCode, ...] = ()
    taken_codes: tuple[str, ...] = ()
    seed: str = ""
    standing: Standing | None = None
    returned: tuple[ReturnedLine, ...] = ()
    run_rules: bool = False

    @property
    def of_session(self) -> bool:
        """Whether a session is judged: it may get discounts and new attributes."""
        return self.event.startswith("talon_session_")

    @property
    def closes(self) -> bool:
        """Whether a session closes with this request."""
        return self.session.state == "closed" and self.of_session

    @property
    def final(self) -> bool:
        """Whether what this request gives is given for good: a session that closes, or no session at all."""
        return self.session.state == "closed" or not self.of_session

    @property
    def own_code(self) -> bool:
        """Whether the customer is the advocate: one person, whose referral is refused."""
        if self.profile is None or self.advocate is None:
            return False
        return self.profile.integration_id == self.advocate.integration_id


class Needs(Struct, frozen=True):
    """What must be read before a request can be judged: the profile, and coupons by their folded codes."""

    profile_integration_id: str
    coupon_keys: tuple[str, ...]
