"""What holds for any discounts under any limits (Hypothesis): nothing below zero, no limit exceeded, sums kept."""

from collections import defaultdict
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from msgspec.structs import replace

import judge
from guerdon.engine import evaluate
from guerdon.engine.effects import Effect
from guerdon.engine.limits import AMOUNTS
from guerdon.engine.rollback import take_back
from guerdon.engine.standing import Redemption, Standing
from guerdon.engine.uses import DISCOUNTS
from guerdon.wire.base import decoder, encode
from shops import facts, money, shop

quick = settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck), database=None)


def discounts(outcome: Any) -> list[Any]:
    return [one for one in outcome.effects if one.effect_type in DISCOUNTS]


def taken(outcome: Any, key: Any) -> dict[Any, Decimal]:
    """The sums of the discounts by what `key` makes of their properties; None is left out."""
    found: dict[Any, Decimal] = defaultdict(Decimal)
    for one in discounts(outcome):
        if (what := key(one)) is not None:
            found[what] += one.props.value
    return found


def unit(one: Any) -> Any:
    return (one.props.position, one.props.sub_position) if hasattr(one.props, "position") else None


def cost(one: Any) -> Any:
    return (unit(one), one.props.additional_cost) if hasattr(one.props, "additional_cost") else None


@settings(quick, max_examples=250)
@given(shop(cascading=True), facts(money(4)))
def test_nothing_goes_below_zero(program, request):
    outcome, session = evaluate(program, request, judge.NOW), request.session
    assert all(one.props.value > 0 for one in discounts(outcome))
    assert sum(one.props.value for one in discounts(outcome)) <= session.total

    def of_unit(scope):
        return taken(outcome, lambda one: unit(one) if getattr(one.props, "scope", None) == scope else None)

    for scope, worth in (("price", lambda line: line.price), ("additionalCosts", lambda line: line.costs)):
        for (position, _), value in of_unit(scope).items():
            line = session.cart_items[position]
            assert value <= worth(line) * (1 if program.settings.flattened else line.remaining)
    for (position, _), value in taken(outcome, unit).items():
        line = session.cart_items[position]
        assert value <= (line.price + line.costs) * (1 if program.settings.flattened else line.remaining)
    for (of, name), value in taken(outcome, cost).items():
        if of is None:
            assert value <= session.additional_costs[name]
        else:
            line = session.cart_items[of[0]]
            assert value <= line.additional_costs[name] * (1 if program.settings.flattened else line.remaining)
    prices = sum(of_unit("price").values())
    goods = taken(outcome, lambda one: "cart" if getattr(one.props, "scope", None) == "cartItems" else None)
    assert prices + goods["cart"] <= session.cart_item_total
    costs = taken(
        outcome,
        lambda one: (
            "costs"
            if unit(one) is None and (cost(one) or getattr(one.props, "scope", None) == "additionalCosts")
            else None
        ),
    )
    assert costs["costs"] <= session.additional_cost_total


@quick
@given(shop(), facts(money(4)))
def test_returned_units_get_nothing(program, request):
    for (position, place), _ in taken(evaluate(program, request, judge.NOW), unit).items():
        line = request.session.cart_items[position]
        assert line.remaining > 0
        assert not program.settings.flattened or line.returned_quantity <= place < line.quantity


def parts_of(outcome: Any) -> list[list[Any]]:
    """The effects that share an amount, in order: a run of effects of one name, bundle and total."""
    runs: list[list[Any]] = []
    last: Any = None
    for one in outcome.effects:
        props = one.props
        total = getattr(props, "total_discount", None)
        key = None if not isinstance(total, Decimal) else (one.campaign_id, one.rule_index, props.bundle_index, total)
        if key is not None and (key != last or unit(one) in [unit(other) for other in runs[-1]]):
            runs.append([])
        if key is not None:
            runs[-1].append(one)
        last = key
    return runs


@quick
@given(shop(), facts(money(4)))
def test_shares_sum_to_their_total(program, request):
    for run in parts_of(evaluate(program, request, judge.NOW)):
        assert sum(one.props.value for one in run) == run[0].props.total_discount
        if isinstance(run[0].props.desired_total_discount, Decimal):
            assert run[0].props.total_discount <= run[0].props.desired_total_discount


@quick
@given(shop(rounding=2), facts(money(4)))
def test_rounded_discounts_are_whole_cents(program, request):
    outcome = evaluate(program, request, judge.NOW)
    for one in discounts(outcome):
        amounts = [one.props.value, one.props.desired_value, getattr(one.props, "total_discount", None)]
        assert all(value == round(value, 2) for value in amounts if isinstance(value, Decimal))
    assert sum(one.props.value for one in discounts(outcome)) <= request.session.total


