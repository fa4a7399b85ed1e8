"""Cancelling a closed session, or opening it again, takes back its discounts and redemptions, and nothing else."""

from decimal import Decimal

import judge
from guerdon.engine import Facts, evaluate, read_case
from guerdon.engine.effects import Effect
from guerdon.engine.outcome import CampaignUse, CouponUse, LimitUse, Outcome, ReferralUse
from guerdon.engine.rollback import take_back
from guerdon.engine.standing import Redemption, ReferralRedemption, Standing
from guerdon.wire.base import decoder, encode

ITEMS = [".", "Session", "CartItems"]
WRAPPER = {
    "campaignId": 1, "rulesetId": 11, "ruleIndex": 0, "ruleName": "Everything", "evaluationGroupID": 1,
    "evaluationGroupMode": "stackable",
}  # fmt: skip


def closed(condition, *effects, **coupon):
    """The stored effects of a closed session with a flattened cart of two boots at 50, and its outcome."""
    rule = {"title": "Everything", "condition": condition, "effects": list(effects)}
    program = judge.program([judge.campaign(rules=[rule])], [], judge.settings(flattened=True, cascading=True))
    session = judge.session(couponCodes=["SAVE"], cartItems=[{"sku": "BOOT", "price": 50, "quantity": 2}])
    facts = Facts(event="talon_session_closed", session=session, profile=None, coupons=(judge.coupon(**coupon),))
    outcome = evaluate(program, facts, judge.NOW)
    return stored(outcome.effects), outcome


def stored(effects):
    """Effects as they are read back: their properties are plain dicts."""
    return decoder(tuple[Effect, ...]).decode(encode(effects))


def standing(given, *redeemed, **more):
    return Standing(effects=given, redemptions=tuple(Redemption(one, 1) for one in redeemed), **more)


def written(outcome):
    return decoder(list).decode(encode(outcome.effects))


def test_every_discount_and_redemption_is_taken_back_in_the_order_it_was_given():
    given, _ = closed(
        ["and", ["couponValid"]],
        ["setDiscountPerItem", "Boots", ITEMS, [["Item"], 5]],
        ["setDiscount", "Rest", Decimal("12.50")],
        ["addFreeItem", "Mug", "MUG"],
        ["showNotification", "Info", "Hi", "there"],
        ["customEffect", 3, "wrap"],
    )
    outcome = take_back(standing(given, 7))
    assert outcome.holding == given[4:]
    assert [one.effect_type for one in given[4:]] == ["addFreeItem", "showNotification", "customEffect"]
    by_code = WRAPPER | {"triggeredByCoupon": 7}
    unit = {"name": "Boots#0", "value": 5, "cartItemPosition": 0, "scope": "price"}
    assert written(outcome) == [
        by_code | {"effectType": "rollbackCoupon", "props": {"value": "SAVE"}},
        by_code | {"effectType": "rollbackDiscount", "props": unit | {"cartItemSubPosition": 0}},
        by_code | {"effectType": "rollbackDiscount", "props": unit | {"cartItemSubPosition": 1}},
        by_code
        | {
            "effectType": "rollbackDiscount",
            "props": {"name": "Rest", "value": Decimal("12.5"), "scope": "sessionTotal"},
        },
    ]
    assert outcome.coupon_uses == (CouponUse(coupon_id=7, campaign_id=1, redemptions=-1, discount=Decimal("-22.5")),)
    assert outcome.campaign_uses == (
        CampaignUse(campaign_id=1, coupon_redemptions=-1, discount=Decimal("-22.5"), discount_effects=-3),
    )


def test_a_discount_without_a_code_does_not_touch_the_coupon():
    given, _ = closed(["and"], ["setDiscount", "Ten", 10])
    outcome = take_back(standing(given))
    props = {"name": "Ten", "value": 10, "scope": "sessionTotal"}
    assert written(outcome) == [WRAPPER | {"effectType": "rollbackDiscount", "props": props}]
    assert outcome.coupon_uses == ()
    assert outcome.campaign_uses == (CampaignUse(campaign_id=1, discount=Decimal(-10), discount_effects=-1),)


def test_a_code_that_was_accepted_without_redemption_is_not_rolled_back():
    given, before = closed(["and", ["couponValid", False]], ["setDiscount", "Ten", 10])
    assert before.coupon_uses == ()
    outcome = take_back(standing(given))
    assert [effect.effect_type for effect in outcome.effects] == ["rollbackDiscount"]
    assert [effect.effect_type for effect in outcome.holding] == ["acceptCoupon"]
    assert outcome.coupon_uses == ()


def test_a_redeemed_code_without_a_discount_is_rolled_back():
    given, _ = closed(["and", ["couponValid"]])
    outcome = take_back(standing(given, 7))
    assert written(outcome) == [
        WRAPPER | {"triggeredByCoupon": 7, "effectType": "rollbackCoupon", "props": {"value": "SAVE"}}
    ]
    assert outcome.coupon_uses == (CouponUse(coupon_id=7, campaign_id=1, redemptions=-1, discount=Decimal(0)),)
    assert outcome.campaign_uses == (CampaignUse(campaign_id=1, coupon_redemptions=-1),)


def test_a_rejected_code_leaves_nothing_to_take_back():
    given, _ = closed(["and", ["couponValid"], False], ["setDiscount", "Ten", 10])
    assert [effect.effect_type for effect in given] == ["rejectCoupon"]
    assert take_back(standing(given)) == Outcome(effects=(), holding=given)


def test_a_session_that_was_given_nothing_has_nothing_to_take_back():
    assert take_back(Standing()) == Outcome(effects=())


