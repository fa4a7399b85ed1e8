"""Conditions as typed blocks (rules.md §4.1, §4.4)."""

from decimal import Decimal
from typing import Any, cast, get_args

from msgspec import UNSET, structs

from guerdon.wire import rulesets_v2 as v2
from guerdon.wire.blocks.context import Context, who
from guerdon.wire.blocks.effects import effect_block
from guerdon.wire.blocks.expressions import Untranslatable, braces, is_number, path, plain

SCALAR = {
    "=": "equals", "!=": "not(equals)", "<": "lessThan", "<=": "lessThanOrEqual", ">": "greaterThan",
    ">=": "greaterThanOrEqual", "contains": "contains", "notContains": "not(contains)", "startsWith": "startsWith",
    "endsWith": "endsWith", "oneOf": "oneOf", "inCollection": "inCollection", "after": "after", "before": "before",
}  # fmt: skip
LISTED = ("containsOneOf", "containsNoneOf", "containsAllOf")
COUNTED = ("containsAtLeast", "containsExactly")
OPPOSITE = {
    positive: f"not({positive})"
    for positive in ("equals", "contains", "oneOf", "inCollection", "empty", "exists", "within")
} | {"isTrue": "isFalse"}
OPPOSITE |= {negative: positive for positive, negative in OPPOSITE.items()}
WITHIN = {
    "startInclusive": "start_inclusive",
    "endInclusive": "end_inclusive",
    "timezoneInsensitive": "timezone_insensitive",
}


def condition_block(context: Context, condition: Any, pointer: str) -> Any:
    """The block of a condition; a passthrough where no other can say it."""
    for make in (_wrapped, _logic, _check, _attribute):
        try:
            block = make(context, condition, pointer)
        except Untranslatable:
            continue
        if isinstance(block, context.shapes.allowed):
            return block
    return context.passthrough(condition, pointer)


def _blocks(context: Context, conditions: list[Any], pointer: str, first: int = 1) -> list[Any]:
    return [condition_block(context, one, f"{pointer}/{index}") for index, one in enumerate(conditions, first)]


def _wrapped(context: Context, condition: Any, pointer: str) -> Any:
    """Conditions around a condition: effects where it fails, and `catch false`, which every block is anyway."""
    match condition:
        case ["catch", False, ["do", [".", *_] as attribute, *body]] if _is_true(body):
            return _attribute(context, ["attributeExists", attribute], pointer)
        case ["catch", False, inner]:
            block = condition_block(context, inner, f"{pointer}/2")
            if not isinstance(block, v2.PassthroughBlock):
                return block
        case ["onFailure", inner, [*effects]] if hasattr(context.shapes.group, "on_failure"):
            listed = effects if effects and isinstance(effects[0], list) else [effects] if effects else []
            blocks = [effect_block(context, one, f"{pointer}/2/{index}") for index, one in enumerate(listed)]
            block = condition_block(context, inner, f"{pointer}/1")
            if getattr(block, "on_failure", None) is UNSET:
                return structs.replace(block, on_failure=blocks)
            return context.group("all", [block], pointer, on_failure=blocks)
    raise Untranslatable


def _is_true(body: list[Any]) -> bool:
    match body:
        case [str(), True] | [[[str()], True]]:
            return True
    return False


def _logic(context: Context, condition: Any, pointer: str) -> Any:
    match condition:
        case ["and", [">=", low_of, low], ["<=", high_of, high]] if low_of == high_of:
            return _checked(context, pointer, {"operator": "between", "attribute": low_of, "min": low, "max": high})
        case ["=", [".", "Event", "Type"], str(kind)]:
            return v2.CheckEventBlock(id=context.id(pointer), event_type=kind)
        case ["and", ["=", [".", "Event", "Type"], str(kind)], *matchers]:
            blocks = _blocks(context, matchers, pointer, 2)
            return v2.CheckEventBlock(id=context.id(pointer), event_type=kind, matchers=blocks or UNSET)
        case ["and", *parts]:
            return context.group("all", _blocks(context, parts, pointer), pointer)
        case ["or", *parts]:
            return context.group("atLeastOne", _blocks(context, parts, pointer), pointer)
        case ["not", inner]:
            return _negation(context, inner, pointer)
    raise Untranslatable


def _negation(context: Context, inner: Any, pointer: str) -> Any:
    where = f"{pointer}/1"
    match inner:
        case ["or", *parts]:
            return context.group("none", _blocks(context, parts, where), pointer)
        case ["achievement", "started" | "inProgress" | "completed" as operator, number]:
            return _check(context, ["achievement", f"not({operator})", number], pointer)
        case ["audienceMember", profile, number]:
            return _audience(context, "not(member)", profile, number, pointer)
    try:
        fields = _fields(inner)
        return _checked(context, pointer, {**fields, "operator": OPPOSITE[fields["operator"]]})
    except (Untranslatable, KeyError):
        return context.group("none", [condition_block(context, inner, where)], pointer)


