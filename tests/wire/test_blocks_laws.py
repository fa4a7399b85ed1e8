"""What holds for any ruleset at all, whether the engine would take it or not (Hypothesis)."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import jsonschema_rs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guerdon.api.app import build_framework
from guerdon.api.document import openapi_document
from guerdon.engine.talang import registry
from guerdon.wire.base import decoder, encode
from guerdon.wire.blocks import ruleset_v2
from guerdon.wire.rulesets import Ruleset

TABLES = {path.stem: json.loads(path.read_text(), parse_float=Decimal) for path in (Path(__file__).parent / "blocks").glob("*.json")}  # fmt: skip
FORMS = [case["v1"] for name in ("conditions", "effects", "expressions") for case in TABLES[name]]
BOUND = [case["v1"]["expression"] for case in TABLES["bindings"]]
document = json.loads(encode(openapi_document(build_framework({}))))
schema = {"$ref": "#/components/schemas/RulesetV2", "components": document["components"]}
validator = jsonschema_rs.Draft202012Validator(schema)

scalar = (
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.decimals(-100, 100, places=2) | st.text(max_size=4)
)
word = st.sampled_from([*registry.names(), "Item", "Session", "Total", "Current", "Attributes", "Event", "Type", "onFailure"])  # fmt: skip


def arrays(inner):
    called = st.builds(lambda name, args: [name, *args], word, st.lists(inner, max_size=4))
    options = st.dictionaries(st.sampled_from(["partial", "scope", "usageLimit", "x"]), inner, max_size=2)
    return called | st.lists(inner, max_size=3) | options


@st.composite
def changed(draw):
    """A form that a block can say, with one part of it replaced by another."""
    form = draw(st.sampled_from([form for form in FORMS + BOUND if isinstance(form, list)]))
    place = draw(st.integers(0, len(form) - 1))
    return [*form[:place], draw(anything), *form[place + 1 :]]


anything = st.recursive(scalar | word | st.sampled_from(FORMS + BOUND), arrays, max_leaves=8)
expression = st.sampled_from(FORMS) | changed() | anything
effect = (st.lists(expression, min_size=1, max_size=4) | changed()).filter(bool)
wrapped = st.builds(lambda around, inner: [*around, inner], st.sampled_from([["not"], ["and"], ["or"], ["catch", False]]), expression)  # fmt: skip
failing = st.builds(lambda inner, effects: ["onFailure", inner, effects], expression, st.lists(effect, max_size=2))
condition = expression | wrapped | failing
bindings = st.lists(
    st.fixed_dictionaries(
        {"name": st.sampled_from(["a", "Shoes", "Buy 3"]), "expression": st.sampled_from(BOUND) | effect},
        optional={"type": st.sampled_from(["cartItemFilter", "bundle", "templateParameter", "collection"])},
    ),
    max_size=3,
)
rules = st.lists(
    st.fixed_dictionaries(
        {
            "title": st.just("Any"),
            "condition": st.builds(lambda head, parts: [head, *parts], st.sampled_from(["and", "or"]), st.lists(condition, min_size=1, max_size=3))
            | effect,
            "effects": st.lists(effect, max_size=3),
        },
        optional={"bindings": bindings},
    ),
    max_size=2,
)  # fmt: skip


def blocks_of(rule):
    """How many blocks there must be: one for each condition that can fail, if they are joined by `and`, else one."""
    condition = rule["condition"]
    elements = [one for one in condition[1:] if one is not True] if condition[0] == "and" else [condition]
    return len(elements) + len(rule["effects"])


@settings(deadline=None, max_examples=300, suppress_health_check=list(HealthCheck), database=None)
@given(rules, rules, bindings)
def test_any_ruleset_converts_with_a_block_for_each_condition_and_effect(promotion, strikethrough, bound):
    shape = {"id": 1, "created": datetime(2026, 1, 1, tzinfo=UTC), "userId": 2, "bindings": bound}
    text = encode({**shape, "rules": promotion, "strikethroughRules": strikethrough})
    found = ruleset_v2(decoder(Ruleset).decode(text), {})
    assert [len(rule.blocks) for rule in found.promotion_rules] == [blocks_of(rule) for rule in promotion]
    assert [len(rule.blocks) for rule in found.strikethrough_rules] == [blocks_of(rule) for rule in strikethrough]
    count = len(bound) + sum(len(rule.get("bindings", [])) for rule in promotion + strikethrough)
    assert len(found.selectors) + len(found.bundles) + len(found.parameters) == count
    assert [error.message for error in validator.iter_errors(json.loads(encode(found)))] == []
