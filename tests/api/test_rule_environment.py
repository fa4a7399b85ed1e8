"""GET /v1/applications/{a}/rule_environment: what rules may look up and call, for rule builders."""

import make
from guerdon.engine.talang import registry
from guerdon.engine.talang.catalogue import built_in_paths

PATH = "/v1/applications/1/rule_environment"


def by_name(listed, name):
    return [one for one in listed if one["name"] == name]


def test_functions_and_effects_are_all_there_with_how_to_call_them(manager):
    functions = manager.get(PATH).json()["functions"]
    every = [one.name for one in registry.all_functions()]
    assert [one["name"] for one in functions] == every
    assert by_name(functions, "startsWith")[0]["type"] == "boolean"
    [take] = by_name(functions, "take")
    assert take == {
        "name": "take",
        "type": "(list any)",
        "description": "The first elements, or fewer where the list is shorter.",
        "help": "the first {0} of {1}",
        "args": [
            {"name": "count", "type": "number", "optional": False, "repeated": False},
            {"name": "values", "type": "(list any)", "optional": False, "repeated": False},
        ],
        "options": [],
        "signature": "take(number, list of any)",
        "example": [["count", ["take", 2, ["list", 1, 2, 3]]], "2"],
        "perItem": False,
        "failure": False,
    }
    [coupon] = by_name(functions, "couponValid")
    assert (coupon["feature"], coupon["args"][0]["optional"]) == ("coupons", True)
    [member] = by_name(functions, "audienceMember")
    assert [one.get("choices") for one in member["args"]] == [["Current", "Advocate"], None]
    [listed] = by_name(functions, "list")
    assert (listed["type"], listed["args"]) == (
        "(list any)",
        [{"name": "values", "type": "any", "optional": True, "repeated": True}],
    )
    [discount] = by_name(functions, "setDiscountPerItem")
    assert (discount["type"], discount["perItem"], discount["failure"]) == ("effect", True, False)
    assert [one["type"] for one in discount["args"]] == ["string", "(list item)", "lambda"]
    assert discount["options"] == [
        {"name": "scope", "type": "string", "choices": ["price", "additionalCosts", "itemTotal"]},
        {"name": "partial", "type": "boolean"},
        {"name": "excludedFromPriceHistory", "type": "boolean"},
    ]


def test_slots_are_the_built_in_paths_and_the_custom_attributes(manager):
    built_in = [path for path, *_ in built_in_paths()]
    slots = manager.get(PATH).json()["slots"]
    assert [one["name"] for one in slots] == built_in
    assert by_name(slots, "Session.CartTotal") == [
        {
            "name": "Session.CartTotal",
            "type": "number",
            "title": "Session Cart Total",
            "description": "price times quantity of all items, before discounts",
            "writable": False,
        }
    ]
    assert [by_name(slots, name)[0]["type"] for name in ("Session.CartItems", "Session.CouponCodes")] == [
        "(list item)", "(list string)"
    ]  # fmt: skip
    manager.post("/v1/attributes", json=make.attribute("Campaign", "worth", "number", description="In points"))
    manager.post("/v1/attributes", json=make.attribute("CustomerProfile", "sizes", "(list number)"))
    added = [one for one in manager.get(PATH).json()["slots"] if one["name"] not in built_in]
    assert by_name(added, "Campaign.Attributes.worth") == [
        {
            "name": "Campaign.Attributes.worth",
            "type": "number",
            "title": "Worth",
            "description": "In points",
            "writable": False,
        }
    ]
    assert by_name(added, "Profile.Attributes.sizes") == [
        {"name": "Profile.Attributes.sizes", "type": "(list number)", "title": "Sizes", "writable": True}
    ]


def test_attributes_of_other_applications_are_not_slots(manager):
    manager.post("/v1/attributes", json=make.attribute("Coupon", "here", subscribedApplicationsIds=[1]))
    manager.post("/v1/applications", json=make.application())
    manager.post("/v1/attributes", json=make.attribute("Coupon", "there", subscribedApplicationsIds=[2]))
    names = [one["name"] for one in manager.get(PATH).json()["slots"]]
    assert "Coupon.Attributes.here" in names
    assert "Coupon.Attributes.there" not in names


def test_an_application_that_is_not_there_is_not_found(manager):
    missing = manager.get("/v1/applications/9/rule_environment")
    assert (missing.status_code, missing.json()["message"]) == (404, "Application not found")
    assert manager.get(PATH, headers={"Authorization": "Bearer x"}).status_code == 401