COSTS = """{
  "application": {"flattened": true, "cascading": true},
  "library": {"additionalCosts": {"shipping": {"id": 3}, "wrapping": {"id": 4}}},
  "campaigns": [{
    "bindings": [{"name": "Pair", "type": "bundle", "expression": ["bundle", [[".", "Session", "CartItems"], 2]]}],
    "rules": [{"title": "Everything", "condition": ["and", true], "effects": [
      ["setDiscountPerAdditionalCost", "Delivery", "shipping", 5],
      ["setDiscountPerAdditionalCostPerItem", "Wrapping", [".", "Session", "CartItems"], "wrapping", [["Item"], 2]],
      ["setDiscountPerItemProRata", "Pair", [".", "Pair"], 10],
      ["addFreeItem", "Mug", "MUG"]
    ]}],
    "limits": [
      {"action": "setDiscount", "limit": 100, "period": "monthly"},
      {"action": "setDiscountEffect", "limit": 100},
      {"action": "addFreeItemEffect", "limit": 100}
    ]
  }],
  "session": {
    "state": "closed",
    "cartItems": [{"price": 30, "additionalCosts": {"wrapping": 2}}, {"price": 20, "additionalCosts": {"wrapping": 3}}],
    "additionalCosts": {"shipping": 5}
  }
}"""


def test_discounts_on_costs_and_bundles_are_taken_back_where_they_were_given():
    case = read_case(COSTS)
    outcome = evaluate(case.program, case.facts, case.now)
    back = take_back(standing(stored(outcome.effects), charged=outcome.charged))
    assert [one["props"] for one in written(back)] == [
        {"name": "Delivery", "value": 5, "additionalCostId": 3, "additionalCost": "shipping"},
        {
            "name": "Wrapping#0", "value": 2, "cartItemPosition": 0, "cartItemSubPosition": 0, "additionalCostId": 4,
            "additionalCost": "wrapping",
        },
        {
            "name": "Wrapping#1", "value": 2, "cartItemPosition": 1, "cartItemSubPosition": 0, "additionalCostId": 4,
            "additionalCost": "wrapping",
        },
        {"name": "Pair#0", "value": 6, "cartItemPosition": 0, "cartItemSubPosition": 0, "scope": "price"},
        {"name": "Pair#1", "value": 4, "cartItemPosition": 1, "cartItemSubPosition": 0, "scope": "price"},
    ]  # fmt: skip
    assert back.campaign_uses == (CampaignUse(campaign_id=1, discount=Decimal(-19), discount_effects=-5),)


def test_limits_get_back_what_closing_took_in_the_period_it_was_taken():
    case = read_case(COSTS)
    outcome = evaluate(case.program, case.facts, case.now)

    def use(action, period, amount):
        return LimitUse(
            campaign_id=1, action=action, entities=(), period=period, amount=Decimal(amount), limit=Decimal(100)
        )

    free = use("addFreeItemEffect", "", 1)
    assert outcome.limit_uses == (free, use("setDiscount", "Y2026M6", 19), use("setDiscountEffect", "", 5))
    assert outcome.charged == outcome.limit_uses[1:]
    back = take_back(Standing(charged=outcome.charged))
    assert back.charged == ()
    assert back.limit_uses == (use("setDiscount", "Y2026M6", -19), use("setDiscountEffect", "", -5))


REFERRED = """{
  "campaigns": [{
    "rules": [{
      "title": "Friends", "condition": ["and", ["referralValid"]], "effects": [["setDiscount", "Friends", 10]]
    }],
    "limits": [{"action": "redeemReferral", "limit": 100, "period": "monthly"}]
  }],
  "event": "talon_session_closed",
  "session": {"state": "closed", "profileId": "joe", "referralCode": "FRIEND", "cartItems": [{"price": 50}]},
  "profile": {"integrationId": "joe"},
  "advocate": {},
  "referral": {"id": 5, "campaignId": 1, "code": "FRIEND", "value": "FRIEND", "advocateIntegrationId": "jane"}
}"""


def test_a_referral_can_be_redeemed_again_after_a_rollback():
    case = read_case(REFERRED)
    outcome = evaluate(case.program, case.facts, case.now)
    assert outcome.referral_uses == (ReferralUse(referral_id=5, campaign_id=1, redemptions=1),)
    used = CampaignUse(campaign_id=1, referral_redemptions=1, discount=Decimal(10), discount_effects=1)
    assert outcome.campaign_uses == (used,)
    [charge] = outcome.charged
    assert (charge.action, charge.period, charge.amount) == ("redeemReferral", "Y2026M6", 1)
    back = take_back(
        Standing(effects=stored(outcome.effects), referrals=(ReferralRedemption(5, 1),), charged=outcome.charged)
    )
    assert [(one["effectType"], one["props"]) for one in written(back)] == [
        ("rollbackReferral", {"value": "FRIEND"}),
        ("rollbackDiscount", {"name": "Friends", "value": 10}),
    ]
    assert back.referral_uses == (ReferralUse(referral_id=5, campaign_id=1, redemptions=-1),)
    assert back.campaign_uses == (
        CampaignUse(campaign_id=1, referral_redemptions=-1, discount=Decimal(-10), discount_effects=-1),
    )
    assert [(use.action, use.period, use.amount) for use in back.limit_uses] == [("redeemReferral", "Y2026M6", -1)]
    assert back.holding == ()


def test_a_referral_that_was_only_checked_is_not_rolled_back():
    case = read_case(REFERRED.replace('["referralValid"]', '["referralValid", false]'))
    outcome = evaluate(case.program, case.facts, case.now)
    assert outcome.referral_uses == ()
    back = take_back(Standing(effects=stored(outcome.effects), charged=outcome.charged))
    assert [one.effect_type for one in back.effects] == ["rollbackDiscount"]
    assert [one.effect_type for one in back.holding] == ["acceptReferral"]
