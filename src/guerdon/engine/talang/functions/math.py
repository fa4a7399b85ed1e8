"""Arithmetic on exact decimals (rules.md §3.7, §3.8)."""

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Any

from guerdon.engine.talang.kinds import NUMBER, list_of
from guerdon.engine.talang.registry import add, declare
from guerdon.engine.talang.values import EvaluationError, divide, number, remainder

_TWO = (NUMBER, NUMBER)
_ONE = Decimal(1)

add("+", *_TWO, rest=NUMBER, returns=NUMBER, operator="Add", doc="The sum.", example=(["+", 1, 2, 3.5], "6.5"))
add(
    "-",
    *_TWO,
    rest=NUMBER,
    returns=NUMBER,
    operator="Sub",
    doc="The first less the rest.",
    example=(["-", 10, 2, 3], "5"),
)
add("*", *_TWO, rest=NUMBER, returns=NUMBER, operator="Mult", doc="The product.", example=(["*", 2, 4.5], "9.0"))
add(
    "/",
    *_TWO,
    rest=NUMBER,
    returns=NUMBER,
    run=divide,
    doc="The quotient in sixteen significant digits; a zero divisor is an error.",
    example=(["/", 10, 100], "0.1"),
)
add(
    "mod",
    *_TWO,
    rest=NUMBER,
    returns=NUMBER,
    run=remainder,
    doc="The remainder, with the sign of the first.",
    example=(["mod", 7, 3], "1"),
)


def _floor(value: Decimal) -> Decimal:
    """The next whole number below."""
    return value.to_integral_value(ROUND_FLOOR)


def _ceil(value: Decimal) -> Decimal:
    """The next whole number above."""
    return value.to_integral_value(ROUND_CEILING)


for _name in ("floor", "roundDown"):
    add(_name, NUMBER, returns=NUMBER, run=_floor, doc=_floor.__doc__, example=([_name, -2.7], "-3"))
for _name in ("ceil", "roundUp"):
    add(_name, NUMBER, returns=NUMBER, run=_ceil, doc=_ceil.__doc__, example=([_name, -2.7], "-2"))


@declare("round", NUMBER, NUMBER, optional=1, returns=NUMBER, example=(["round", 2.345, 2], "2.35"))
def _round(value: Decimal, digits: Decimal = Decimal(0)) -> Decimal:
    """Rounded half up, to a number of decimals between 0 and 30."""
    if digits != digits.to_integral_value() or not 0 <= digits <= 30:
        raise EvaluationError("round takes a whole number of decimals from 0 to 30")
    return value.quantize(_ONE.scaleb(-int(digits)), ROUND_HALF_UP)


def _numbers(frame: Any, values: list[Any], name: str) -> list[Decimal]:
    frame.visit(len(values))
    found = [value for value in number(values) if isinstance(value, Decimal)]
    if not found:
        raise EvaluationError(f"{name} of a list without numbers")
    return found


@declare("min", list_of(NUMBER), returns=NUMBER, frame=True, example=(["min", ["list", 3, 1, 2]], "1"))
def _min_of_list(frame: Any, values: list[Any]) -> Decimal:
    """The smallest number of a list; other values are passed over, and a list without numbers is an error."""
    return min(_numbers(frame, values, "min"))


@declare("max", list_of(NUMBER), returns=NUMBER, frame=True, example=(["max", ["list", 3, 1, 2]], "3"))
def _max_of_list(frame: Any, values: list[Any]) -> Decimal:
    """The largest number of a list; other values are passed over, and a list without numbers is an error."""
    return max(_numbers(frame, values, "max"))


add(
    "min",
    *_TWO,
    rest=NUMBER,
    returns=NUMBER,
    run=min,
    doc="The smallest of the arguments.",
    example=(["min", 3, 1], "1"),
)
add(
    "max",
    *_TWO,
    rest=NUMBER,
    returns=NUMBER,
    run=max,
    doc="The largest of the arguments.",
    example=(["max", 3, 1], "3"),
)
