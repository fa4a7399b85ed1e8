"""`guerdon.engine.talang.evaluate`: the tables in interpret/, each line as Lisp text and as JSON arrays."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest

from guerdon.engine.talang import TalangError, evaluate
from guerdon.engine.talang.lisp import parse
from guerdon.engine.talang.syntax import Block, Call, Lambda, Literal, Reader
from guerdon.engine.talang.syntax import Path as Lookup
from guerdon.engine.talang.values import text

FOLDER = Path(__file__).parent / "interpret"
NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
BINDINGS = {
    "Name": "Ada King",
    "Total": 120,
    "Rate": 0.1,
    "Open": True,
    "Nothing": None,
    "Born": datetime(1990, 6, 15, 23, 30, tzinfo=timezone(timedelta(hours=-5))),
    "Cart": {"Total": Decimal("99.5"), "Lines": [{"Sku": "B", "Price": 20}, {"Sku": "A", "Price": 30}], "1": "one"},
    "Flags": {"True": "yes"},
    "Sizes": [38, 40.5, "L"],
}


def lines():
    for path in sorted(FOLDER.glob("*.csv")):
        for number, row in enumerate(path.read_text().splitlines()[1:], 2):
            expression, expected, note = (part.strip() for part in row.split(" ; "))
            yield pytest.param(expression, expected, id=f"{path.stem}:{number} {note}")


def result(expression):
    """The value as JSON, numbers and times by their text where they are not whole; or what is wrong."""
    try:
        return json.dumps(plain(evaluate(expression, BINDINGS, now=NOW)), ensure_ascii=False)
    except TalangError as error:
        return f"error: {error}"


def plain(value):
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return text(value) if isinstance(value, datetime) else value


def as_json(node):
    """The JSON arrays of a tree; a time is the text of it."""
    match node:
        case Literal(value=value, text=written):
            return written if isinstance(value, datetime) else value
        case Call(name=name, args=args):
            return [name, *map(as_json, args)]
        case Lookup(parts=parts):
            return [".", *(part if isinstance(part, str) else as_json(part) for part in parts)]
        case Lambda(parameter=name, bodies=bodies):
            return [[name], *map(as_json, bodies)]
        case Block(items=items):
            return [as_json(item) for item in items]
    return []


@pytest.mark.parametrize(("expression", "expected"), list(lines()))
def test_the_line_of_the_table_holds_as_text(expression, expected):
    assert result(expression) == expected


@pytest.mark.parametrize(("expression", "expected"), [one for one in lines() if "as text only" not in one.id])
def test_the_line_of_the_table_holds_as_json(expression, expected):
    arrays = as_json(parse(expression))
    assert result(["identity", arrays] if isinstance(arrays, str) else arrays) == expected


def test_what_is_given_does_not_change():
    given = {"a": {"b": 1}, "list": [3, 1, 2]}
    assert evaluate("((set a b 2) (push (. list) 4) (sort (. list)) (. a b))", given) == 2
    assert given == {"a": {"b": 1}, "list": [3, 1, 2]}


def test_what_is_answered_is_a_copy():
    given = {"list": [1, [2]]}
    answer = evaluate("(. list)", given)
    answer[1].append(3)
    assert given == {"list": [1, [2]]}
    assert evaluate(["list", 1, 2]) is not evaluate(["list", 1, 2])


def test_kinds_of_the_answer():
    kinds = {
        "1": Decimal,
        '"a"': str,
        "true": bool,
        "2026-01-01T00:00:00Z": datetime,
        "(noop)": type(None),
        "(list)": list,
        "(kv)": dict,
    }
    assert {source: type(evaluate(source)) for source in kinds} == kinds


def test_numbers_are_exact_however_they_are_given():
    assert evaluate(["+", 0.1, Decimal("0.2"), 1]) == Decimal("1.3")
    assert evaluate("(+ (. a) (. b))", {"a": 0.1, "b": 0.2}) == Decimal("0.3")


def test_the_depth_of_calls_may_be_bounded():
    nested = "1"
    for _ in range(10):
        nested = f"(+ 1 {nested})"
    assert evaluate(nested, max_depth=10) == 11
    with pytest.raises(TalangError, match="the expression is too large: at most 10 levels"):
        evaluate(f"(+ 1 {nested})", max_depth=10)


def test_without_a_time_there_is_no_now():
    assert evaluate("(now)", now=NOW) == NOW
    with pytest.raises(TalangError, match="no time was given that could be now"):
        evaluate("(now)")


BAD = [
    object(), {1, 2}, b"x", float("nan"), float("inf"), datetime(2026, 1, 1), 10**5000, Decimal("1e-5000"),  # noqa: DTZ001
]  # fmt: skip


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: type(bad).__name__)
def test_what_is_no_value_is_refused(bad):
    with pytest.raises(TalangError):
        evaluate("(. a)", {"a": bad})
    with pytest.raises(TalangError):
        evaluate(["identity", bad])


def test_what_goes_round_in_circles_is_refused():
    circle: list = []
    circle.append(circle)
    with pytest.raises(TalangError, match="at most 100 deep"):
        evaluate("(. a)", {"a": circle})
    with pytest.raises(TalangError, match="too large"):
        evaluate(["list", circle])


def test_a_text_and_its_json_are_the_same_tree():
    source = (
        '(do (kv (a 1) (b "x")) ((m) (if (= (. m a) 1) (filter (list true null) x (. x)) ((noop) (catch 0 (/ 1 0))))))'
    )
    arrays = [
        "do",
        ["kv", ["a", 1], ["b", "x"]],
        [
            ["m"],
            [
                "if",
                ["=", [".", "m", "a"], 1],
                ["filter", ["list", True, "null"], "x", [".", "x"]],
                [["noop"], ["catch", 0, ["/", 1, 0]]],
            ],
        ],
    ]
    assert without_text(parse(source)) == Reader(rules=False).read(arrays, "")


def without_text(node):
    match node:
        case Literal(value=value, pointer=pointer):
            return Literal(value, pointer)
        case Call(name=name, args=args, pointer=pointer):
            return Call(name, tuple(map(without_text, args)), pointer)
        case Lambda(parameter=name, bodies=bodies, pointer=pointer):
            return Lambda(name, tuple(map(without_text, bodies)), pointer)
        case Block(items=items, pointer=pointer):
            return Block(tuple(map(without_text, items)), pointer)
    return node


@pytest.mark.parametrize(
    "first",
    ["guerdon.engine.talang", "guerdon.engine", "guerdon.engine.talang.interpret", "guerdon.engine.talang.check"],
)
def test_it_can_be_imported_alone_and_in_any_order(first):
    code = (
        f"import {first}; from guerdon.engine.talang import evaluate; import guerdon.engine; print(evaluate('(+ 1 2)'))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "3\n"


def test_the_tables_have_three_columns():
    for path in FOLDER.glob("*.csv"):
        head, *rows = path.read_text().splitlines()
        assert head == "expression ; expected ; note"
        assert [row for row in rows if len(row.split(" ; ")) != 3] == []
