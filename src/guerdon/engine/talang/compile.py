"""A typed tree to Python functions, through the `ast` module: only nodes built here, no text of a rule is code."""

import ast
import operator
import sys
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any

from guerdon.engine.talang import scopes, values
from guerdon.engine.talang.arguments import dispatch
from guerdon.engine.talang.kinds import ANY, BOOLEAN, EFFECTS, NUMBER, TEXT, TIME, is_list, list_of
from guerdon.engine.talang.typed import (
    Apply,
    Bodies,
    Body,
    Bound,
    Coerce,
    Const,
    Dispatch,
    Entry,
    Fails,
    Local,
    Lookup,
    Read,
    ReadAttribute,
    Scoped,
    Sequence,
    Several,
    Typed,
    Walk,
)

_TYPE_PARAMS: dict[str, Any] = {"type_params": []} if sys.version_info >= (3, 12) else {}
_OPERATIONS = {"Add": operator.add, "Sub": operator.sub, "Mult": operator.mul}
_MOST_OPERANDS = 10  # of an operator; more are folded by a call, for Python's compiler recurses into each
_LARGE_BODY = 25  # nodes of a lambda from which each turn counts for more than one step
_DYNAMIC = 5  # nodes that looking up a name, or an overload, while the rule runs is worth
_COMPARISONS = {"Lt": ast.Lt, "LtE": ast.LtE, "Gt": ast.Gt, "GtE": ast.GtE}
_ARITHMETIC = {"Add": ast.Add, "Sub": ast.Sub, "Mult": ast.Mult}
# `and` and `or` compute all their arguments, as `&` and `|` of booleans do.
_LOGIC: dict[str, tuple[type[ast.operator], Callable[..., bool]]] = {"and": (ast.BitAnd, all), "or": (ast.BitOr, any)}
_RUNS: dict[str, Callable[..., Any]] = {
    **{name: partial(values.fold, operation) for name, operation in _OPERATIONS.items()},
    "Lt": partial(values.against_each, operator.lt),
    "LtE": partial(values.against_each, operator.le),
    "Gt": partial(values.against_each, operator.gt),
    "GtE": partial(values.against_each, operator.ge),
}
_PYTHON_TYPES: dict[str, type] = {NUMBER: Decimal, TEXT: str, BOOLEAN: bool, "map": dict}


