"""The house is in order, and every rule of it finds what it is there for (tools/house_rules.py)."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
spec = importlib.util.spec_from_file_location("house_rules", ROOT / "tools" / "house_rules.py")
house_rules = importlib.util.module_from_spec(spec)
spec.loader.exec_module(house_rules)

CLOCK = "outside api/app.py, cli.py, serve.py: take the time as an argument"
SELECT = '"SELECT id FROM coupons WHERE id = $1"'
BAD = [
    ("flows/a.py", "x = datetime.now(UTC)", [f"1: now() {CLOCK}"]),
    ("flows/a.py", "\nx = date.today()", [f"2: today() {CLOCK}"]),
    ("db/a.py", "x = utcnow()", [f"1: utcnow() {CLOCK}"]),
    ("flows/a.py", f"x = {SELECT}", ["1: SQL outside db/: give db a function"]),
    ("api/a.py", 'conn.execute("""\nDELETE FROM x\nWHERE true""")', ["1: SQL outside db/: give db a function"]),
    ("db/a.py", 'x = f"SELECT id FROM {table} "', ["1: SQL put together from parts: only db/paging.py may"]),
    ("db/a.py", f"x = {SELECT} + more", ["1: SQL put together from parts: only db/paging.py may"]),
    ("db/a.py", 'x = "INSERT INTO %s VALUES (1)" % name', ["1: SQL put together from parts: only db/paging.py may"]),
    ("db/a.py", 'x = "UPDATE {} SET a = 1".format(name)', ["1: SQL put together from parts: only db/paging.py may"]),
    ("db/utils.py", "", ["1: a module called 'utils': name what it does"]),
    ("helpers/coupons.py", "x = 1", ["1: a module called 'helpers': name what it does"]),
    (
        "db/a.py",
        "async def f():\n    async with conn.transaction():\n        pass",
        ["2: transaction() here: it is opened at the edge (api, flows)"],
    ),
    (
        "flows/a.py",
        "async def f():\n    await locks.take(conn, a)\n    await locks.take(conn, b)",
        ["3: a second locks.take in f: take all locks in one call"],
    ),
    ("db/a.py", "x = 1\n" * 401, ["1: 401 lines, at most 400: split it by noun"]),
    ("wire/a.py", "x = 1\n" * 601, ["1: 601 lines, at most 600: split it by noun"]),
    ("db/a.py", "def f():\n" + "    x = 1\n" * 60, ["1: f has 61 lines, at most 60"]),
    ("db/a.py", "def f(a, b, c, d, e, f, g, h, i): ...", ["1: f has 9 parameters, at most 8"]),
    ("db/a.py", "class A:\n    def f(self, a, b, c, d, *, e, f, g, h, i): ...", ["2: f has 9 parameters, at most 8"]),
]

GOOD = [
    ("api/app.py", "x = datetime.now(UTC)"),
    ("serve.py", "x = datetime.now(UTC)"),
    ("db/a.py", f"x = {SELECT}"),
    ("db/a.py", 'x = f"{name} is unknown"'),
    ("db/paging.py", 'x = f"SELECT id FROM {table} "'),
    ("flows/a.py", '"""Here is where we SELECT what comes FROM the shop."""'),
    ("flows/a.py", 'x = "select a coupon from the list"'),
    ("flows/a.py", "async def f():\n    async with transaction(pool):\n        await locks.take(conn, a)"),
    ("flows/a.py", "async def f():\n    await locks.take(conn, a)\n\n\nasync def g():\n    await locks.take(conn, a)"),
    ("wire/a.py", "x = 1\n" * 600),
    ("db/a.py", "def f():\n" + "    x = 1\n" * 59),
    ("api/management/a.py", "def f(a, b, c, d, e, f, g, h, i): ..."),
    ("replay/a.py", "x = datetime.now(UTC)  # house: a command line tool has the clock of its machine"),
    ("db/a.py", "# house: a table of constants\n" + "x = 1\n" * 401),
    ("db/a.py", "def f(a, b, c, d, e, f, g, h, i): ...  # house: one column each"),
]


def test_the_house_is_in_order():
    package = ROOT / "src" / "guerdon"
    paths = {path.relative_to(package).as_posix(): path.read_text() for path in sorted(package.rglob("*.py"))}
    assert [finding for path, text in paths.items() for finding in house_rules.check(path, text)] == []
    assert len(paths) > 80


@pytest.mark.parametrize(("path", "text", "found"), BAD)
def test_a_rule_finds_what_it_is_there_for(path, text, found):
    assert house_rules.check(path, text) == [f"{path}:{finding}" for finding in found]


@pytest.mark.parametrize(("path", "text"), GOOD)
def test_what_is_allowed_or_excused_is_not_found(path, text):
    assert house_rules.check(path, text) == []


def test_an_excuse_says_why():
    assert house_rules.check("db/a.py", "x = today()  # house:") == [f"db/a.py:1: today() {CLOCK}"]


def test_every_rule_has_a_reason_and_a_bad_sample():
    assert all(rule.__doc__ for rule in house_rules.RULES)
    found = {
        rule.__name__
        for path, text, _ in BAD
        for rule in house_rules.RULES
        if list(rule(house_rules.Source(path, text, house_rules.ast.parse(text))))
    }
    assert found == {rule.__name__ for rule in house_rules.RULES}
