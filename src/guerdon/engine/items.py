"""Cart items as rules see them: units where the Application flattens the cart, else lines (rules.md §5.12)."""

from decimal import Decimal

from guerdon.engine.facts import ZERO, CartItem

Unit = tuple[int, int | None]
"""The position of a line, and the number of the unit in it, None for the whole line."""


class Item:
    """One unit of a cart line; without flattening, the whole line. `sub_position` is its number in the line, None for
    a whole line; `unit` tells units apart; `mapped` is its value in a value map."""

    __slots__ = ("count", "line", "mapped", "sub_position", "unit")

    def __init__(self, line: CartItem, sub_position: int | None, mapped: Decimal | None = None) -> None:
        self.line = line
        self.sub_position = sub_position
        self.unit: Unit = (line.position, sub_position)
        self.count = line.remaining if sub_position is None else 1
        self.mapped = mapped

    def with_value(self, mapped: Decimal) -> "Item":
        """The same unit with its value in a value map."""
        return Item(self.line, self.sub_position, mapped)

    @property
    def position(self) -> Decimal:
        """The place of the line in the cart."""
        return Decimal(self.line.position)

    @property
    def number(self) -> Decimal:
        """The number of the unit among those of its line that were not returned, as rules see it."""
        return ZERO if self.sub_position is None else Decimal(self.sub_position - self.line.returned_quantity)

    @property
    def quantity(self) -> Decimal:
        """How many units it stands for."""
        return Decimal(self.count)

    @property
    def total(self) -> Decimal:
        """Price and additional costs of the unit."""
        return self.line.price + self.line.costs

    @property
    def catalog_item(self) -> Decimal | None:
        """The id of its catalog item, as rules see it."""
        return None if self.line.catalog_item_id is None else Decimal(self.line.catalog_item_id)