# --- what the customer, the code and the campaign are asked


def _check(context: Context, condition: Any, pointer: str) -> Any:
    own = context.id(pointer)
    match condition:
        case ["couponValid" | "referralValid" as name, *redeem] if redeem in ([], [True], [False]):
            kind = v2.CheckCouponBlock if name == "couponValid" else v2.CheckReferralBlock
            return kind(id=own, redeem=redeem != [False])
        case ["audienceMember" | "audienceJoined" | "audienceLeft" as name, profile, number]:
            operator = {"audienceMember": "member", "audienceJoined": "justJoined", "audienceLeft": "justLeft"}[name]
            return _audience(context, operator, profile, number, pointer)
        case ["achievement", operator, number] if operator in get_args(v2.AchievementOperator):
            return v2.CheckAchievementBlock(id=own, operator=operator, achievement=context.achievement(number))
        case ["budgetAvailable", action] if action in get_args(v2.BudgetAction):
            return v2.CheckBudgetBlock(id=own, operator="available", action=action)
        case ["budgetEnoughFor", action, value] if action in get_args(v2.BudgetAction) and is_number(value):
            return v2.CheckBudgetBlock(id=own, operator="enoughFor", action=action, value=Decimal(value))
        case [str(sign), ["loyaltyBalance", number, str(subledger), *kind], value]:
            return _balance(context, sign, (number, subledger, kind), value, pointer)
    raise Untranslatable


def _audience(context: Context, operator: Any, profile: Any, number: Any, pointer: str) -> v2.CheckAudienceBlock:
    return v2.CheckAudienceBlock(
        id=context.id(pointer), operator=operator, profile=who(profile), audience=context.audience(number)
    )


def _balance(
    context: Context, sign: str, asked: tuple[Any, str, list[Any]], value: Any, pointer: str
) -> v2.CheckLoyaltyBalanceBlock:
    program, subledger, kind = asked
    operator, balance = SCALAR.get(sign), kind[0] if kind else "current"
    if operator not in get_args(v2.Comparison) or balance not in get_args(v2.Balance) or not is_number(value):
        raise Untranslatable
    return v2.CheckLoyaltyBalanceBlock(
        id=context.id(pointer),
        operator=cast(v2.Comparison, operator),
        program=context.program(program),
        subledger=subledger,
        balance=cast(v2.Balance, balance),
        value=Decimal(value),
    )


# --- attributes


def _attribute(context: Context, condition: Any, pointer: str) -> Any:
    return _checked(context, pointer, _fields(condition))


def _checked(context: Context, pointer: str, fields: dict[str, Any]) -> Any:
    """The attribute check with these members, which are still as the rule has them."""
    names = context.names
    attribute = fields["attribute"]
    match attribute:
        case [".", *_]:
            shown = path(attribute, names)
        case [str(), *_]:
            shown = braces(attribute, names)
        case _:
            raise Untranslatable
    others = {name: plain(value, names) for name, value in fields.items() if name not in ("operator", "attribute")}
    return context.shapes.check(id=context.id(pointer), operator=fields["operator"], attribute=shown, **others)


def _fields(condition: Any) -> dict[str, Any]:
    """The members of the block, their values as the rule has them."""
    match condition:
        case ["=", attribute, bool(value)]:
            return {"operator": "isTrue" if value else "isFalse", "attribute": attribute}
        case [str(name), attribute, value] if name in SCALAR:
            return {"operator": SCALAR[name], "attribute": attribute, "value": value}
        case ["~", value, attribute]:
            return {"operator": "matchesRegexp", "attribute": attribute, "value": value}
        case ["isEmpty", attribute]:
            return {"operator": "empty", "attribute": attribute}
        case ["attributeExists", [str(head), *rest]]:
            dotted = [head, *rest] if head == "." else [".", head, *rest]
            return {"operator": "exists", "attribute": dotted}
        case [str(name), attribute, values] if name in LISTED:
            return {"operator": name, "attribute": attribute, "values": values}
        case [str(name), attribute, values, count] if name in COUNTED:
            return {"operator": name, "attribute": attribute, "values": values, "count": count}
        case ["within", attribute, start, end, *options]:
            return {"operator": "within", "attribute": attribute, "start": start, "end": end, **_within(options)}
        case [".", *_]:
            return {"operator": "isTrue", "attribute": condition}
    raise Untranslatable


def _within(options: list[Any]) -> dict[str, Any]:
    match options:
        case []:
            return {}
        case [{**chosen}] if all(name in WITHIN and isinstance(value, bool) for name, value in chosen.items()):
            return {WITHIN[str(name)]: value for name, value in chosen.items()}
    raise Untranslatable
