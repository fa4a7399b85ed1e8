"""What holds for any session that closes, has items returned and is cancelled, under any limits (Hypothesis)."""

from collections import Counter, defaultdict
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from guerdon.engine import evaluate
from guerdon.engine.uses import DISCOUNTS
from guerdon.wire.base import decoder, encode
from life import Life
from shops import facts, money, shop

quick = settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck), database=None)
OF_UNITS = ("setDiscountPerItem", "setDiscountPerAdditionalCostPerItem")
ROLLED_BACK = ("cartItemPosition", "cartItemSubPosition")
STAY_COUNTED = ("addFreeItemEffect", "free_items")


def of_kind(effects: Any, *kinds: str) -> list[Any]:
    return [one for one in effects if one.effect_type in kinds]


def plain(effect: Any) -> dict[str, Any]:
    """The properties as JSON has them."""
    return effect.props if isinstance(effect.props, dict) else decoder(dict).decode(encode(effect.props))


def by_place(effects: Any) -> dict[Any, Decimal]:
    """The sums of discounts, given or taken back, by what they were taken off."""
    found: dict[Any, Decimal] = defaultdict(Decimal)
    for one in of_kind(effects, *DISCOUNTS, "rollbackDiscount"):
        props = plain(one)
        position, place = ("position", "subPosition") if one.effect_type in DISCOUNTS else ROLLED_BACK
        where = (props.get(position), props.get(place), props.get("additionalCost"))
        found[one.campaign_id, one.triggered_by_coupon, props["name"], where] += Decimal(props["value"])
    return dict(found)


def free_items(effects: Any) -> Counter[Any]:
    """How many of each; those that a closing gave stay given, and are not given a second time."""
    return Counter((one.campaign_id, str(plain(one))) for one in of_kind(effects, "addFreeItem"))


def returns_of(draw: Any, life: Life) -> list[tuple[int, int]]:
    """Some of what is left, of one or more lines."""
    left = [line for line in life.facts.session.cart_items if line.remaining]
    lines = draw(st.lists(st.sampled_from(left), min_size=1, max_size=2, unique_by=lambda line: line.position))
    return [(line.position, draw(st.integers(1, line.remaining))) for line in lines]


def add_up(life: Life) -> None:
    """What stands is what all counters say: of campaigns, of coupons, of limits."""
    standing = of_kind(life.standing.effects, *DISCOUNTS)
    value = lambda some: sum((Decimal(one.props["value"]) for one in some), Decimal(0))  # noqa: E731
    redeemed = {one.coupon_id for one in life.standing.redemptions}
    for number in life.program.by_id:
        own = [one for one in standing if one.campaign_id == number]
        assert life.books["campaign", number, "discount"] == value(own)
        assert life.books["campaign", number, "discount_effects"] == len(own)
    for coupon in life.facts.coupons:
        of_code = [one for one in standing if one.triggered_by_coupon == coupon.id] if coupon.id in redeemed else []
        assert life.books["coupon", coupon.id, "discount"] == value(of_code)
    for (number, action, entities, _), used in life.limits.items():
        codes = [code for name, code in entities if name == "Coupon"]
        own = [
            one
            for one in life.standing.effects
            if one.campaign_id == number and (not codes or str(one.triggered_by_coupon) in codes)
        ]
        assert (
            used
            == {
                "setDiscount": value(of_kind(own, *DISCOUNTS)),
                "setDiscountEffect": len(of_kind(own, *DISCOUNTS)),
                "addFreeItemEffect": len(of_kind(own, "addFreeItem")),
                "redeemCoupon": len([one for one in own if one.effect_type == "acceptCoupon"]),
            }[action]
        )
    charged = {(one.campaign_id, one.action, one.entities, one.period): one.amount for one in life.standing.charged}
    assert charged == {key: used for key, used in life.limits.items() if used and key[1] not in STAY_COUNTED}


def nothing_left(life: Life) -> None:
    """All counters are where they were before the session closed, but for what stays given."""
    assert not [key for key, value in life.books.items() if value and key[2] not in STAY_COUNTED]
    assert not [key for key, value in life.limits.items() if value and key[1] not in STAY_COUNTED]
    assert life.standing.charged == life.standing.redemptions == ()


@quick
@given(shop(), facts(money(4), returned=False), st.sampled_from(["cancel", "reopen"]))
def test_a_closing_and_its_undoing_leave_nothing(program, request, how):
    life = Life(program, request)
    closed = life.close()
    add_up(life)
    back = getattr(life, how)()
    assert by_place(back.effects) == by_place(closed.effects)
    assert not of_kind(back.holding, *DISCOUNTS)
    nothing_left(life)