class Compiler:
    """Collects the functions of one campaign; `build` compiles them in one go and hands them out by name. `shortens`
    tells whether it may be given something shorter that comes to the same."""

    shortens = True

    def __init__(self) -> None:
        self._functions: list[ast.stmt] = []
        self._names: dict[str, Any] = {
            "missing": values.missing,
            "attribute": values.attribute,
            "attribute_time": values.attribute_time,
            "attribute_times": values.attribute_times,
            "to_time": values.to_time,
            "expect": values.expect,
            "walk": values.walk,
            "fold": values.fold,
            "fail": values.fail,
            "dispatch": dispatch,
            "scoped": scopes.scoped,
            "in_scope": scopes.in_scope,
            "alone": scopes.alone,
            "Decimal": Decimal,
            "ERRORS": values.ERRORS,
        }
        self._count = 0

    def add(self, typed: Typed) -> str:
        """Make a function of the frame; returns its name."""
        name = self._new("rule")
        self._functions.append(_define(name, ["f"], self._body(typed)))
        return name

    def build(self) -> Mapping[str, Callable[[Any], Any]]:
        """All functions added so far, by name."""
        module = _located(ast.Module(body=self._functions, type_ignores=[]))
        namespace = {"__builtins__": {"list": list}, **self._names}
        exec(compile(module, "<rules>", "exec"), namespace)
        return namespace

    def _new(self, prefix: str) -> str:
        self._count += 1
        return f"{prefix}_{self._count}"

    def _constant(self, value: Any) -> ast.expr:
        if value is None or isinstance(value, bool | str):
            return ast.Constant(value)
        name = self._new("value")
        self._names[name] = value
        return _name(name)

    def _body(self, typed: Typed, *, guarded: bool = False) -> list[ast.stmt]:
        """The statements of a function that returns the value. Python nests no more than 20 `try` blocks, so
        only the outermost `catch` becomes one."""
        if isinstance(typed, Apply) and typed.function.name == "catch" and not typed.function.frame and not guarded:
            fallback, attempt = (self._body(arg, guarded=True) for arg in typed.args)
            handler = ast.ExceptHandler(type=_name("ERRORS"), name=None, body=fallback)
            return [ast.Try(body=attempt, handlers=[handler], orelse=[], finalbody=[])]
        before: list[ast.stmt] = []
        value = self._emit(typed, before)
        return [*before, ast.Return(value)]

    def _closure(self, parameters: list[str], typed: Typed, out: list[ast.stmt]) -> ast.expr:
        """A function defined where it is used, so that it sees the variables around it."""
        return self._define(parameters, self._body(typed), out)

    def _define(self, parameters: list[str], body: list[ast.stmt], out: list[ast.stmt]) -> ast.expr:
        name = self._new("inner")
        out.append(_define(name, parameters, body))
        return _name(name)

    def _emit(self, typed: Typed, out: list[ast.stmt]) -> ast.expr:
        """The Python expression of a node; every node passes here. `out` takes what must be defined before."""
        match typed:
            case Const(value=value):
                return self._constant(value)
            case Apply():
                return self._apply(typed, out)
            case Read() | ReadAttribute() | Bound() | Local() | Walk() | Lookup():
                return self._lookup(typed, out)
            case Coerce(kind=kind, value=value):
                return self._coerce(kind, self._emit(value, out))
            case Entry(key=key, value=value):
                return ast.Tuple([ast.Constant(key), self._emit(value, out)], ast.Load())
            case Dispatch(name=name, choices=choices, args=args):
                given = [self._emit(arg, out) for arg in args]
                runs = self._constant(tuple((one, one.run or _RUNS[one.operator]) for one in choices))
                return _call(_name("dispatch"), [_name("f"), ast.Constant(name), runs, *given])
            case Fails(message=message):
                return _call(_name("fail"), [ast.Constant(message)])
        return self._block(typed, out)

    def _lookup(self, typed: Typed, out: list[ast.stmt]) -> ast.expr:
        match typed:
            case Read():
                return self._read(typed, out)
            case ReadAttribute(source=source, name=name, path=path, item=item, base=base):
                reader = {TIME: "attribute_time", list_of(TIME): "attribute_times"}.get(typed.kind, "attribute")
                variable, given = self._item(item, base, out)
                args: list[ast.expr] = [_source(source, variable), ast.Constant(name), ast.Constant(path)]
                if reader == "attribute" and typed.kind != ANY:
                    of_list = is_list(typed.kind)
                    wanted = self._constant(list if of_list else _PYTHON_TYPES[typed.kind])
                    args += [wanted, ast.Constant("list" if of_list else typed.kind)]
                value = _call(_name(reader), args)
                return _after(given, value)
            case Bound(index=index):
                return _call(_member("bound"), [ast.Constant(index)])
            case Local(name=name):
                return _name(_variable(name))
            case Lookup(keys=keys):
                return _call(ast.Attribute(_member("scope"), "look_up", ast.Load()), [self._emit(k, out) for k in keys])
            case Walk(base=base, keys=keys):
                return _call(_name("walk"), [self._emit(base, out), *(self._emit(key, out) for key in keys)])
        raise AssertionError(typed)

    def _block(self, typed: Typed, out: list[ast.stmt]) -> ast.expr:
        """Lambdas, and expressions one after the other."""
        match typed:
            case Body(parameter=name, body=body, scoped=scoped):
                return self._lambda(name, self._body(body), _size(body), scoped, out)
            case Bodies(parameter=name, bodies=bodies, scoped=scoped):
                before: list[ast.stmt] = []
                listed = ast.List([self._emit(one, before) for one in bodies], ast.Load())
                return self._lambda(name, [*before, ast.Return(listed)], _size(typed), scoped, out)
            case Several(items=items):
                return ast.List([self._emit(item, out) for item in items], ast.Load())
            case Scoped(body=body, alone=alone):
                run = _name("alone" if alone else "in_scope")
                return _call(run, [_name("f"), self._closure([], body, out)])
            case Sequence(kind=kind, items=items):
                inner: list[ast.stmt] = []
                into = inner if kind == EFFECTS else out
                values = ast.Tuple([self._emit(item, into) for item in items], ast.Load())
                if kind == EFFECTS:
                    return self._define([], [*inner, ast.Return(values)], out)
                return ast.Subscript(values, ast.UnaryOp(ast.USub(), ast.Constant(1)), ast.Load())
        raise AssertionError(typed)

    def _lambda(self, name: str, body: list[ast.stmt], size: int, scoped: bool, out: list[ast.stmt]) -> ast.expr:
        if size >= _LARGE_BODY:
            body.insert(0, ast.Expr(_call(_member("visit"), [ast.Constant(size // _LARGE_BODY)])))
        run = self._define([_variable(name)], body, out)
        return _call(_name("scoped"), [_name("f"), ast.Constant(name), run]) if scoped else run

    def _read(self, read: Read, out: list[ast.stmt]) -> ast.expr:
        variable, given = self._item(read.item, read.base, out)
        value = _source(read.source, variable, read.name)
        if read.optional:
            name = self._new("read")
            test = ast.Compare(ast.NamedExpr(ast.Name(name, ast.Store()), value), [ast.IsNot()], [ast.Constant(None)])
            value = ast.IfExp(test, _name(name), _call(_name("missing"), [ast.Constant(read.path)]))
        return _after(given, value)

    def _item(self, item: str, base: Typed | None, out: list[ast.stmt]) -> tuple[str, ast.expr | None]:
        """The Python variable of the item that is read from, and what must come first to give it its value."""
        if base is None:
            return _variable(item), None
        name = self._new("item")
        return name, ast.NamedExpr(ast.Name(name, ast.Store()), self._emit(base, out))

    def _coerce(self, kind: str, value: ast.expr) -> ast.expr:
        if kind == TIME:
            return _call(_name("to_time"), [value])
        wanted = list if is_list(kind) else _PYTHON_TYPES[kind]
        return _call(_name("expect"), [self._constant(wanted), value, ast.Constant(kind)])

    def _apply(self, apply: Apply, out: list[ast.stmt]) -> ast.expr:
        function = apply.function
        if function.name == "list" and all(isinstance(arg, Const) for arg in apply.args):
            return self._constant(_constants(apply))
        if function.name == "oneOf" and (texts := _texts(apply.args[1])):
            return _call(self._constant(values.one_of_texts), [self._emit(apply.args[0], out), self._constant(texts)])
        eager = function.eager if function.lazy else len(apply.args)
        args = [self._emit(arg, out) for arg in apply.args[:eager]]
        args += [self._closure([], arg, out) for arg in apply.args[eager:]]
        return self._inline(apply, args) or self._plain_call(apply, args, out)

    def _plain_call(self, apply: Apply, args: list[ast.expr], out: list[ast.stmt]) -> ast.expr:
        function = apply.function
        if function.frame:
            args.insert(0, _name("f"))
        keywords = [ast.keyword(_python_name(name), self._emit(value, out)) for name, value in apply.options.items()]
        return _call(self._constant(function.run), args, keywords)

    def _inline(self, apply: Apply, args: list[ast.expr]) -> ast.expr | None:
        """A Python operator, where the kinds of the arguments allow it."""
        function = apply.function
        if function.operator in _ARITHMETIC:
            if len(args) > _MOST_OPERANDS:
                return _call(_name("fold"), [self._constant(_OPERATIONS[function.operator]), *args])
            return _folded(_ARITHMETIC[function.operator], args)
        if function.operator:
            if len(args) > 2:
                return _call(self._constant(_RUNS[function.operator]), args)
            return ast.Compare(args[0], [_COMPARISONS[function.operator]()], [args[1]])
        if function.name in ("=", "!=") and len(args) == 2 and _directly_comparable(apply.args):
            return ast.Compare(args[0], [ast.Eq() if function.name == "=" else ast.NotEq()], [args[1]])
        if function.name in _LOGIC and args and all(arg.kind == BOOLEAN for arg in apply.args):
            bitwise, several = _LOGIC[function.name]
            if len(args) > _MOST_OPERANDS:
                return _call(self._constant(several), [ast.Tuple(args, ast.Load())])
            return _folded(bitwise, args)
        return ast.UnaryOp(ast.Not(), args[0]) if function.name == "not" else None


def _directly_comparable(args: tuple[Typed, ...]) -> bool:
    return args[0].kind == args[1].kind != ANY and args[0].kind in (NUMBER, TEXT, BOOLEAN, TIME)


def _constants(apply: Apply) -> list[Any]:
    return [arg.value for arg in apply.args if isinstance(arg, Const)]


def _texts(typed: Typed) -> frozenset[str]:
    """The members of a list that is written out and holds texts only; else nothing."""
    if isinstance(typed, Apply) and typed.function.name == "list":
        found = _constants(typed)
        if len(found) == len(typed.args) and all(isinstance(member, str) for member in found):
            return frozenset(found)
    return frozenset()


def _size(typed: Typed) -> int:
    """How many nodes are evaluated; a list that is written out is one."""
    match typed:
        case Apply(function=function, args=args):
            return 1 if function.name == "list" and len(_constants(typed)) == len(args) else 1 + sum(map(_size, args))
        case Walk(base=base, keys=keys):
            return 1 + _size(base) + sum(map(_size, keys))
        case Bodies(bodies=items) | Sequence(items=items) | Several(items=items):
            return 1 + sum(map(_size, items))
        case Lookup(keys=items) | Dispatch(args=items):
            return _DYNAMIC + sum(map(_size, items))
        case Body(body=inner) | Scoped(body=inner) | Entry(value=inner) | Coerce(value=inner):
            return 1 + _size(inner)
    return 1


def _located(module: ast.Module) -> ast.Module:
    """The module, as if all of it stood on its first line; quicker than `ast.fix_missing_locations`."""
    waiting: list[Any] = [module]
    while waiting:
        node = waiting.pop()
        if type(node) is list:
            waiting += node
        elif isinstance(node, ast.AST):
            if node._attributes:
                node.lineno = node.end_lineno = 1  # type: ignore[attr-defined]
                node.col_offset = node.end_col_offset = 0  # type: ignore[attr-defined]
            waiting += node.__dict__.values()
    return module


def _name(name: str) -> ast.expr:
    return ast.Name(name, ast.Load())


def _member(name: str) -> ast.expr:
    """What the frame has under a name."""
    return ast.Attribute(_name("f"), name, ast.Load())


def _folded(operation: type[ast.operator], args: list[ast.expr]) -> ast.expr:
    result = args[0]
    for arg in args[1:]:
        result = ast.BinOp(result, operation(), arg)
    return result


def _variable(name: str) -> str:
    """A Python name for a lambda's variable, whatever characters the author used."""
    return "v_" + name.encode("utf-8", "surrogatepass").hex()


def _python_name(option: str) -> str:
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in option)


def _call(function: ast.expr, args: list[ast.expr], keywords: list[ast.keyword] | None = None) -> ast.expr:
    return ast.Call(function, args, keywords or [])


def _define(name: str, parameters: list[str], body: list[ast.stmt]) -> ast.stmt:
    arguments = ast.arguments([], [ast.arg(parameter) for parameter in parameters], None, [], [], None, [])
    return ast.FunctionDef(name=name, args=arguments, body=body, decorator_list=[], returns=None, **_TYPE_PARAMS)


def _after(first: ast.expr | None, value: ast.expr) -> ast.expr:
    """The value, once the first expression was evaluated."""
    if first is None:
        return value
    return ast.Subscript(ast.Tuple([first, value], ast.Load()), ast.Constant(1), ast.Load())


class _Names(ast.NodeTransformer):
    def __init__(self, variable: str, name: str | int) -> None:
        self.variable, self.name = variable, name

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id == "name":
            return ast.Constant(self.name)
        return ast.Name(self.variable if node.id == "it" else node.id, ast.Load())


@lru_cache(1000)
def _source(source: str, variable: str, name: str | int = "") -> ast.expr:
    """One of the sources in paths.py, over the variable that holds the item and a name in the path; nobody changes
    it."""
    tree: ast.expr = _Names(variable, name).visit(ast.parse(source, mode="eval").body)
    return tree
