"""A trace as lines that a marketer can read: what fired, what did not, and what each condition came to."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec

from guerdon.engine.effects import Effect
from guerdon.engine.explain import CampaignTrace, RuleTrace, Seen, Trace
from guerdon.engine.program import CampaignSource, Program
from guerdon.engine.prose import prose, value_prose
from guerdon.engine.ruleset import condition_elements

YES, NO, UNKNOWN, GIVES = "✓", "✗", "·", "→"
MOST_SHOWN = 5
_writer = msgspec.json.Encoder(decimal_format="number")
_reader = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)


def tell(program: Program, trace: Trace) -> Iterator[str]:
    """The lines of the whole story, indented as a tree."""
    for campaign in trace.campaigns:
        source = program.by_id[campaign.id].source
        mark = YES if campaign.state == "triggered" else NO
        why = f": {campaign.why}" if campaign.why else ""
        yield f'{mark} Campaign {campaign.id} "{campaign.name}" {campaign.state}{why}'
        for rule in campaign.rules:
            yield from _rule(source, campaign, rule)
    judged = {effect for campaign in trace.campaigns for rule in campaign.rules for effect in map(id, rule.effects)}
    for effect in trace.outcome.effects:
        if id(effect) not in judged:
            yield f"{NO if effect.effect_type.startswith('reject') else GIVES} {_effect(effect)}"


def _rule(source: CampaignSource, campaign: CampaignTrace, rule: RuleTrace) -> Iterator[str]:
    code = f", code {rule.code}" if rule.code else ""
    yield f'  {YES if rule.fired else NO} Rule {rule.index + 1} "{rule.title}"{code}'
    written = (source.rules or [])[rule.index]
    where = f"/rules/{rule.index}"
    yield from _bindings(source, rule)
    for pointer, element in condition_elements(written["condition"], f"{where}/condition"):
        yield from _condition(rule, pointer, element)
    if rule.effect_index is not None:
        pointer = f"{where}/effects/{rule.effect_index}"
        effect = written["effects"][rule.effect_index]
        yield f"      {NO} {prose(effect)}"
        yield from _inside(rule, pointer, effect)
    if rule.details:
        yield f"      why: {rule.details}"
    given = f"{GIVES} " if campaign.state == "triggered" or not rule.fired else "would have given: "
    for made in rule.effects:
        yield f"      {given}{_effect(made)}"


def _bindings(source: CampaignSource, rule: RuleTrace) -> Iterator[str]:
    """The bindings that got their value in this rule."""
    for at, binding in enumerate(source.bindings or []):
        seen = rule.seen.get(f"/bindings/{at}/expression")
        if seen is not None:
            yield f"      {binding['name']} = {value_prose(seen.values[-1])}, from {prose(binding['expression'])}"


def _condition(rule: RuleTrace, pointer: str, element: Any) -> Iterator[str]:
    failed = rule.condition_index is not None and pointer.endswith(f"/condition/{rule.condition_index + 1}")
    if isinstance(element, list) and element[:1] == ["onFailure"]:
        pointer, element = f"{pointer}/1", element[1]  # its effects are told where they are given
    seen = rule.seen.get(pointer)
    if not isinstance(element, list):
        mark = YES if element is True else NO
    elif seen is None:
        mark = NO if any(known.startswith(f"{pointer}/") for known in rule.seen) else UNKNOWN
    else:
        mark = YES if seen.values[-1] not in (False, None) else NO
    yield f"      {NO if failed else mark} {prose(element)}"
    if mark != UNKNOWN or failed:
        yield from _inside(rule, pointer, element)


def _inside(rule: RuleTrace, pointer: str, expression: Any, depth: int = 5) -> Iterator[str]:
    """What the parts of an expression came to; what is plain to see is left out."""
    if not isinstance(expression, list):
        return
    for at, part in enumerate(expression):
        if not isinstance(part, list):
            continue
        where = f"{pointer}/{at}"
        seen = rule.seen.get(where)
        if seen is not None and part[:1] != ["list"]:
            yield f"{'  ' * depth}{prose(part)} = {_values(seen)}"
        yield from _inside(rule, where, part, depth + 1)


def _values(seen: Seen) -> str:
    if seen.count == 1:
        return value_prose(seen.values[0])
    shown = ", ".join(value_prose(value) for value in seen.values[:MOST_SHOWN])
    return f"{shown}{', …' if seen.count > MOST_SHOWN else ''} ({seen.count} times)"


def _effect(effect: Effect) -> str:
    """The kind, then its properties: `setDiscount name "10% off", value 12`."""
    props = _reader.decode(_writer.encode(effect.props))
    told = ", ".join(
        f"{name} {prose(value) if isinstance(value, str) else _writer.encode(value).decode()}"
        for name, value in props.items()
    )
    wanted = [props[name] for name in ("desiredValue", "desiredTotalDiscount") if name in props]
    given = props.get("totalDiscount", props.get("value"))
    limited = f" (a limit took away a part: {wanted[0]} was wanted)" if wanted and wanted[0] != given else ""
    return f"{effect.effect_type} {told}{limited}"
