"""Arithmetic on exact decimals (rules.md §3.7, §3.8)."""

from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Any

from guerdon.engine.talang.kinds import LAMBDA, LIST, NUMBER, list_of
from guerdon.engine.talang.registry import add, declare
from guerdon.engine.talang.values import EvaluationError, divide, expect, number, remainder

Body = Callable[[Any], Any]
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


def _made(frame: Any, values: list[Any], body: Body, name: str) -> list[Decimal]:
    frame.visit(len(values))
    if not values:
        raise EvaluationError(f"{name} of an empty list")
    return [expect(Decimal, body(value), NUMBER) for value in values]


_EACH = [["x"], ["*", [".", "x"], 10]]

for _name, _choice, _word, _one in (("min", min, "smallest", 1), ("max", max, "largest", 3)):
    add(
        _name, list_of(NUMBER), returns=NUMBER, frame=True,
        run=lambda frame, values, _name=_name, _choice=_choice: _choice(_numbers(frame, values, _name)),
        doc=f"The {_word} number of a list; other values are passed over, and a list without numbers is an error.",
        example=([_name, ["list", 3, 1, 2]], f"{_one}"),
    )  # fmt: skip
    add(
        _name, LIST, LAMBDA, returns=NUMBER, frame=True, body=NUMBER,
        run=lambda frame, values, body, _name=_name, _choice=_choice: _choice(_made(frame, values, body, _name)),
        doc=f"The {_word} of the numbers the body makes of each element; an empty list is an error.",
        example=([_name, ["list", 3, 1, 2], _EACH], f"{_one}0"),
    )  # fmt: skip
    add(
        _name, *_TWO, rest=NUMBER, returns=NUMBER, run=_choice,
        doc=f"The {_word} of the arguments.", example=([_name, 3, 1], f"{_one}"),
    )  # fmt: skip


@declare("sum", list_of(NUMBER), returns=NUMBER, frame=True, example=(["sum", ["list", 1, 2.5]], "3.5"))
def _plain_sum(frame: Any, values: list[Decimal]) -> Decimal:
    """The sum of a list of numbers."""
    frame.visit(len(values))
    return sum((expect(Decimal, value, NUMBER) for value in values), Decimal(0))


@declare("sum", LIST, LAMBDA, returns=NUMBER, frame=True, body=NUMBER, example=(["sum", ["list", 1, 2], _EACH], "30"))
def _sum(frame: Any, values: list[Any], body: Body) -> Decimal:
    """The sum of the numbers the body makes of each element."""
    frame.visit(len(values))
    return sum((expect(Decimal, body(value), NUMBER) for value in values), Decimal(0))


@declare("average", list_of(NUMBER), returns=NUMBER, frame=True, example=(["average", ["list", 1, 2]], "1.5"))
def _plain_average(frame: Any, values: list[Decimal]) -> Decimal:
    """The average of a list of numbers, in sixteen significant digits; an empty list is an error."""
    return _average(frame, values, lambda value: value)


@declare("average", LIST, LAMBDA, returns=NUMBER, frame=True, body=NUMBER,
         example=(["average", ["list", 1, 2], _EACH], "15"))  # fmt: skip
def _average(frame: Any, values: list[Any], body: Body) -> Decimal:
    """The average of the numbers the body makes of each element; an empty list is an error."""
    made = _made(frame, values, body, "average")
    return divide(sum(made, Decimal(0)), Decimal(len(made)))
