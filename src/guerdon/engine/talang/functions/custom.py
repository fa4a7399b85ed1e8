"""Effects of the shop's own making, and webhooks (rules.md §4.2, §4.3)."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from guerdon.engine.library import CustomEffectDefinition, Named
from guerdon.engine.talang.bundles import units
from guerdon.engine.talang.kinds import ANY, EFFECT, ITEM, LAMBDAS, MAP, NUMBER, TEXT, list_of
from guerdon.engine.talang.known import CUSTOM_EFFECT, WEBHOOK
from guerdon.engine.talang.registry import declare
from guerdon.engine.talang.values import EvaluationError

LARGEST_ID = 2**53


@declare("customEffect", CUSTOM_EFFECT, rest=ANY, returns=EFFECT, frame=True, failure=True)
def _defined_effect(frame: Any, effect: CustomEffectDefinition, *values: Any) -> None:
    """An effect that is defined in the account, by id or name, with a value for each of its parameters."""
    frame.custom.defined(effect, list(values))


@declare("customEffect", NUMBER, TEXT, MAP, optional=1, returns=EFFECT, frame=True, failure=True)
def _custom_effect(frame: Any, effect_id: Decimal, name: str, payload: dict[str, Any] | None = None) -> None:
    """An effect of an id that is not defined: `["customEffect", 7, "wrap", ["kv", ["paper", "red"]]]`, with a name and
    a payload of its own."""
    if effect_id != effect_id.to_integral_value() or not 0 <= effect_id <= LARGEST_ID:
        raise EvaluationError("the id of a custom effect is a whole number")
    frame.custom.effect(int(effect_id), name, payload or {})


@declare(
    "customEffectPerItem", CUSTOM_EFFECT, list_of(ITEM), LAMBDAS, optional=1, returns=EFFECT, frame=True,
    per_item=True, failure=True,
)  # fmt: skip
def _custom_effect_per_item(
    frame: Any, effect: CustomEffectDefinition, items: list[Any], values: Callable[[Any], list[Any]] | None = None
) -> None:
    """The same for each item of a list, or of each bundle, with the values for its parameters in the lambda:
    `["customEffectPerItem", 9, list, [["Item"], [".", "Item", "SKU"], 5]]`."""
    for item, marks in units(frame, items):
        if frame.may_touch(item):
            frame.custom.defined(effect, values(item) if values else [], item, marks)


@declare("triggerWebhook", WEBHOOK, rest=ANY, returns=EFFECT, frame=True)
def _trigger_webhook(frame: Any, webhook: Named, *values: Any) -> None:
    """Call a webhook after this request, with values for its parameters."""
    frame.custom.call(webhook, values)
