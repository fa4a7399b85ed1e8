"""What effects say of the library, before anything runs: what is not there, and what does not go together."""

from decimal import Decimal

import pytest

from guerdon.engine import Library, check_ruleset
from guerdon.engine.case import make

ITEMS = [".", "Session", "CartItems"]
LIBRARY = make(
    Library,
    {
        "loyaltyPrograms": {"5": {"name": "Points"}},
        "achievements": {"8": {"name": "reviews", "target": 5}},
        "audiences": {str(number): {"name": f"Group {number}"} for number in range(1, 8)},
        "giveawayPools": {"2": {"name": "Mugs"}},
        "webhooks": {"4": {"name": "CRM"}},
        "customEffects": {
            "9": {"name": "wrap", "payload": "{}", "parameters": [["string", "Paper"], ["time", "Until"]]},
            "10": {"name": "tag", "payload": "{}", "perItem": True, "parameters": [["number", "", "count"]]},
        },
    },
)
ATTRIBUTES = {
    ("CartItem", "gift"): "boolean",
    ("CustomerSession", "tier"): "string",
    ("CustomerSession", "until"): "time",
    ("CustomerSession", "sizes"): "(list number)",
}


def problems(effect, **details):
    rule = {"title": "R", "condition": ["and", True], "effects": [effect]}
    found = check_ruleset([rule], [], attributes=ATTRIBUTES, library=LIBRARY, **details)
    return [(problem.pointer.removeprefix("/rules/0/effects/0"), problem.message) for problem in found]


@pytest.mark.parametrize(
    ("effect", "pointer", "message"),
    [
        (["addLoyaltyPoints", "A", "Pionts", "", 5], "/2", "there is no loyalty program `Pionts`; did you mean `Points`?"),
        (["addLoyaltyPoints", "A", 5, "", 5, {"recipient": "Friend"}], "/5/recipient", "`recipient` must be one of Current, Advocate"),
        (["addLoyaltyPoints", "A", 5, "", 5, {"expires": 1}], "/5/expires", "`addLoyaltyPoints` has no option `expires`; it has recipient, card, startDate, expiryDate, partial"),
        (["deductLoyaltyPoints", "A", Decimal("5.5"), "", 5], "/2", "there is no loyalty program `5.5`; there is 5 `Points`"),
        (["awardGiveaway", 3], "/1", "there is no giveaway pool `3`; there is 2 `Mugs`"),
        (["awardGiveaway", 2, "Everybody"], "/2", "there is no `Everybody` here; write one of Current, Advocate"),
        (["triggerWebhook", "crm"], "/1", "there is no webhook `crm`; there is 4 `CRM`"),
        (["addToAudience", "Current", "VIP"], "/2", "there is no audience `VIP`; there are 1 `Group 1`, 2 `Group 2`, 3 `Group 3`, 4 `Group 4`, 5 `Group 5`, …"),
        (["removeFromAudience", "Current", True], "/2", "there is no audience `true`; there are 1 `Group 1`, 2 `Group 2`, 3 `Group 3`, 4 `Group 4`, 5 `Group 5`, …"),
        (["increaseAchievementProgress", "review", 1], "/1", "there is no achievement `review`; did you mean `reviews`?"),
        (["customEffect", "wrap", "red"], "/1", "`wrap` takes 2 parameters (Paper, Until), not 1"),
        (["customEffect", 9, 5, "2026-01-01T00:00:00Z"], "/2", "`Paper` of `wrap` must be text, but this is a number"),
        (["customEffect", 10, 5], "/1", "write `customEffectPerItem` for `tag`"),
        (["customEffect", 11], "/1", "there is no custom effect `11`; there are 9 `wrap`, 10 `tag`"),
        (["customEffect", 11, 5], "", "`customEffect` cannot take (number, number): write customEffect(custom effect, any…) or customEffect(number, text, map?)"),
        (["customEffect", "rap", "red"], "/1", "there is no custom effect `rap`; did you mean `wrap`?"),
        (["customEffectPerItem", 9, ITEMS, [["I"], "red", "2026-01-01T00:00:00Z"]], "/1", "write `customEffect` for `wrap`"),
        (["customEffectPerItem", 10, ITEMS], "/1", "`tag` takes 1 parameters (count), not 0"),
        (["customEffectPerItem", 10, ITEMS, [["I"], [".", "I", "SKU"]]], "/3/1", "`count` of `tag` must be a number, but this is text"),
        (["updateItemAttribute", ITEMS, "gfit", [["I"], True]], "/2", "the attribute `gfit` is not defined on CartItem entities; did you mean `gift`?"),
        (["updateItemAttribute", ITEMS, ["concat", "gi", "ft"], [["I"], True]], "/2", "the attribute of items is written as it stands, no expression"),
        (["updateItemAttribute", ITEMS, "gift", [["I"], [".", "I", "SKU"]]], "/3/1", "`Item.Attributes.gift` must be a boolean, but this is text"),
        (["updateAttribute", ["Session", "Attributes", "tier"], 5], "/2", "`Session.Attributes.tier` must be text, but this is a number"),
        (["updateAttribute", ["Session", "Attributes", "sizes"], ["list", "L"]], "/2", "`Session.Attributes.sizes` must be a list of number, but this is a list of text"),
        (["updateAttribute", ["Session", "Attributes", "teir"], 5], "/1", "the attribute `teir` is not defined on CustomerSession entities; did you mean `tier`?"),
        (["createCoupon", {"startDate": "now"}], "/1/startDate", "'now' is not an RFC 3339 time"),
        (["createCoupon", {"storeInSession": "yes"}], "/1/storeInSession", "`storeInSession` must be true or false"),
    ],
)  # fmt: skip
def test_the_problem_of_an_effect(effect, pointer, message):
    assert problems(effect) == [(pointer, message)]


