"""Effects of the shop's own making, and webhooks (rules.md §4.2, §4.3)."""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from msgspec import UNSET

from guerdon.engine.library import CustomEffectDefinition, EffectParameter, Named
from guerdon.engine.outcome import WebhookCall
from guerdon.engine.props import CustomEffect, TriggerWebhook
from guerdon.engine.talang.syntax import LARGEST_NUMBER
from guerdon.engine.talang.values import EvaluationError, expect, text, to_time
from guerdon.engine.writes import DEEPEST_WRITTEN, as_json

EMPTY: Mapping[str, Any] = {}
_TYPES = {"string": str, "number": Decimal, "boolean": bool, "(list string)": list, "(list number)": list}
_PLACEHOLDER = re.compile(r"\$\{([^{}]*)\}|\{\{([^{}]*)\}\}")
_STRINGS_AND_PLACEHOLDERS = re.compile(rf'"(?:\\.|[^"\\])*"|{_PLACEHOLDER.pattern}')


class Custom:
    """The custom effects of one evaluation; `calls` are the webhooks that will be called, in order."""

    def __init__(self, frame: Any) -> None:
        self.frame = frame
        self.calls: dict[int, WebhookCall] = {}

    def effect(
        self, effect_id: int, name: str, payload: Mapping[str, Any], item: Any = None, marks: Mapping[str, Any] = EMPTY
    ) -> None:
        """An effect with its payload; `item` is the unit it is for, `marks` what it says of the unit's bundle."""
        self.frame.limits.take("customEffect", what=f"the effect {name!r}")
        self.frame.emit(
            CustomEffect(
                effect_id=effect_id,
                name=name,
                payload=as_json(self.frame, payload),
                cart_item_position=UNSET if item is None else item.line.position,
                cart_item_sub_position=UNSET if item is None or item.sub_position is None else item.sub_position,
                **marks,
            )
        )

    def defined(
        self, effect: CustomEffectDefinition, values: list[Any], item: Any = None, marks: Mapping[str, Any] = EMPTY
    ) -> None:
        """An effect as the library defines it, with values for its parameters."""
        typed = [_of_type(one, value) for one, value in zip(effect.parameters, values, strict=True)]
        given = _by_name(effect.parameters, [as_json(self.frame, value) for value in typed])
        payload = _template(effect.payload)
        if not isinstance(payload, dict):
            raise EvaluationError(f"the payload of {effect.name!r} is not a JSON object")
        self.effect(effect.id, effect.name, _filled(payload, given), item, marks)

    def call(self, webhook: Named, values: tuple[Any, ...]) -> None:
        """Call a webhook after this request."""
        self.frame.limits.take("callApi", what=f"the webhook {webhook.name!r}")
        call = WebhookCall(
            webhook_id=webhook.id,
            campaign_id=self.frame.campaign.source.id,
            parameters=tuple(as_json(self.frame, value) for value in values),
        )
        self.frame.put(self.calls, len(self.calls), call)
        self.frame.emit(TriggerWebhook(webhook_id=webhook.id, webhook_name=webhook.name))


def is_payload(text: str) -> bool:
    """Whether a text can be the payload of a custom effect: a JSON object, placeholders apart."""
    return isinstance(_template(text), dict)


@lru_cache(1000)
def _template(payload: str) -> Any:
    """The payload with placeholders as texts; one that stands outside of a text becomes one."""
    quoted = _STRINGS_AND_PLACEHOLDERS.sub(lambda found: _quoted(found[0]), payload)
    try:
        return json.loads(quoted, parse_int=_number, parse_float=_number, parse_constant=_number)
    except (ValueError, RecursionError):
        return None


def _number(digits: str) -> Decimal:
    value = Decimal(digits)
    if not value.is_finite() or value.copy_abs() > LARGEST_NUMBER:
        raise ValueError(digits)
    return value


def _quoted(part: str) -> str:
    return part if part.startswith('"') else json.dumps(part)


def _of_type(parameter: EffectParameter, value: Any) -> Any:
    """A value of a kind that was not known before, held against the type of its parameter."""
    return to_time(value) if parameter.type == "time" else expect(_TYPES[parameter.type], value, parameter.type)


def _by_name(parameters: tuple[EffectParameter, ...], values: list[Any]) -> dict[str, Any]:
    """The values by everything that a placeholder may call them: place, key, title."""
    found: dict[str, Any] = {}
    for place, (parameter, value) in enumerate(zip(parameters, values, strict=True)):
        for name in (str(place), parameter.key, parameter.title, parameter.title.lower().replace(" ", "_")):
            if name:
                found.setdefault(name, value)
    return found


def _filled(part: Any, values: Mapping[str, Any], depth: int = 0) -> Any:
    """A part of the payload with values for its placeholders: a text that is one placeholder becomes the value
    itself. What is no parameter stays as it stands."""
    if depth > DEEPEST_WRITTEN:
        raise EvaluationError(f"the payload is more than {DEEPEST_WRITTEN} levels deep")
    if isinstance(part, dict):
        return {_text(key, values): _filled(value, values, depth + 1) for key, value in part.items()}
    if isinstance(part, list):
        return [_filled(value, values, depth + 1) for value in part]
    if not isinstance(part, str):
        return part
    whole = _PLACEHOLDER.fullmatch(part)
    if whole and _name(whole) in values:
        return values[_name(whole)]
    return _text(part, values)


def _text(part: str, values: Mapping[str, Any]) -> str:
    return _PLACEHOLDER.sub(lambda found: _shown(values[_name(found)]) if _name(found) in values else found[0], part)


def _name(found: re.Match[str]) -> str:
    return str(found[1] if found[1] is not None else found[2]).strip()


def _shown(value: Any) -> str:
    return ", ".join(text(one) for one in value) if isinstance(value, list) else text(value)
