"""The rules of the house that no linter knows (design: layout.md §1). Prints what it finds and exits 1.

A line that breaks a rule for a reason says so: `# house: <why>`, on the line itself or, for a function or a file,
on its `def` line or on the first line of the file.

Not here: that statements on tenant tables name their owner, which tests/db will prove by running them.
"""

import ast
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
EXCUSE = re.compile(r"# house: \S")
CLOCKS = {"now", "utcnow", "today"}
MAY_READ_THE_CLOCK = ("api/app.py", "cli.py", "serve.py")
SQL = re.compile(
    r"(SELECT\s.+\sFROM|INSERT\s+INTO|UPDATE\s+\S+\s+SET|DELETE\s+FROM|CREATE\s+TABLE|ALTER\s+TABLE)\s", re.S
)
MAY_BUILD_SQL = ("db/paging.py",)
ROOMS_FOR_THE_REST = {"utils", "helpers", "common", "misc", "manager", "base_service"}
MAY_OPEN_TRANSACTIONS = (
    "api/access_log.py", "api/app.py", "api/idempotency.py", "api/unit_of_work.py", "flows/", "first_run.py",
    "serve.py", "cli.py", "db/pool.py", "db/migrate.py",
)  # fmt: skip
MOST_LINES, MOST_LINES_OF_WIRE, MOST_LINES_OF_A_FUNCTION, MOST_PARAMETERS = 400, 600, 60, 8
Function = ast.FunctionDef | ast.AsyncFunctionDef


class Source(NamedTuple):
    """A file below src/guerdon: its path from there, text and tree."""

    path: str
    text: str
    tree: ast.Module


class Finding(NamedTuple):
    """What is wrong on a line."""

    line: int
    message: str


Rule = Callable[[Source], Iterator[Finding]]


def hidden_clock(source: Source) -> Iterator[Finding]:
    """Time is an argument, so that any request can be judged again as of then."""
    if not _in(source, MAY_READ_THE_CLOCK):
        for call in _calls(source.tree, CLOCKS):
            yield Finding(
                call.lineno, f"{_called(call)}() outside {', '.join(MAY_READ_THE_CLOCK)}: take the time as an argument"
            )


def sql_elsewhere(source: Source) -> Iterator[Finding]:
    """All SQL is in db, where one can find it, prepare it in a test, and see what a table is read by."""
    if not source.path.startswith("db/"):
        for text in _texts(source.tree):
            if SQL.search(_words(text)):
                yield Finding(text.lineno, "SQL outside db/: give db a function")


def _sum(value: ast.expr) -> list[ast.expr]:
    """The additions of a sum of texts and names in capitals; none where anything else is in it."""
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add):
        left, right = _sum(value.left), _sum(value.right)
        return [value, *left, *right] if left and right else []
    constant = isinstance(value, ast.Constant) or (isinstance(value, ast.Name) and value.id.isupper())
    return [value] if constant else []


def sql_put_together(source: Source) -> Iterator[Finding]:
    """SQL is constant: values are parameters, so nothing that a client sends is ever part of a statement. Constants of
    a module may be joined to a constant."""
    if _in(source, MAY_BUILD_SQL):
        return
    joined = {id(part) for node in source.tree.body if isinstance(node, ast.Assign) for part in _sum(node.value)}
    for node in ast.walk(source.tree):
        if isinstance(node, ast.JoinedStr):
            parts: list[ast.expr] = [node]
        elif id(node) in joined:
            continue
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod | ast.Add):
            parts = [node.left, node.right]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
            parts = [node.func.value]
        else:
            continue
        if any(isinstance(part, ast.Constant | ast.JoinedStr) and SQL.search(_words(part)) for part in parts):
            yield Finding(node.lineno, f"SQL put together from parts: only {MAY_BUILD_SQL[0]} may")


