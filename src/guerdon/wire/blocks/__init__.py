"""Rulesets as typed blocks (rules.md §2.2): one block for each condition of a rule, then one for each effect.

What no block can say comes as a passthrough, so every ruleset can be converted; nothing is looked at but the ruleset.
"""

from typing import Any

from msgspec import UNSET, structs

from guerdon.engine.library import EMPTY, Library
from guerdon.wire import rulesets_v2 as v2
from guerdon.wire.base import decoder, encode
from guerdon.wire.blocks.conditions import condition_block
from guerdon.wire.blocks.context import PROMOTION, STRIKETHROUGH, Attributes, Context, Shapes, too_deep
from guerdon.wire.blocks.effects import effect_block
from guerdon.wire.blocks.selectors import binding_type, bundle, parameter, selector
from guerdon.wire.rulesets import Ruleset


def ruleset_v2(ruleset: Ruleset, attributes: Attributes, library: Library = EMPTY) -> v2.RulesetV2:
    """The same ruleset as typed blocks. `attributes` are the custom ones by (entity, name); names of programs, pools
    and the like come from `library`."""
    given: dict[str, Any] = decoder(dict[str, Any]).decode(encode(ruleset))
    context = Context(ruleset_id=ruleset.id, library=library, attributes=attributes, bindings=_types(given["bindings"]))
    made = v2.RulesetV2(
        id=ruleset.id,
        created=ruleset.created,
        user_id=ruleset.user_id,
        campaign_id=ruleset.campaign_id,
        template_id=ruleset.template_id,
        activated_at=ruleset.activated_at,
        promotion_rules=[],
        strikethrough_rules=[],
        selectors=[],
        bundles=[],
        parameters=[],
    )
    _add_bindings(made, context, given["bindings"], "/bindings")
    for name, shapes, kind, rules in (
        ("rules", PROMOTION, v2.PromotionRuleV2, made.promotion_rules),
        ("strikethroughRules", STRIKETHROUGH, v2.StrikethroughRuleV2, made.strikethrough_rules),
    ):
        for index, rule in enumerate(given.get(name, [])):
            rules.append(_rule(made, context, shapes, kind, rule, f"/{name}/{index}"))
    return made


def _types(bindings: list[dict[str, Any]]) -> dict[str, str]:
    return {binding["name"]: binding_type(binding) for binding in bindings}


def _add_bindings(made: v2.RulesetV2, context: Context, bindings: list[dict[str, Any]], pointer: str) -> None:
    """Each binding becomes a selector, a bundle or a parameter."""
    for index, binding in enumerate(bindings):
        if too_deep(binding["expression"]):
            made.parameters.append(binding)
        elif (chosen := selector(context, binding, f"{pointer}/{index}")) is not None:
            made.selectors.append(chosen)
        elif (formed := bundle(context, binding)) is not None:
            made.bundles.append(formed)
        else:
            made.parameters.append(parameter(context, binding))


def _rule(made: v2.RulesetV2, context: Context, shapes: Shapes, kind: Any, rule: dict[str, Any], pointer: str) -> Any:
    bindings = rule.get("bindings", [])
    inner = structs.replace(context, shapes=shapes, bindings={**context.bindings, **_types(bindings)})
    _add_bindings(made, inner, bindings, f"{pointer}/bindings")
    blocks = [
        *(_block(condition_block, inner, one, where) for one, where in _conditions(rule, f"{pointer}/condition")),
        *(_block(effect_block, inner, one, f"{pointer}/effects/{index}") for index, one in enumerate(rule["effects"])),
    ]
    named = {"id": rule.get("id", UNSET), "parent_id": rule.get("parentId", UNSET), "title": rule["title"]}
    return kind(**named, description=rule.get("description", UNSET), blocks=blocks)


def _block(make: Any, context: Context, value: Any, pointer: str) -> Any:
    return context.passthrough(value, pointer) if too_deep(value) else make(context, value, pointer)


def _conditions(rule: dict[str, Any], pointer: str) -> list[tuple[Any, str]]:
    """The elements of an outer `and`, without those that always hold; any other condition is one block."""
    condition = rule["condition"]
    if condition[0] != "and":
        return [(condition, pointer)]
    return [(one, f"{pointer}/{index}") for index, one in enumerate(condition) if index and one is not True]
