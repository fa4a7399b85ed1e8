"""Lifecycles: a shop that gives codes to carts, places orders and cancels them, step by step.

Each step is a request that the engine judges; between them, only what closing or cancelling a session counts is kept.
"""

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import msgspec

from guerdon.engine import Outcome
from guerdon.engine.facts import Counter as UsedUp
from guerdon.engine.outcome import LimitUse
from guerdon.engine.rollback import take_back
from guerdon.engine.standing import Redemption, Standing
from guerdon.wire.base import encode
from peers.campaigns import Case, set_up
from peers.kinds import DECIMALS, Found, Vector, finished, judge, only
from peers.shop import ANY_PRICE, Shop, Unknown, profile, session

ERRORS = {
    "CouponNotFound": "COUPON_CODE_INVALID_ERROR",
    "CouponPartOfNotRunningCampaign": "COUPON_CODE_INVALID_ERROR",
    "CouponExpired": "COUPON_CODE_EXPIRED_ERROR",
    "CouponStartDateInFuture": "COUPON_CODE_INVALID_ERROR",
    "CouponLimitReached": "COUPON_CODE_LIMIT_ERROR",
    "CampaignLimitReached": "COUPON_CODE_LIMIT_ERROR",
    "ProfileLimitReached": "COUPON_CODE_LIMIT_ERROR",
}
CART = {"lines": [{"id": "line", "qty": 1, "unit_price": ANY_PRICE}]}


@dataclass
class Orders:
    """The shop between two steps: the cart at hand, and what closed sessions have used up."""

    shop: Shop
    promotions: list[dict[str, Any]]
    customer: dict[str, Any] | None = None
    codes: list[str] = field(default_factory=list)
    cart: dict[str, Any] = field(default_factory=lambda: dict(CART))
    error: str | None = None
    placed: Outcome | None = None
    uses: Counter[tuple[Any, ...]] = field(default_factory=Counter)
    redeemed: Counter[int] = field(default_factory=Counter)

    def step(self, name: str, given: Any) -> None:
        """One step of a vector."""
        if name not in STEPS:
            raise Unknown(f"step {name}")
        STEPS[name](self, given)

    def request(self, codes: list[str], state: str = "open") -> Outcome:
        """The engine's answer for the cart with these codes."""
        case: Case = set_up(self.shop, self.promotions, self.customer, "")
        cart = self.cart | {"codes": codes}
        case["session"] = session(self.shop, cart, self.customer) | {"state": state}
        case["coupons"] = [
            one | {"usageCounter": one.get("usageCounter", 0) + self.redeemed[one["id"]]}
            for one in case["coupons"]
            if one["code"] in codes
        ]
        case["counters"] = [*case["counters"], *map(msgspec.to_builtins, self._counters(case["counters"]))]
        if self.customer is not None:
            case["profile"] = profile(self.shop, self.customer)
        return judge(finished(self.shop, case))

    def _counters(self, known: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """What earlier steps used up; what the vector says was used before is added to it."""
        found = []
        for (campaign, action, entities, period), used in self.uses.items():
            same = [one for one in known if (one["campaignId"], one["action"]) == (campaign, action)]
            before = sum((Decimal(one["used"]) for one in same), Decimal(0))
            for one in same:
                known.remove(one)
            counter = UsedUp(campaign_id=campaign, action=action, entities=entities, period=period, used=used + before)
            found.append(_camel(counter))
        return found

    def apply_code(self, code: str) -> None:
        """A customer gives a code: the cart keeps it unless it is refused for itself."""
        codes = [*self.codes, code] if code not in self.codes else self.codes
        self.error = None
        for effect in self.request(codes).effects:
            if effect.effect_type == "rejectCoupon" and effect.props.value == code:
                self.error = ERRORS.get(effect.props.rejection_reason)
        if self.error is None:
            self.codes = codes

    def place_order(self, given: Any) -> None:
        """The session closes, and what it used is counted."""
        given = given if isinstance(given, dict) else {}
        self._identify(given.get("customer"))
        self.placed = self.request(given.get("codes", self.codes), "closed")
        self._count(self.placed, 1)

    def cancel_order(self, _: Any) -> None:
        """The order is cancelled: what the engine takes back is counted no more."""
        if self.placed is None:
            raise Unknown("cancel_order before place_order")
        used = tuple(Redemption(one.coupon_id, one.campaign_id) for one in self.placed.coupon_uses)
        effects = tuple(
            msgspec.structs.replace(one, props=msgspec.json.decode(encode(one.props))) for one in self.placed.effects
        )
        back = take_back(Standing(effects=effects, redemptions=used))
        if any(effect.effect_type == "rollbackCoupon" for effect in back.effects):
            self._count(self.placed, -1)

    def new_cart(self, given: Any) -> None:
        """A cart without codes."""
        given = given if isinstance(given, dict) else {}
        self.codes, self.cart, self.error = [], dict(CART), None
        self._identify(given.get("customer"))

    def remove_code(self, code: str) -> None:
        """A customer takes a code back."""
        self.codes = [one for one in self.codes if one != code]

    def set_customer(self, customer: Any) -> None:
        """The customer signs in: codes that are not for this customer leave the cart."""
        self._identify(customer)
        given, self.codes = self.codes, []
        for code in given:
            self.apply_code(code)

    def _identify(self, customer: Any) -> None:
        if customer is not None:
            self.customer = customer if isinstance(customer, dict) else {"id": customer}

    def _count(self, outcome: Outcome, sign: int) -> None:
        for use in outcome.limit_uses:
            self.uses[_key(use)] += sign * use.amount  # type: ignore[assignment]
        for one in outcome.coupon_uses:
            self.redeemed[one.coupon_id] += sign * one.redemptions


STEPS = {
    "apply_code": Orders.apply_code,
    "place_order": Orders.place_order,
    "cancel_order": Orders.cancel_order,
    "new_cart": Orders.new_cart,
    "remove_code": Orders.remove_code,
    "set_customer": Orders.set_customer,
}


def _key(use: LimitUse) -> tuple[Any, ...]:
    return use.campaign_id, use.action, use.entities, use.period


def _camel(counter: UsedUp) -> dict[str, Any]:
    return {
        "campaignId": counter.campaign_id, "action": counter.action, "entities": counter.entities,
        "period": counter.period, "used": counter.used,
    }  # fmt: skip


def run_lifecycle(vector: Vector) -> Found:
    """Steps, and the state after the last of them."""
    given = vector["given"]
    promotions = [{"id": one.get("code")} | one for one in given.get("promotions", [])]
    orders = Orders(
        Shop(DECIMALS[vector["money"]["unit"]], "EUR", True, units=True, floors=False, taxes=False), promotions
    )
    for step in given["steps"]:
        for name, what in step.items():
            orders.step(name, what)
    return only(vector, {"cart_codes": orders.codes, "error": orders.error})