@quick
@given(shop(), facts(money(4)))
def test_partial_is_never_more_than_what_was_wanted(program, request):
    for one in evaluate(program, request, judge.NOW).effects:
        desired = getattr(one.props, "desired_value", None)
        if isinstance(desired, Decimal):
            assert one.props.value <= desired


@quick
@given(shop(), facts(money(2)))
def test_no_limit_is_exceeded(program, request):
    outcome = evaluate(program, request, judge.NOW)
    counted = {(one.campaign_id, one.action, one.entities, one.period): one.used for one in request.counters}
    for use in outcome.limit_uses:
        names = tuple(name for name, _ in use.entities)
        limits = [
            one.limit
            for one in program.by_id[use.campaign_id].source.limits
            if one.action == use.action
            and tuple(sorted(one.entities)) == names
            and bool(one.period) == bool(use.period)
        ]
        used = counted.get((use.campaign_id, use.action, use.entities, use.period), Decimal(0))
        assert use.amount > 0
        assert limits
        assert used + use.amount <= max(limits)
    for coupon in request.coupons:
        if coupon.discount_limit is not None:
            given_away = sum(one.props.value for one in discounts(outcome) if one.triggered_by_coupon == coupon.id)
            assert given_away <= max(Decimal(0), coupon.discount_limit - coupon.discount_counter)


@quick
@given(shop(), facts(money(2)))
def test_what_limits_count_is_what_was_given(program, request):
    outcome = evaluate(program, request, judge.NOW)
    for use in outcome.limit_uses:
        if not use.entities or {name for name, _ in use.entities} <= {"Profile", "Session", "Identifier"}:
            of_campaign = [one for one in outcome.effects if one.campaign_id == use.campaign_id]
            given_away = {
                "setDiscount": sum(one.props.value for one in of_campaign if one.effect_type in DISCOUNTS),
                "setDiscountEffect": sum(1 for one in of_campaign if one.effect_type in DISCOUNTS),
                "addFreeItemEffect": sum(1 for one in of_campaign if one.effect_type == "addFreeItem"),
                "redeemCoupon": sum(1 for one in outcome.coupon_uses if one.campaign_id == use.campaign_id),
            }
            assert use.amount == given_away[use.action]


@quick
@given(shop(), facts(money(4)))
def test_the_same_request_gives_the_same_bytes(program, request):
    assert encode(evaluate(program, request, judge.NOW)) == encode(evaluate(program, request, judge.NOW))


@quick
@given(shop(), facts(money(2)))
def test_a_rollback_brings_the_counters_back(program, request):
    closing = replace(request, session=replace(request.session, state="closed"))
    outcome = evaluate(program, closing, judge.NOW)
    stored = decoder(tuple[Effect, ...]).decode(encode(outcome.effects))
    redeemed = tuple(Redemption(use.coupon_id, use.campaign_id) for use in outcome.coupon_uses)
    back = take_back(Standing(effects=stored, redemptions=redeemed, charged=outcome.charged))
    left: dict[Any, Decimal] = defaultdict(Decimal)
    for use in (*outcome.limit_uses, *back.limit_uses):
        left[(use.campaign_id, use.action, use.entities, use.period)] += use.amount
    assert all(not value or key[1] == "addFreeItemEffect" for key, value in left.items())
    for use in (*outcome.campaign_uses, *back.campaign_uses):
        left[use.campaign_id] += use.discount
        left[(use.campaign_id, "effects")] += use.discount_effects
        left[(use.campaign_id, "codes")] += use.coupon_redemptions
    for use in (*outcome.coupon_uses, *back.coupon_uses):
        left[("coupon", use.coupon_id)] += use.discount
    assert all(not value for key, value in left.items() if not isinstance(key, tuple) or "addFreeItemEffect" not in key)
    undone = [one for one in back.effects if one.effect_type == "rollbackDiscount"]
    assert [one.props.value for one in undone] == [one.props.value for one in discounts(outcome)]


@quick
@given(shop(capped=False), facts(money(2)))
def test_without_caps_a_fixed_amount_is_given_as_it_is(program, request):
    partial = program.settings.partial
    for one in evaluate(program, request, judge.NOW).effects:
        if one.effect_type == "setDiscount" and not partial and isinstance(one.props.desired_value, Decimal):
            assert one.props.value <= one.props.desired_value
    unlimited = judge.campaign(
        rules=[{"title": "R", "condition": ["and", True], "effects": [["setDiscount", "S", 500]]}]
    )
    outcome = evaluate(judge.program([unlimited], [], program.settings), request, judge.NOW)
    assert [one.props.value for one in discounts(outcome)] == [500]


def test_amounts_are_what_the_first_actions_count():
    assert AMOUNTS == ("setDiscount", "createLoyaltyPoints", "redeemLoyaltyPoints")
