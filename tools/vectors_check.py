"""Runs shared vectors of the rule language against `guerdon.engine.talang`: `vectors_check.py <folder>`.

The folder holds vectors/talang.json and vectors/talang-syntax.json. Every expression is evaluated as Lisp text and as
JSON arrays. Prints what fails, and exits 1 when something does.
"""

import json
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from guerdon.engine.talang import TalangError, evaluate
from guerdon.engine.talang.arguments import fitting
from guerdon.engine.talang.kinds import ANY, ATOM, BOOLEAN, NUMBER, TEXT, TIME, kind_of
from guerdon.engine.talang.lisp import parse
from guerdon.engine.talang.registry import Function
from guerdon.engine.talang.syntax import Block, Call, Lambda, Literal, Node
from guerdon.engine.talang.syntax import Path as Lookup
from guerdon.engine.talang.typed import Const, Typed

ERROR = object()
KINDS = {"Decimal": NUMBER, "String": TEXT, "Boolean": BOOLEAN, "Time": TIME, "Any": ANY, "Atom": ATOM}
# The reference lists every overload that any overload of an argument's own call could lead to; ours an argument has
# the kind of the overload it will run, and an unevaluated block is a parameter kind of its own.
OTHERWISE = {("fn (sub Hello)", "fn(String) sub(String)Decimal sub(Atom)String")}


def main() -> int:
    """Run all vectors below the folder that is named on the command line."""
    folder = Path(sys.argv[1]) / "vectors"
    vectors = json.loads((folder / "talang.json").read_text(), parse_float=Decimal)
    syntax = json.loads((folder / "talang-syntax.json").read_text(), parse_float=Decimal)
    checks: list[tuple[str, Callable[[Any], str], Any]] = []
    for one in vectors:
        checks += [(f"talang {one['id']} as text", _as_text, one), (f"talang {one['id']} as JSON", _as_json, one)]
    checks += [(f"lexer {one['text']!r}", _lexed, one) for one in syntax["lexer"]]
    checks += [(f"literal {one['text']}", _literal, one) for one in syntax["literals"]]
    checks += [(f"overloads of {one['call']}", _resolved, one) for one in syntax["overload_resolution"]]
    wrong = [f"{name}: {found}" for name, check, one in checks if (found := check(one))]
    print("\n".join([*wrong, f"{len(checks) - len(wrong)} passed, {len(wrong)} failed"]))
    return 1 if wrong else 0


# --- expressions


def _as_text(vector: dict[str, Any]) -> str:
    setup = vector.get("setup") or []
    whole = f"({' '.join(_in_parentheses(one) for one in [*setup, vector['expression']])})"
    return _compare(vector, whole if setup else vector["expression"])


def _in_parentheses(text: str) -> str:
    return text if text.startswith("(") else f"({text})"


def _as_json(vector: dict[str, Any]) -> str:
    setup = vector.get("setup_json") or []
    return _compare(vector, [*setup, vector["json_expression"]] if setup else vector["json_expression"])


def _compare(vector: dict[str, Any], expression: Any) -> str:
    bindings = _value(vector["bindings"]) if vector["bindings"] else {}
    options = vector.get("options") or {}
    try:
        found = evaluate(expression, bindings, **options)
    except TalangError as error:
        return "" if vector["error"] else f"an error, but expected {vector['expected']}: {error}"
    if vector["error"]:
        return f"{found!r}, but expected an error"
    expected = _value(vector["expected"])
    return "" if (type(found), found) == (type(expected), expected) else f"{found!r}, but expected {expected!r}"


def _value(tree: dict[str, Any]) -> Any:
    """The plain value of a typed tree."""
    match tree["kind"]:
        case "Decimal":
            return Decimal(tree["value"])
        case "Time":
            return datetime.fromisoformat(tree["value"])
        case "Null":
            return None
        case "List":
            return [_value(one) for one in tree["items"]]
        case "Map":
            return {key: _value(one) for key, one in tree["entries"].items()}
    return tree["value"]


# --- reading


def _lexed(row: dict[str, Any]) -> str:
    return _read(row["text"], row["tree"])


def _literal(row: dict[str, Any]) -> str:
    return _read(row["text"], row["value"])


def _read(text: str, tree: dict[str, Any]) -> str:
    found = _tree(parse(text))
    return "" if found == _named(tree) else f"{found}, but expected {_named(tree)}"


def _named(tree: dict[str, Any]) -> Any:
    if tree["kind"] == "Token":
        return (tree["name"], [_named(child) for child in tree["children"]])
    return _value(tree)


def _tree(node: Node) -> Any:
    match node:
        case Literal(value=value):
            return value
        case Call(name=name, args=args):
            return (name, [_tree(arg) for arg in args])
        case Lookup(parts=parts):
            return (".", [part if isinstance(part, str) else _tree(part) for part in parts])
        case Block(items=items):
            return ("", [_tree(item) for item in items])
        case Lambda(parameter=name, bodies=bodies):
            return ("", [(name, []), *(_tree(body) for body in bodies)])
    return node


# --- overloads


def _resolved(row: dict[str, Any]) -> str:
    declared = [_function(signature) for signature in row["registered"]]
    node = parse(row["call"])
    if (row["call"], " ".join(row["registered"])) in OTHERWISE or not isinstance(node, Call):
        return ""
    expected = [one for one in row["candidates_in_order"] if "Token" not in one]
    found = [signature for signature, _ in _candidates(node, declared) if "Token" not in signature]
    return "" if found == expected else f"{found}, but expected {expected}"


def _candidates(call: Call, declared: list[tuple[str, Function]]) -> Iterator[tuple[str, Function]]:
    known = [(signature, one) for signature, one in declared if one.name == call.name and one.takes(len(call.args))]
    typed = [_argument(arg, declared) for arg in call.args]
    for signature, one in known:
        if None not in typed and fitting([one], typed):
            yield signature, one


def _argument(node: Node, declared: list[tuple[str, Function]]) -> Typed | None:
    """An argument of the kind it will have; None where its own call fits nothing."""
    if isinstance(node, Literal):
        return Const(kind=kind_of(node.value), value=node.value)
    found = next(_candidates(node, declared), None) if isinstance(node, Call) else None
    return Const(kind=str(found[1].returns), value=None) if found else None


def _function(signature: str) -> tuple[str, Function]:
    name, _, rest = signature.partition("(")
    inside, _, returned = rest.partition(")")
    written = [one.strip() for one in inside.split(",") if one.strip()]
    params = tuple(KINDS.get(one.removesuffix("..."), "token") for one in written)
    variadic = bool(written) and written[-1].endswith("...")
    return signature, Function(
        name=name, params=params[:-1] if variadic else params, rest=params[-1] if variadic else "",
        returns=KINDS.get(returned, ANY),
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
