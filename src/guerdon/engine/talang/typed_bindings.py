"""What the type of a binding says of its value: template parameters, balances (rules.md §1.4, §7.3)."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from guerdon.engine.talang.kinds import BOOLEAN, MAP, NUMBER, TEXT, a, fits, list_of
from guerdon.engine.talang.syntax import Problem

PARAMETER, SUBLEDGER = "templateParameter", "subledgerBalance"
VALUE_TYPES = {"string": TEXT, "number": NUMBER, "boolean": BOOLEAN}


def faults(binding: Mapping[str, Any], kind: str, pointer: str) -> Iterable[Problem]:
    """What is wrong with the value of a binding of a certain type; `kind` is that of its expression, `pointer` the
    place of the binding."""
    where = f"{pointer}/expression"
    if binding.get("type") == SUBLEDGER and not (fits(kind, MAP) or fits(kind, NUMBER)):
        yield Problem(where, 'the balance of a subledger is written ["subledgerBalance", program, subledger]')
    if binding.get("type") != PARAMETER:
        return
    value_type = binding.get("valueType")
    wanted = VALUE_TYPES.get(str(value_type))
    if value_type is not None and wanted is None:
        yield Problem(f"{pointer}/valueType", f"the type of a value is one of {', '.join(VALUE_TYPES)}")
    elif wanted is not None and not fits(kind, wanted) and not fits(kind, list_of(wanted)):
        yield Problem(where, f"the value must be {a(wanted)}, but this is {a(kind)}")
    yield from _outside(binding, where)


def _outside(binding: Mapping[str, Any], where: str) -> Iterable[Problem]:
    """Whether a number that is written out lies between the least and the most that the parameter takes."""
    value = binding["expression"]
    if isinstance(value, list) and len(value) == 2 and value[0] == "identity":
        value = value[1]
    given, least, most = (_number(one) for one in (value, binding.get("minValue"), binding.get("maxValue")))
    if given is not None and least is not None and given < least:
        yield Problem(where, f"the value must be at least {least:f}")
    if given is not None and most is not None and given > most:
        yield Problem(where, f"the value must be at most {most:f}")


def _number(value: Any) -> Decimal | None:
    return Decimal(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else None