@settings(quick, max_examples=120)
@given(shop(), facts(money(4), returned=False), st.data())
def test_when_everything_is_returned_each_discount_on_an_item_was_taken_back_once(program, request, data):
    life = Life(program, request)
    closed = life.close()
    taken: list[Any] = []
    while any(line.remaining for line in life.facts.session.cart_items):
        outcome = life.give_back(*returns_of(data.draw, life))
        assert all(one.effect_type == "rollbackDiscount" and one.props.value > 0 for one in outcome.effects)
        assert outcome.referral_uses == ()
        assert all(use.redemptions == 0 for use in outcome.coupon_uses)
        taken += outcome.effects
        add_up(life)
    assert by_place(taken) == by_place(of_kind(closed.effects, *OF_UNITS))
    assert not of_kind(life.standing.effects, *OF_UNITS)
    if program.settings.flattened:
        assert len(taken) == len(of_kind(closed.effects, *OF_UNITS))
    life.cancel()
    nothing_left(life)


@settings(quick, max_examples=120)
@given(shop(), facts(money(4), returned=False), st.data())
def test_what_returns_leave_is_taken_back_at_last(program, request, data):
    life = Life(program, request)
    given_at_close = by_place(life.close().effects)
    taken: list[Any] = []
    for _ in range(data.draw(st.integers(1, 2))):
        assume(any(line.remaining for line in life.facts.session.cart_items))
        taken += life.give_back(*returns_of(data.draw, life)).effects
    taken += life.cancel().effects
    assert by_place(taken) == given_at_close
    nothing_left(life)


@quick
@given(shop(rounding=2, flattened=False), facts(money(4), returned=False), st.data())
def test_shares_of_lines_are_whole_cents(program, request, data):
    life = Life(program, request)
    life.close()
    while any(line.remaining for line in life.facts.session.cart_items):
        for one in life.give_back(*returns_of(data.draw, life)).effects:
            assert one.props.value == round(one.props.value, 2)


@settings(quick, max_examples=150)
@given(shop(again=st.booleans()), facts(money(4), returned=False), st.data())
def test_counters_add_up_where_rules_run_again(program, request, data):
    life = Life(program, request)
    life.close()
    add_up(life)
    while any(line.remaining for line in life.facts.session.cart_items):
        before = life.standing
        life.give_back(*returns_of(data.draw, life), run_rules=data.draw(st.booleans()))
        add_up(life)
        assert set(before.redemptions) <= set(life.standing.redemptions)
        for one in of_kind(before.effects, "addFreeItem", "acceptCoupon"):
            assert one in life.standing.effects
    life.cancel()
    nothing_left(life)


@settings(quick, max_examples=60)
@given(shop(again=st.just(True)), facts(money(4), returned=False), st.data())
def test_rules_that_run_again_give_what_a_closing_of_the_rest_would_give(program, request, data):
    life = Life(program, request)
    life.close()
    kinds = defaultdict(set)
    for one in life.standing.effects:
        kinds[one.campaign_id].add(one.effect_type)
    assume(all(kinds[one.source.id] - {"rejectCoupon"} for one in program.campaigns))
    before = free_items(life.standing.effects)
    life.give_back(*returns_of(data.draw, life), run_rules=True)
    rest = replace(life.facts, event="talon_session_closed", session=replace(life.facts.session, state="closed"))
    redeemed = {one.coupon_id for one in life.standing.redemptions}
    expected = evaluate(program, rest, life.now)
    assume({use.coupon_id for use in expected.coupon_uses} == redeemed)
    assert by_place(life.standing.effects) == by_place(expected.effects)
    assert free_items(life.standing.effects) == before | free_items(expected.effects)


@settings(quick, max_examples=100)
@given(shop(again=st.booleans()), facts(money(4), returned=False), st.data())
def test_rules_that_run_again_give_no_more_than_is_left(program, request, data):
    """Of the session as a whole, and of each unit: what other campaigns gave counts too."""
    life = Life(program, request)
    life.close()
    while any(line.remaining for line in life.facts.session.cart_items):
        back = life.give_back(*returns_of(data.draw, life), run_rules=True)
        new = by_place(of_kind(back.effects, *DISCOUNTS))
        if not new:
            continue
        session = life.facts.session
        held = by_place(life.standing.effects)
        assert sum(held.values()) <= max(session.total, sum(held.values()) - sum(new.values()))
        costs = {line.position: line.price + line.costs for line in session.cart_items}
        for position, place in {where[:2] for *_, where in new if where[0] is not None}:
            of_unit = sum(value for (*_, where), value in held.items() if where[:2] == (position, place))
            [line] = [line for line in session.cart_items if line.position == position]
            assert of_unit <= costs[position] * (1 if place is not None else line.remaining)
