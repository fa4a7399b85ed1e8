"""What a log entry keeps of a customer whose data was erased."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from msgspec.structs import replace

from guerdon.engine.effects import Effect
from guerdon.engine.erase import erase, erase_effects
from guerdon.engine.facts import Card, CartItem, Counter, Coupon, Facts, Profile, Referral, Session, Store
from guerdon.engine.outcome import LimitUse
from guerdon.engine.standing import Redemption, Standing
from guerdon.wire.base import decoder, encode, encode_text

THEN = datetime(2026, 1, 1, tzinfo=UTC)
SECRET = {"text": "SECRET", "list": ["SECRET"], "number": Decimal("4711.5")}
OTHERS = {"text": "theirs"}


def profile(name, attributes):
    return Profile(
        integration_id=name, created=THEN, last_activity=THEN, closed_sessions=3, total_sales=Decimal("9.5"),
        attributes=attributes, id=7, audiences=frozenset({4}),
    )  # fmt: skip


def written(path, value="SECRET"):
    return Effect(
        campaign_id=1, ruleset_id=2, rule_index=0, rule_name="r", effect_type="updateAttribute",
        props={"path": path, "value": value},
    )  # fmt: skip


ACCEPTED = Effect(
    campaign_id=1, ruleset_id=2, rule_index=0, rule_name="r", effect_type="acceptCoupon", props={"value": "TEN"},
    triggered_by_coupon=5,
)  # fmt: skip
PATHS = ("Profile.Attributes.text", "Session.Attributes.text", "Session.CartItems.0.Attributes.text")
EFFECTS = [ACCEPTED, *map(written, PATHS)]
COUNTED = (("Identifier", "SECRET"), ("Profile", "kim"))

FACTS = Facts(
    event="talon_session_revoked",
    session=Session(
        integration_id="s1",
        state="cancelled",
        profile_id="kim",
        store_integration_id="store",
        coupon_codes=("TEN",),
        referral_code="R",
        identifiers=("SECRET", "SECRET too"),
        loyalty_cards=("card",),
        cart_items=(
            CartItem(position=0, sku="A", quantity=1, price=Decimal(5), attributes=SECRET),
            CartItem(position=1, sku="B", quantity=2, price=Decimal("0.5"), name="Bun"),
        ),
        additional_costs={"shipping": Decimal(3)},
        attributes=SECRET,
        first_session=False,
        created=THEN,
        updated=THEN,
        cart_item_total=Decimal(6),
        additional_cost_total=Decimal(3),
        cart_item_additional_cost_total=Decimal(0),
        total=Decimal(9),
    ),
    profile=profile("kim", SECRET),
    coupons=(
        Coupon(
            id=5, campaign_id=1, code="TEN", value="TEN", usage_limit=1, usage_counter=0, discount_limit=None,
            discount_counter=Decimal(0), start_date=None, expiry_date=None, recipient_integration_id="kim",
            is_reservation_mandatory=False, implicitly_reserved=False, batch_id="b", attributes=OTHERS,
        ),
    ),
    event_attributes=SECRET,
    advocate=profile("ann", OTHERS),
    referral=Referral(
        id=3, campaign_id=1, code="R", value="R", advocate_integration_id="ann", attributes=OTHERS
    ),
    store=Store(integration_id="store", name="Store", attributes=OTHERS),
    counters=(Counter(campaign_id=1, action="redeemCoupon", entities=COUNTED, used=Decimal(1)),),
    cards=(Card(program_id=1, identifier="card", profiles=("kim",), attributes=SECRET),),
    standing=Standing(
        effects=tuple(EFFECTS),
        redemptions=(Redemption(coupon_id=5, campaign_id=1),),
        charged=(
            LimitUse(
                campaign_id=1, action="redeemCoupon", entities=COUNTED, period="", amount=Decimal(1), limit=Decimal(2)
            ),
        ),
    ),
)  # fmt: skip


def test_nothing_that_the_customer_told_is_left_and_everything_else_is():
    assert encode_text(FACTS).count("SECRET") == 17
    facts, effects = erase(FACTS, EFFECTS, "kim", own=True)
    text = encode_text([facts, effects])
    assert "SECRET" not in text
    assert "4711" not in text
    assert text.count("theirs") == 4
    assert decoder(Facts).decode(encode(facts)) == facts
    assert effects == [ACCEPTED, *[written(path, None) for path in PATHS]]
    hidden = (("Identifier", ""), ("Profile", "kim"))
    lines = tuple(replace(line, attributes={}) for line in FACTS.session.cart_items)
    assert facts == replace(
        FACTS,
        session=replace(FACTS.session, attributes={}, identifiers=(), cart_items=lines),
        profile=profile("kim", {}),
        event_attributes={},
        counters=(replace(FACTS.counters[0], entities=hidden),),
        cards=(replace(FACTS.cards[0], attributes={}),),
        standing=replace(
            FACTS.standing, effects=tuple(effects), charged=(replace(FACTS.standing.charged[0], entities=hidden),)
        ),
    )


def test_erasing_again_changes_nothing():
    once = erase(FACTS, EFFECTS, "kim", own=True)
    assert erase(*once, "kim", own=True) == once


def test_of_an_advocate_only_what_is_the_advocates():
    facts = replace(FACTS, advocate=profile("ann", SECRET))
    effects = [*EFFECTS, written("AdvocateProfile.Attributes.text")]
    erased, left = erase(facts, effects, "ann", own=False)
    assert erased == replace(facts, advocate=profile("ann", {}))
    assert left == [*EFFECTS, written("AdvocateProfile.Attributes.text", None)]


def test_of_a_session_that_was_somebody_elses_the_customer_stays():
    """Kim's session was Lee's when this was logged: what it held is gone, what is Lee's stays."""
    facts = replace(FACTS, profile=profile("lee", OTHERS))
    erased, effects = erase(facts, EFFECTS, "kim", own=True)
    assert erased.profile == profile("lee", OTHERS)
    assert (erased.session.attributes, erased.session.identifiers) == ({}, ())
    assert [effect.props.get("value") for effect in effects] == ["TEN", "SECRET", None, None]


def test_somebody_else_keeps_everything():
    assert erase(FACTS, EFFECTS, "nobody", own=False) == (FACTS, EFFECTS)


@pytest.mark.parametrize("facts", [replace(FACTS, profile=None, advocate=None, standing=None)])
def test_an_anonymous_entry(facts):
    erased, _ = erase(facts, [], "kim", own=True)
    assert (erased.profile, erased.advocate, erased.standing) == (None, None, None)
    assert "SECRET" not in encode_text(erased)


def test_only_the_attributes_of_these_entities_are_left_open():
    effects = [written("Coupon.Attributes.a"), written("Referral.Attributes.b"), written("Sessions.Attributes.c")]
    assert erase_effects(effects, ["Session", "Profile"]) == effects