def room_for_the_rest(source: Source) -> Iterator[Finding]:
    """Such modules grow without end, because anything fits in: say what it does instead."""
    for part in source.path.removesuffix(".py").split("/"):
        if part in ROOMS_FOR_THE_REST:
            yield Finding(1, f"a module called {part!r}: name what it does")


def transaction_elsewhere(source: Source) -> Iterator[Finding]:
    """One request is one transaction, opened at the edge; inside it nobody commits."""
    if not _in(source, MAY_OPEN_TRANSACTIONS):
        for call in _calls(source.tree, {"transaction"}):
            yield Finding(call.lineno, "transaction() here: it is opened at the edge (api, flows)")


def second_lock(source: Source) -> Iterator[Finding]:
    """All locks of a request are taken at once, sorted; a second acquisition is how deadlocks are made."""
    for function in _functions(source.tree):
        takes = [call for call in _calls(function, {"take"}) if ast.unparse(call.func) == "locks.take"]
        for call in takes[1:]:
            yield Finding(call.lineno, f"a second locks.take in {function.name}: take all locks in one call")


def long_file(source: Source) -> Iterator[Finding]:
    """What does not fit a sitting is split by noun."""
    most = MOST_LINES_OF_WIRE if source.path.startswith("wire/") else MOST_LINES
    lines = len(source.text.splitlines())
    if lines > most:
        yield Finding(1, f"{lines} lines, at most {most}: split it by noun")


def long_function(source: Source) -> Iterator[Finding]:
    """A function fits a screen."""
    for function in _functions(source.tree):
        lines = (function.end_lineno or 0) - function.lineno + 1
        if lines > MOST_LINES_OF_A_FUNCTION:
            yield Finding(function.lineno, f"{function.name} has {lines} lines, at most {MOST_LINES_OF_A_FUNCTION}")


def many_parameters(source: Source) -> Iterator[Finding]:
    """Nobody remembers nine. Handlers are declarations of query parameters, and may have more."""
    if source.path.startswith(("api/integration/", "api/management/")):
        return
    for function in _functions(source.tree):
        given = function.args
        names = [one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
        count = len([name for name in names if name not in {"self", "cls"}])
        if count > MOST_PARAMETERS:
            yield Finding(function.lineno, f"{function.name} has {count} parameters, at most {MOST_PARAMETERS}")


RULES: tuple[Rule, ...] = (
    hidden_clock, sql_elsewhere, sql_put_together, room_for_the_rest, transaction_elsewhere, second_lock,
    long_file, long_function, many_parameters,
)  # fmt: skip


def check(path: str, text: str) -> list[str]:
    """What is wrong with a file; `path` is relative to src/guerdon. Excused lines are left out."""
    source = Source(path, text, ast.parse(text))
    lines = text.splitlines() or [""]
    found = sorted(finding for rule in RULES for finding in rule(source))
    return [f"{path}:{line}: {message}" for line, message in found if not EXCUSE.search(lines[line - 1])]


def main() -> int:
    """Check every file of the package."""
    package = ROOT / "src" / "guerdon"
    found = [
        line
        for path in sorted(package.rglob("*.py"))
        for line in check(path.relative_to(package).as_posix(), path.read_text())
    ]
    print("\n".join(found) if found else "The house is in order.")
    return 1 if found else 0


def _in(source: Source, places: tuple[str, ...]) -> bool:
    return any(source.path == place or (place.endswith("/") and source.path.startswith(place)) for place in places)


def _functions(tree: ast.AST) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def _calls(tree: ast.AST, names: set[str]) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call) and _called(node) in names)


def _called(call: ast.Call) -> str:
    function = call.func
    return (
        function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    )


def _texts(tree: ast.AST) -> Iterator[ast.Constant]:
    """Texts that are values: no docstrings, and no statement that is only a text."""
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
            yield node


def _words(node: ast.expr) -> str:
    """The text of a literal with what stands between its parts left out, and a space after it."""
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values) + " "
    return f"{node.value} " if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


if __name__ == "__main__":
    sys.exit(main())
