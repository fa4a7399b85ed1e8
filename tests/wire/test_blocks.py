"""Rulesets as typed blocks: blocks/*.json says what becomes of each form; `v2` leaves the ids out."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import get_args
from uuid import UUID

import jsonschema_rs
import msgspec
import pytest

from guerdon.api.app import build_framework
from guerdon.api.document import openapi_document
from guerdon.engine.library import (
    Achievement,
    AdditionalCost,
    CustomEffectDefinition,
    EffectParameter,
    Library,
    LoyaltyProgram,
    Named,
)
from guerdon.wire import rulesets_v2 as v2
from guerdon.wire.attributes import Attribute
from guerdon.wire.base import decoder, encode
from guerdon.wire.blocks import ruleset_v2
from guerdon.wire.rulesets import Ruleset

NOW = datetime(2026, 6, 15, tzinfo=UTC)
TABLES = {path.stem: json.loads(path.read_text(), parse_float=Decimal) for path in (Path(__file__).parent / "blocks").glob("*.json")}  # fmt: skip
BINDINGS = [
    {"name": "Shoes", "type": "cartItemFilter", "expression": [".", "Session", "CartItems"]},
    {"name": "Trio", "type": "bundle", "expression": ["bundle", [[".", "Shoes"], 3]]},
]
LIBRARY = Library(
    additional_costs={"shipping": AdditionalCost(id=4, name="shipping")},
    loyalty_programs={3: LoyaltyProgram(id=3, name="beans", title="Beans")},
    achievements={5: Achievement(id=5, name="ten", title="Ten orders", target=Decimal(10))},
    audiences={7: Named(id=7, name="VIP")},
    giveaway_pools={6: Named(id=6, name="Vouchers")},
    webhooks={8: Named(id=8, name="Till")},
    custom_effects={
        9: CustomEffectDefinition(
            id=9,
            name="wrap",
            payload="{}",
            parameters=tuple(EffectParameter(type="string", title=title) for title in ("Paper Colour", "paper colour")),
        )
    },
)


def attribute(number, entity, name, title):
    return Attribute(
        id=number, created=NOW, account_id=1, entity=entity, name=name, title=title, type="string", description="",
        suggestions=[], editable=True,
    )  # fmt: skip


ATTRIBUTES = {
    ("CustomerProfile", "tier"): attribute(100, "CustomerProfile", "tier", "Tier of the customer"),
    ("CartItem", "colour"): attribute(101, "CartItem", "colour", "Colour"),
}


def a_rule(condition=(), effects=(), **more):
    return {"title": "One", "condition": ["and", *condition], "effects": list(effects), **more}


def converted(rules=(), bindings=(), ruleset_id=1, **more):
    given = {"id": ruleset_id, "created": NOW, "userId": 2, "rules": list(rules), "bindings": list(bindings), **more}
    ruleset = decoder(Ruleset).decode(encode(given))
    return json.loads(encode(ruleset_v2(ruleset, ATTRIBUTES, LIBRARY)), parse_float=Decimal)


def without_ids(block):
    if isinstance(block, dict):
        kept = {name: without_ids(value) for name, value in block.items()}
        if "type" in kept and isinstance(kept.get("id"), str):
            del kept["id"]
        return kept
    return [without_ids(one) for one in block] if isinstance(block, list) else block


def ids(value):
    if isinstance(value, dict):
        own = [value["id"]] if "type" in value and isinstance(value.get("id"), str) else []
        return own + [one for inner in value.values() for one in ids(inner)]
    return [one for inner in value for one in ids(inner)] if isinstance(value, list) else []


@pytest.mark.parametrize("case", TABLES["conditions"], ids=lambda case: json.dumps(case["v1"], default=str)[:60])
def test_a_condition_is_a_block(case):
    [block] = converted([a_rule([case["v1"]])], BINDINGS)["promotionRules"][0]["blocks"]
    assert without_ids(block) == case["v2"]


@pytest.mark.parametrize("case", TABLES["effects"], ids=lambda case: json.dumps(case["v1"], default=str)[:60])
def test_an_effect_is_a_block(case):
    [block] = converted([a_rule([], [case["v1"]])], BINDINGS)["promotionRules"][0]["blocks"]
    assert without_ids(block) == case["v2"]


@pytest.mark.parametrize("case", TABLES["bindings"], ids=lambda case: case["v1"]["name"])
def test_a_binding_is_a_selector_a_bundle_or_a_parameter(case):
    found = converted(bindings=[case["v1"]])
    assert {name: without_ids(found[f"{name}s"]) for name in ("selector", "bundle", "parameter")} == {
        name: [case[name]] if name in case else [] for name in ("selector", "bundle", "parameter")
    }


@pytest.mark.parametrize("case", TABLES["expressions"], ids=lambda case: json.dumps(case["v1"], default=str)[:60])
def test_an_expression_is_a_text(case):
    effect = ["showNotification", "Info", case["v1"], "body"]
    [block] = converted([a_rule([], [effect])])["promotionRules"][0]["blocks"]
    if case["v2"] is None:
        assert (block["type"], block["expression"]) == ("passthrough", effect)
    else:
        assert block["title"] == case["v2"]


def every(value, name):
    """All values of members with this name, at any depth."""
    if isinstance(value, dict):
        own = [value[name]] if isinstance(value.get(name), str) else []
        return own + [one for inner in value.values() for one in every(inner, name)]
    return [one for inner in value for one in every(inner, name)] if isinstance(value, list) else []


def tags(union):
    return {kind.__struct_config__.tag for kind in get_args(union)}


def test_the_tables_show_every_block_operator_target_and_step():
    made = [
        case.get("v2", case.get("selector")) for name in ("conditions", "effects", "bindings") for case in TABLES[name]
    ]
    types = set(every(made, "type"))
    assert tags(v2.PromotionBlock) | tags(v2.AwardDiscountTarget) | tags(v2.SelectorStep) <= types
    assert tags(v2.AwardDiscountBundleItem) <= types
    for kind in (v2.UpdateTarget, v2.CustomEffectTarget):
        assert set(get_args(msgspec.structs.fields(kind)[0].type)) <= types
    operators = set(every(made, "operator"))
    asked = set(get_args(v2.AttributeOperator)) | set(get_args(v2.UpdateOperator)) | {"many", "between", "one"}
    assert asked | {"max", "min", "sum", "count", "empty", "all", "atLeastOne", "none"} <= operators


def test_a_rule_is_its_conditions_and_then_its_effects():
    rule = a_rule(
        [["couponValid"], [".", "Session", "FirstSession"]],
        [["reserveCoupon"], ["setDiscount", "A", 1]],
        id="7fa800a8-ac8d-4792-85dc-c4650dcc8f23",
        parentId="8fa800a8-ac8d-4792-85dc-c4650dcc8f23",
        description="All of it",
    )
    found = converted([rule], campaignId=3, templateId=4, activatedAt=NOW, strikethroughRules=[])
    [made] = found.pop("promotionRules")
    assert [block["type"] for block in made.pop("blocks")] == [
        "checkCoupon", "checkAttribute", "reserveCoupon", "awardDiscount"
    ]  # fmt: skip
    assert made == {name: rule[name] for name in ("id", "parentId", "title", "description")}
    assert found == {
        "id": 1, "created": "2026-06-15T00:00:00Z", "userId": 2, "campaignId": 3, "templateId": 4,
        "activatedAt": "2026-06-15T00:00:00Z", "strikethroughRules": [], "selectors": [], "bundles": [], "parameters": [],
    }  # fmt: skip


@pytest.mark.parametrize("condition", [["and"], ["and", True]])
def test_a_rule_that_always_fires_has_no_condition_blocks(condition):
    rule = {**a_rule(effects=[["reserveCoupon"]]), "condition": condition}
    assert [block["type"] for block in converted([rule])["promotionRules"][0]["blocks"]] == ["reserveCoupon"]


@pytest.mark.parametrize(
    ("condition", "block"),
    [
        (["couponValid"], {"type": "checkCoupon", "redeem": True}),
        (
            ["or", ["couponValid"], True],
            {
                "type": "group",
                "operator": "atLeastOne",
                "blocks": [{"type": "checkCoupon", "redeem": True}, {"type": "passthrough", "expression": [True]}],
            },
        ),
    ],
)
def test_any_other_condition_is_one_block(condition, block):
    [found] = converted([{**a_rule(), "condition": condition}])["promotionRules"][0]["blocks"]
    assert without_ids(found) == block


def test_the_bindings_of_a_rule_are_known_in_it_and_listed_after_those_of_the_ruleset():
    own = {"name": "Mine", "type": "cartItemFilter", "expression": [".", "Shoes"]}
    effect = ["setDiscountPerItem", "A", [".", "Mine"], [["Item"], 1]]
    found = converted([a_rule(effects=[effect], bindings=[own]), a_rule(effects=[effect])], BINDINGS[:1])
    targets = [rule["blocks"][0]["target"]["type"] for rule in found["promotionRules"]]
    assert targets == ["selector", "globalFilter"]
    assert [one["name"] for one in found["selectors"]] == ["Shoes", "Mine"]


def test_strikethrough_rules_have_four_kinds_of_blocks():
    condition = ["onFailure", ["and", [".", "Session", "FirstSession"], ["couponValid"]], [["reserveCoupon"]]]
    effects = [["catch", ["noop"], ["setDiscountPerItem", "A", [".", "Session", "CartItems"], [["Item"], 1]]]]
    rule = a_rule([condition], [*effects, ["customEffectPerItem", 9, [".", "Session", "CartItems"], [["Item"], 1]]])
    found = converted(strikethroughRules=[rule])
    assert found["promotionRules"] == []
    [made] = found["strikethroughRules"]
    check, discount, custom = without_ids(made["blocks"])
    assert check == {
        "type": "group",
        "operator": "all",
        "blocks": [
            {"type": "checkAttribute", "operator": "isTrue", "attribute": "$Session.FirstSession"},
            {"type": "passthrough", "expression": ["couponValid"]},
        ],
        "onFailure": [{"type": "passthrough", "expression": ["reserveCoupon"]}],
    }
    assert (discount["type"], discount["blocks"][0]["type"], discount["onError"]) == ("group", "awardDiscount", {})
    assert custom["type"] == "passthrough"


def test_ids_are_different_for_each_block_and_the_same_every_time():
    rules = [a_rule([case["v1"]], []) for case in TABLES["conditions"]]
    rules += [a_rule([], [case["v1"]]) for case in TABLES["effects"]]
    bindings = [case["v1"] for case in TABLES["bindings"]]
    first = converted(rules, bindings)
    found = ids(first)
    assert len(set(found)) == len(found) > len(rules)
    assert {UUID(one).version for one in found} == {5}
    assert ids(converted(rules, bindings)) == found
    assert set(found).isdisjoint(ids(converted(rules, bindings, ruleset_id=2)))


def test_everything_in_the_tables_is_as_the_served_document_says():
    document = json.loads(encode(openapi_document(build_framework({}))))
    schema = {"$ref": "#/components/schemas/RulesetV2", "components": document["components"]}
    rules = [a_rule([case["v1"]], []) for case in TABLES["conditions"]]
    rules += [a_rule([], [case["v1"]]) for case in TABLES["effects"]]
    found = converted(rules, [case["v1"] for case in TABLES["bindings"]], strikethroughRules=rules)
    validator = jsonschema_rs.Draft202012Validator(schema)
    assert [error.message for error in validator.iter_errors(json.loads(json.dumps(found, default=float)))] == []


def test_what_is_too_deep_for_a_rule_passes_through():
    deep = True
    for _ in range(300):
        deep = ["not", deep]
    found = converted(strikethroughRules=[a_rule([deep], [["catch", ["noop"], deep]])])
    assert [block["type"] for block in found["strikethroughRules"][0]["blocks"]] == ["passthrough"] * 2
