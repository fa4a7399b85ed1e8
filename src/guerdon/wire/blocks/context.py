"""What the conversion to typed blocks knows at any place of a ruleset."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, cast
from uuid import NAMESPACE_URL, uuid5

from msgspec import Struct, structs

from guerdon.engine.library import Library
from guerdon.wire import rulesets_v2 as v2
from guerdon.wire.attributes import Attribute
from guerdon.wire.blocks.expressions import Names, Untranslatable, function, path, whole

Attributes = Mapping[tuple[str, str], Attribute]
DEEPEST = 100


class Shapes(Struct, frozen=True):
    """Which blocks may stand in a list: its own group and attribute check, and all that it may hold."""

    group: Any
    check: Any
    allowed: Any


PROMOTION = Shapes(v2.PromotionGroupBlock, v2.PromotionCheckAttributeBlock, v2.PromotionBlock)
STRIKETHROUGH = Shapes(v2.StrikethroughGroupBlock, v2.StrikethroughCheckAttributeBlock, v2.StrikethroughBlock)
SELECTOR = Shapes(v2.SelectorGroupBlock, v2.CheckAttributeBlock, v2.SelectorBlock)


class Context(Struct, frozen=True, kw_only=True):
    """The ruleset, what its rules may name, the types of the bindings at hand (by name), and lambda variables."""

    ruleset_id: int
    library: Library
    attributes: Attributes
    bindings: Mapping[str, str]
    names: Names = {}
    shapes: Shapes = PROMOTION

    def id(self, pointer: str) -> str:
        """The id of the block that was made of what is at this place of the ruleset: the same every time."""
        return str(uuid5(NAMESPACE_URL, f"guerdon:ruleset:{self.ruleset_id}{pointer}"))

    def passthrough(self, expression: Any, pointer: str) -> v2.PassthroughBlock:
        """The block of what no other block can say; what is not a call stands alone in its array."""
        is_call = isinstance(expression, list) and expression and isinstance(expression[0], str)
        return v2.PassthroughBlock(id=self.id(pointer), expression=expression if is_call else [expression])

    def group(self, operator: str, blocks: list[Any], pointer: str, **more: Any) -> Any:
        """A group of blocks."""
        return self.shapes.group(id=self.id(pointer), operator=operator, blocks=blocks, **more)

    def each(self, items: Any) -> "tuple[Context, Any]":
        """The body of a lambda over cart items, and what is known in it: its variable is `$Item`."""
        name, body = function(items)
        return self.with_item(name), body

    def with_item(self, name: str) -> "Context":
        """The same where `name` is a cart item."""
        return structs.replace(self, names={**self.names, name: "Item"})

    def items(self, value: Any) -> tuple[str, str]:
        """What a list of items is: allItems, globalFilter, selector or bundle, and its name."""
        match value:
            case [".", "Session", "CartItems"]:
                return "allItems", ""
            case ["globalFilter", str(name)]:
                return "globalFilter", name
            case [".", str()] if path(value, {}) == "$Session.CartItems":
                return "allItems", ""
            case [".", str(name)]:
                name = name.removeprefix("$")
                kind = self.bindings.get(name)
                return "globalFilter" if kind is None else "bundle" if kind == "bundle" else "selector", name
        raise Untranslatable

    def known(self, members: Mapping[Any, Any], named: Any) -> tuple[int, str, Any]:
        """What a rule gives an id or a name of: its id and name, and the thing itself if it is in the library."""
        number = 0 if isinstance(named, str) else whole(named)
        found = next((one for one in members.values() if named in (one.id, one.name)), None)
        if found is not None:
            return found.id, found.name, found
        return number, named if isinstance(named, str) else "", None

    def audience(self, named: Any) -> v2.AudienceReference:
        """An audience by its id or name."""
        number, name, _ = self.known(self.library.audiences, named)
        return v2.AudienceReference(id=number, name=name)

    def achievement(self, named: Any) -> v2.AchievementReference:
        """An achievement by its id or name."""
        number, name, found = self.known(self.library.achievements, named)
        title, target = (found.title, found.target) if found else ("", Decimal(0))
        return v2.AchievementReference(id=number, name=name, title=title, target=target)

    def program(self, named: Any) -> v2.NamedAndTitledReference:
        """A loyalty program by its id or name."""
        number, name, found = self.known(self.library.loyalty_programs, named)
        return v2.NamedAndTitledReference(id=number, name=name, title=found.title if found else "")

    def params(self, titles: list[str], values: list[Any]) -> dict[str, Any]:
        """Parameters by the keys that their titles make: in lower case, with `_` for spaces; `param_0` for one
        without a title of its own."""
        params: dict[str, Any] = {}
        for index, value in enumerate(values):
            key = titles[index].lower().replace(" ", "_") if index < len(titles) else ""
            params[key if key and key not in params else f"param_{index}"] = value
        return params


def who(value: Any) -> v2.Who:
    """Whose profile a block is about."""
    if value not in ("Current", "Advocate"):
        raise Untranslatable
    return cast(v2.Who, value)


def too_deep(value: Any) -> bool:
    """Whether a JSON value has more levels than a rule may have, so that nothing here goes deeper either."""
    level = [value]
    for _ in range(DEEPEST + 1):
        level = [inner for one in level if isinstance(one, list | dict) for inner in _inside(one)]
        if not level:
            return False
    return True


def _inside(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value