@pytest.mark.parametrize(
    "effect",
    [
        ["addLoyaltyPoints", "A", "Points", "", 5],
        ["customEffect", "wrap", "red", "2026-01-01T00:00:00Z"],
        ["customEffect", 9, "red", [".", "Now"]],
        ["customEffect", 11, "plain", ["kv", ["a", 1]]],
        ["customEffectPerItem", "tag", ITEMS, [["I"], [".", "I", "Price"]]],
        ["triggerWebhook", 4, "any", 1, ITEMS],
        ["updateAttribute", ["Session", "Attributes", "tier"], None],
        ["updateAttribute", ["Session", "Attributes", "until"], "2026-01-01T00:00:00Z"],
        ["updateAttribute", ["Session", "Attributes", "sizes"], ["list"]],
        ["updateItemAttribute", ITEMS, "gift", [["I"], None]],
    ],
)
def test_an_effect_that_may_be_saved(effect):
    assert problems(effect) == []


@pytest.mark.parametrize(
    ("effect", "feature"),
    [
        (["addLoyaltyPoints", "A", 5, "", 5], "loyalty"),
        (["deductLoyaltyPoints", "A", 5, "", 5], "loyalty"),
        (["createCoupon"], "coupons"),
        (["reserveCoupon"], "coupons"),
        (["createReferral"], "referrals"),
        (["awardGiveaway", 2], "giveaways"),
        (["increaseAchievementProgress", 8, 1], "achievements"),
    ],
)
def test_an_effect_needs_the_feature_of_its_campaign(effect, feature):
    message = f"`{effect[0]}` needs `{feature}` among the features of the campaign"
    assert problems(effect, features=[]) == [("/0", message)]
    assert problems(effect, features=[feature]) == []


def test_a_campaign_for_cart_items_has_effects_on_items_only():
    allowed = (
        ["updateItemAttribute", ITEMS, "gift", [["I"], True]],
        ["customEffectPerItem", 10, ITEMS, [["I"], 1]],
        ["addLoyaltyPointsPerItem", "A", 5, "", ITEMS, [["I"], 1]],
        ["showNotification", "Info", "A", "B"],
    )
    for effect in allowed:
        assert problems(effect, item_only=True) == []
    for effect in (["addLoyaltyPoints", "A", 5, "", 5], ["addToAudience", "Current", 1], ["triggerWebhook", 4]):
        [(pointer, message)] = problems(effect, item_only=True)
        assert pointer == "/0"
        assert message.startswith(f"a campaign of type cartItem cannot have `{effect[0]}`: write one of ")
