"""What a shop prints from an Outcome: the members of a vector's `expect`. Discounts are added up here, never made."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from guerdon.engine import Outcome
from peers.shop import Shop, Unknown, cost_name, number, price, shipping, shipping_price, shipping_tax

ZERO = Decimal(0)
REASONS = {
    "CouponNotFound": "not_found",
    "CouponExpired": "expired",
    "CouponStartDateInFuture": "not_started",
    "CouponPartOfNotRunningCampaign": "not_running",
    "CouponLimitReached": "limit_reached",
    "ProfileLimitReached": "limit_reached",
    "CampaignLimitReached": "limit_reached",
}
OVER_BUDGET = ("LimitReached", "limit", "budget")


@dataclass(frozen=True)
class Discount:
    """One effect that takes money off: of which promotion, off which line and unit, or which way of shipping."""

    promotion: str
    amount: Decimal
    line: str | None = None
    unit: int = 0
    shipping: str | None = None

    @property
    def target(self) -> dict[str, str]:
        """The target as vectors write it."""
        if self.line is not None:
            return {"type": "line", "id": self.line}
        return {"type": "shipping", "id": self.shipping} if self.shipping is not None else {"type": "order"}


@dataclass
class Receipt:
    """A cart with what came of it."""

    shop: Shop
    given: dict[str, Any]
    outcome: Outcome
    discounts: list[Discount] = field(default_factory=list)
    gifts: list[str] = field(default_factory=list)
    used: set[tuple[int, int]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.cart: dict[str, Any] = self.given["cart"]
        self.lines: list[dict[str, Any]] = self.cart.get("lines", [])
        self.promotions = {str(one["id"]): one for one in self.given["promotions"]}
        methods = {cost_name(method): method["id"] for method in shipping(self.cart)}
        for effect in self.outcome.effects:
            self._add(effect, methods)

    def _add(self, effect: Any, methods: dict[str, str]) -> None:
        props, name = effect.props, effect.rule_name
        if effect.effect_type == "setDiscountPerItem":
            at, unit = props.position, props.sub_position if self.shop.units else 0
            self.discounts.append(Discount(name, props.value, self.lines[at]["id"], unit))
            self.used |= {(at, unit)} if self.shop.units else {(at, one) for one in range(self.lines[at]["qty"])}
        elif effect.effect_type == "setDiscount":
            self.discounts.append(Discount(name, props.value))
        elif effect.effect_type == "setDiscountPerAdditionalCost":
            self.discounts.append(Discount(name, props.value, shipping=methods[props.additional_cost]))
        elif effect.effect_type == "addFreeItem":
            self.gifts.append(name)
        elif effect.effect_type == "customEffect" and isinstance(props.cart_item_position, int):
            self.used.add((props.cart_item_position, props.cart_item_sub_position))

    # --- sums

    def off(self, wanted: Callable[[Discount], bool] = lambda discount: True) -> Decimal:
        """What some discounts come to."""
        return sum((one.amount for one in self.discounts if wanted(one)), ZERO)

    def line_before(self, line: dict[str, Any]) -> Decimal:
        """A line before discounts."""
        return number(line["line_subtotal"]) if "line_subtotal" in line else price(line) * line["qty"]

    def line_after(self, line: dict[str, Any]) -> Decimal:
        """A line after discounts."""
        return self.line_before(line) - self.off(lambda one: one.line == line["id"])

    def shipping_after(self, method: dict[str, Any]) -> Decimal:
        """A way of shipping after discounts."""
        return shipping_price(method) - self.off(lambda one: one.shipping == method["id"])

    def gift_prices(self) -> Decimal:
        """What the free items would have cost: the shop puts them into the cart."""
        return sum((number(self._gift(name).get("unit_price", 0)) for name in self.gifts), ZERO)

    def _gift(self, name: str) -> dict[str, Any]:
        reward = self.promotions[name]["reward"]
        found: dict[str, Any] = next(
            one for one in (reward if isinstance(reward, list) else [reward]) if one["type"] == "add_item"
        )
        return found

    def taxed(self, amount: Decimal, percent: Any, *, gross: bool) -> Decimal:
        """An amount in the prices of the shop, as a net or gross one."""
        if self.shop.prices_include_tax == gross:
            return amount
        factor = 1 + number(percent or 0) / 100
        return self.rounded(amount * factor if gross else amount / factor)

    def rounded(self, amount: Decimal) -> Decimal:
        """An amount in whole minor units."""
        if self.shop.decimals is None:
            return amount
        return amount.quantize(Decimal(1).scaleb(-self.shop.decimals), ROUND_HALF_UP)

    def items(self, *, gross: bool, before: bool = False) -> Decimal:
        """The lines of the cart, net or gross."""
        amount = self.line_before if before else self.line_after
        return sum((self.taxed(amount(line), line.get("tax_percent"), gross=gross) for line in self.lines), ZERO)

    def shipping(self, *, gross: bool) -> Decimal:
        """Shipping, net or gross."""
        amounts = ((self.shipping_after(one), shipping_tax(one)) for one in shipping(self.cart))
        return sum((self.taxed(amount, percent, gross=gross) for amount, percent in amounts), ZERO)

    # --- members of `expect`

    def show(self, name: str, wanted: Any) -> Any:
        """The member of `expect`; `wanted` tells only how finely the source looks at it."""
        if name not in SHOWN:
            raise Unknown(f"expectation {name}")
        return SHOWN[name](self, wanted)

    def listed(self, wanted: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The discounts by promotion and target; off the order as a whole where the source says no more."""
        whole = {one["promotion"] for one in wanted if one["target"]["type"] == "order"}
        sums: dict[tuple[str, str], dict[str, Any]] = {}
        for one in self.discounts:
            target = {"type": "order"} if one.promotion in whole and one.shipping is None else one.target
            row = {"promotion": one.promotion, "target": target, "amount": ZERO}
            sums.setdefault((one.promotion, str(target)), row)["amount"] += one.amount
        return list(sums.values())

    def applied(self, _: Any) -> list[str]:
        """The promotions that gave something."""
        gave = {one.promotion for one in self.discounts} | set(self.gifts)
        return [name for name in dict.fromkeys(effect.rule_name for effect in self.outcome.effects) if name in gave]

    def by_line(self, wanted: dict[str, Any], amount: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
        """Something of the lines that the source looks at."""
        return {line["id"]: amount(line) for line in self.lines if line["id"] in wanted}

    def by_unit(self, line: dict[str, Any]) -> list[Decimal]:
        """What each unit of a line has off."""
        if not self.shop.units:
            raise Unknown("discounts by unit where the cart is not flattened")
        return [self.off(lambda one, at=at: (one.line, one.unit) == (line["id"], at)) for at in range(line["qty"])]  # type: ignore[misc]

    def rejected(self, _: Any) -> list[dict[str, str]]:
        """The promotions that a limit, a budget or their time kept back."""
        found = {}
        for failure in self.outcome.failures:
            if _is_over_budget(failure):
                found[failure.rule_name] = self._limit_reason(failure.rule_name)
        by_code = {one.get("code"): name for name, one in self.promotions.items()}
        for effect in self.outcome.effects:
            if effect.effect_type == "rejectCoupon" and effect.props.rejection_reason in REASONS:
                name = by_code.get(effect.props.value)
                reason = REASONS[effect.props.rejection_reason]
                if name is not None:
                    found[name] = self._limit_reason(name) if reason == "limit_reached" else reason
        return [{"promotion": name, "reason": reason} for name, reason in found.items()]

    def _limit_reason(self, name: str) -> str:
        return "budget_exceeded" if "budget" in self.promotions.get(name, {}) else "limit_reached"

    def total(self) -> Decimal:
        """What is paid, in the prices of the shop."""
        if self.shop.taxes:
            return self.items(gross=True) + self.shipping(gross=True)
        return sum(map(self.line_after, self.lines), ZERO) + sum(map(self.shipping_after, shipping(self.cart)), ZERO)

    def count(self, _: Any) -> int:
        """How many lines, deliveries or orders have something off by some promotion."""
        return len(Counter((one.promotion, str(one.target)) for one in self.discounts)) + len(self.gifts)

    def items_total(self, _: Any) -> Decimal:
        """The items: after discounts in Saleor, before them elsewhere."""
        amount = self.line_after if self.given.get("source") == "Saleor" else self.line_before
        return sum(map(amount, self.lines), ZERO) + self.gift_prices()

    def after_shelf_price(self, line: dict[str, Any]) -> Decimal:
        """The price of a unit after discounts on the shelf."""
        shelf = {name for name, one in self.promotions.items() if one.get("trigger") == "catalog"}
        off = self.off(lambda one: one.line == line["id"] and one.promotion in shelf)
        return (self.line_before(line) - off) / Decimal(line["qty"])

    def units(self) -> int:
        """How many units the cart has."""
        return sum(line["qty"] for line in self.lines)


def _is_over_budget(failure: Any) -> bool:
    return isinstance(failure.effect_index, int) and any(word in failure.details for word in OVER_BUDGET)


def _of_items(one: Discount) -> bool:
    return one.shipping is None


def _of_shipping(one: Discount) -> bool:
    return one.shipping is not None


SHOWN: dict[str, Callable[[Receipt, Any], Any]] = {
    "applied": Receipt.applied,
    "rejected": Receipt.rejected,
    "discounts": Receipt.listed,
    "discount_count": Receipt.count,
    "discount_total": lambda r, _: r.off() + r.gift_prices(),
    "order_discount_total": lambda r, _: r.off(_of_items),
    "shipping_discount": lambda r, _: r.off(_of_shipping),
    "shipping_total": lambda r, _: sum(map(r.shipping_after, shipping(r.cart)), ZERO),
    "shipping_net": lambda r, _: r.shipping(gross=False),
    "shipping_gross": lambda r, _: r.shipping(gross=True),
    "line_discounts": lambda r, w: r.by_line(w, lambda line: r.line_before(line) - r.line_after(line)),
    "line_totals_after": lambda r, w: r.by_line(w, r.line_after),
    "line_unit_after": lambda r, w: r.by_line(w, lambda line: r.line_after(line) / line["qty"]),
    "unit_discounts": lambda r, w: r.by_line(w, r.by_unit),
    "unit_price_after_promotion": lambda r, _: r.after_shelf_price(r.lines[0]),
    "unit_price_final": lambda r, _: r.line_after(r.lines[0]) / r.lines[0]["qty"],
    "line_count": lambda r, _: len(r.lines) + len(set(r.gifts)),
    "items_total": Receipt.items_total,
    "grand_total": lambda r, _: r.total(),
    "net_items": lambda r, _: r.items(gross=False),
    "gross_items": lambda r, _: r.items(gross=True),
    "net_total": lambda r, _: r.items(gross=False) + r.shipping(gross=False),
    "gross_total": lambda r, _: r.items(gross=True) + r.shipping(gross=True),
    "discount_total_gross": lambda r, _: r.items(gross=True, before=True) - r.items(gross=True),
    "discount_total_net": lambda r, _: r.items(gross=False, before=True) - r.items(gross=False),
    "order_before": lambda r, w: {name: r.items(gross=name == "gross", before=True) for name in w},
    "units_consumed": lambda r, _: len(r.used),
    "units_free": lambda r, _: r.units() - len(r.used),
}
