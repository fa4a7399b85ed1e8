"""Writes docs/reference from the code: `reference.py` writes, `reference.py --check` tells what is out of date.

The rule language comes from the registry and the paths, its worked examples from tests/engine/cases, the settings
from the docstrings in settings.py, the recipes (cookbook.py) from tests/engine/peers. What stands in GUIDE is written
by hand, here.
"""

import ast
import json
import re
import sys
from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import cookbook
from guerdon.engine.talang.catalogue import NOTES, result
from guerdon.engine.talang.kinds import BOOLEAN, TIME
from guerdon.engine.talang.known import CHOICES
from guerdon.engine.talang.paths import ATTRIBUTES, PATHS
from guerdon.engine.talang.registry import Function, names, overloads

ROOT = Path(__file__).parent.parent
CASES = ROOT / "tests" / "engine" / "cases"
GENERATED = "<!-- Written by tools/reference.py. Change that, or the code it reads, and run it again. -->"

TOPICS = {
    "math": "Arithmetic", "logic": "Comparison, logic and choosing", "lists": "Lists", "sorting": "Sorting",
    "text": "Text", "time": "Time", "cart": "Attributes and collections", "codes": "Codes", "limits": "Limits",
    "customers": "Audiences, achievements and giveaways", "loyalty": "Loyalty", "failure": "When a condition fails",
    "bundles": "Bundles, filters and value maps", "discounts": "Discounts and free items",
    "effects": "Messages and attributes", "custom": "Custom effects and webhooks",
}  # fmt: skip
CORE = ("math", "logic", "lists", "sorting", "text", "time")
WORKED = ("worked_ten_percent_with_a_code", "worked_buy_three_cheapest_free", "worked_gold_after_500")

GUIDE = """\
## How rules work

A rule has a **condition** and **effects**. When the condition holds, all its effects are given; if one of them cannot
be given, none is, and the rule counts as failed. Expressions are JSON arrays: the name of a function, then its
arguments.

```json
{
  "title": "10% off from 50",
  "condition": ["and", [">=", [".", "Session", "Total"], 50]],
  "effects": [["setDiscount", "10% off", ["*", [".", "Session", "Total"], ["/", 10, 100]]]]
}
```

* **Numbers** are exact decimals: `0.1` is a tenth. **Texts** stay texts. **Times** are RFC 3339 texts with an offset
  wherever a time is wanted. `true`, `false` and `null` are themselves.
* **Paths** `[".", "Session", "Total"]` look something up; `[".", "Session.Total"]` and `[".", "$Session", "Total"]` are
  the same.
* **Names.** A loyalty program, achievement, audience, giveaway pool, webhook, custom effect, value map or collection is
  written as its id or name, and looked up when the ruleset is saved.
* **Functions** are called by their names in any case. Arguments are all computed, from left to right, before the call;
  an error in one is the error of the call. Of several forms of a function, the first that takes the arguments is
  called.
* **Lambdas** `[["Item"], body]` name the element that a function is at: `["filter", list, [["Item"], body]]`. Also
  written `["filter", list, "Item", body]`; with more bodies than one, the last is the value.
* **Sequences** `[[…], […]]` are computed one after the other, and have the value of the last.
* **Options** are an object at the end of an effect: `["setDiscount", "Gift card", 50, {"partial": true}]`.

### The condition of a rule

`["and", …]` holds when all its elements do, and stops at the first that does not; `["or", …]` holds when one does.
`["and", true]` always holds. The place of the element that failed is the `conditionIndex` of the failure reason. Inside
an element, `and` and `or` compute all their arguments.

Something that has no value (an attribute that is not set, a division by zero) is an **error**: at the top it makes
the condition fail, and `["catch", fallback, expression]` replaces it. `["catch", false, …]` in a filter passes over
items that lack the attribute.

### The effects of a rule

They are a list of lists. `["catch", ["noop"], effect]` makes one effect optional, and
`["if", condition, effect, ["noop"]]` gives it only sometimes. Rules see what earlier rules changed: attributes at once,
discounts in the paths that begin with `Discounted`.

`["if", …]`, `["do", …]`, `["catch", …]` and sequences may hold effects; a sequence that ends in an effect is one.
`["catch", effect, effect]` gives the first where the second fails.

### Variables and templates

`["set", "n", value]` gives a value to a name, and `["set", "a", "b", value]` to a key of a map; `[".", "n"]` looks it
up in the expressions after it: those of a rule share their variables, from its first condition to its last effect. What
is set in the body of a lambda, or in `catch`, is known only there. Rules and bindings start with nothing set, and a
name that is there already cannot be set.

`["setTemplate", "percent(Decimal)Decimal", ["*", [".", "Session", "Total"], ["/", ["#", 0], 100]]]` keeps an expression
with places for arguments, and `["!", "percent", 10]` stands for it with 10 in place of `["#", 0]`. The kinds of a
signature are Decimal, String, Boolean, Time, Null, List, Map, Atom, Collection, Any, and Token for calls and lookups,
which are put in as they are written.

### Bindings

A binding gives a name to an expression: `{"name": "Shoes", "type": "cartItemFilter", "expression": ["filter", …]}` is
looked up as `[".", "Shoes"]`. Those of the ruleset are there in every rule, those of a rule only in it; later ones may
look at earlier ones. A binding is computed when it is first looked at and keeps its value while its campaign is
evaluated; one that looks at the coupon is computed for each code. A binding of type `collection` holds texts,
`["list", "SKU-1", "SKU-2"]`, and is asked with `inCollection`.

A name is looked up among the variables of lambdas first, then those that were set, the bindings of the rule, those of
the ruleset, the entities below, and last the cart item filters of the Application.

### Bundles

A binding `{"name": "Set", "type": "bundle", "expression": ["bundle", [[".", "Bikes"], 1], [[".", "Hats"], 2]]}` makes
as many bundles as possible of the cart. Each takes, slot by slot, the next items of the slot's list; an item is in one
bundle only, so the order of the lists decides what is bundled when some are left over. `["count", [".", "Set"]]` is
how many there are. Where an effect goes over items, it goes over those of the bundles, bundle by bundle; its effects
say `bundleIndex`, from 0, and `bundleName`, the name of the binding. `setDiscountOnBundleItem` picks one item of each
bundle: `["byIndex", 0]`, `["lowest", [["Item"], [".", "Item", "Price"]]]` or `["highest", …]`.

### Limits of a campaign

They are on actions such as `setDiscount` (an amount) or `setDiscountEffect` (how many there are), as a whole or for
each customer, code, identifier, store or session, for ever or in each day, week, month or year of the Application's
time zone. An effect for which a limit has too little room fails, and its rule with it; with `{"partial": true}`, or
where the Application says so, it gives what is left, and `desiredValue` says what was wanted. Limits on `redeemCoupon`
are checks of the code.

### Codes

`["couponValid"]` in a condition asks for a code of this campaign. Rules that look at the coupon run once for each such
code of the session. A rule that succeeds with `couponValid` in its condition accepts the code.

### Bounds

An expression has at most 100 levels, with those of the bindings it looks at, and 100,000 nodes, of which expanded
templates make at most 10,000. Numbers in rules are at most 10^15 in size with 30 decimals, texts at most 65,536
characters, regular expressions, in the syntax of RE2, at most 1,000. A campaign may take a million steps in one
request, such as an element of a list that is walked over; the rule that goes further fails.

### By itself

`guerdon.engine.talang.evaluate` computes an expression apart from any campaign, also in the older way to write it:

```python
from guerdon.engine.talang import evaluate

evaluate("(* (. Total) 0.1)", {"Total": 120})  # Decimal('12.0')
evaluate(["*", [".", "Total"], 0.1], {"Total": 120})  # the same
```

There, names are looked up when they are reached, and whatever is wrong is an error then: `["catch", "x", ["nope"]]` is
`x`. All errors are `TalangError`. Bare words in text are texts, `true`, numbers and RFC 3339 times, `(name)` is a call,
and `"…"` or `'…'` always a text.
"""

INTRODUCTIONS = {
    "Conditions": "What is asked of the request, the customer and the campaign. Any function that gives true or false "
    "is a condition as well, such as `>=`.",
    "Functions": "What is computed from values.",
    "Effects": "What a rule gives. Those of a rule come all or not at all.",
}

DECISIONS = """\
The published documents of the wire format leave some things open. How they are here, and why, is told in
[decisions.md](decisions.md).
"""

SETTINGS = {"flattened": "enableFlattenedCartItems", "cascading": "enableCascadingDiscounts"}


def rule_language() -> str:
    """docs/reference/rule-language.md."""
    sections = {
        "Conditions": _grouped(lambda function: not function.is_effect and _is_condition(function)),
        "Functions": _grouped(lambda function: not function.is_effect and not _is_condition(function)),
        "Effects": _grouped(lambda function: function.is_effect),
    }
    parts = ["# The rule language", GENERATED, _contents(sections), GUIDE.strip()]
    parts += ["## Three complete examples", *map(_worked, WORKED)]
    for title, groups in sections.items():
        parts += [f"## {title}", INTRODUCTIONS[title]]
        for group, members in groups.items():
            parts += [f"### {_heading(title, group, sections)}", *map(_function, members)]
    parts += ["## Paths", *map(_paths, PATHS), "## Decisions", DECISIONS.strip()]
    return "\n\n".join(parts) + "\n"


def _grouped(belongs: Callable[[Function], bool]) -> dict[str, list[str]]:
    """The names whose first overload belongs, by topic: those of TOPICS in order, then the others."""
    found: dict[str, list[str]] = {topic: [] for topic in TOPICS}
    for name in names():
        if belongs(overloads(name)[0]):
            found.setdefault(_topic(overloads(name)[0]), []).append(name)
    return {topic: members for topic, members in found.items() if members}


def _topic(function: Function) -> str:
    """The file of functions/ that declares it; for an operator without a function, the one it must be."""
    package, _, module = function.run.__module__.rpartition(".") if function.run else ("", "", "")
    if package.endswith(".functions"):
        return module
    return "time" if TIME in function.params else "logic" if function.returns == BOOLEAN else "math"


def _is_condition(function: Function) -> bool:
    """Whether it asks something of the request, rather than of values."""
    return function.returns == BOOLEAN and _topic(function) not in CORE


def _heading(section: str, topic: str, sections: dict[str, dict[str, list[str]]]) -> str:
    """The topic, with the section where another section has it too."""
    title = TOPICS.get(topic, topic.capitalize())
    return title if sum(topic in groups for groups in sections.values()) == 1 else f"{title}: {section.lower()}"


def _contents(sections: dict[str, dict[str, list[str]]]) -> str:
    lines = ["**Contents**", ""]
    for depth, title in re.findall(r"^##(#?) (.*)$", GUIDE, re.M):
        lines.append(f"{'  ' if depth else ''}* {_link(title)}")
    lines.append(f"* {_link('Three complete examples')}")
    for title, groups in sections.items():
        lines.append(f"* {_link(title)}")
        for group, members in groups.items():
            lines.append(f"  * {_link(_heading(title, group, sections))}: {', '.join(map(_name_link, members))}")
    lines.append(f"* {_link('Paths')}: " + ", ".join(f"[`{entity}`](#paths-of-{entity.lower()})" for entity in PATHS))
    lines.append(f"* {_link('Decisions')}")
    return "\n".join(lines)


def _link(title: str) -> str:
    anchor = re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")
    return f"[{title}](#{anchor})"


def _name_link(name: str) -> str:
    """Signs such as `+` have no anchor of their own."""
    return f"[`{name}`](#{name.lower()})" if name.isidentifier() else f"`{name}`"


def _worked(name: str) -> str:
    case = json.loads((CASES / f"{name}.json").read_text())
    [campaign] = case["campaigns"]
    ruleset = {"rules": campaign["rules"], "bindings": campaign.get("bindings", [])}
    given = {key: case[key] for key in ("profile", "session") if key in case}
    application = [f"`{SETTINGS[key]}`" for key in case.get("application", {})]
    title = name.removeprefix("worked_").replace("_", " ").capitalize()
    return "\n\n".join(
        [
            f"### {title}",
            case["why"],
            f"```json\n{_pretty(ruleset)}\n```",
            "For this request"
            + (", with a valid code `SAVE`" if "coupons" in case else "")
            + (f", where the Application has {' and '.join(application)}" if application else "")
            + ":",
            f"```json\n{_pretty(given)}\n```",
            "the effects are, besides where each comes from:",
            f"```json\n{_pretty([{'effectType': e['effectType'], 'props': e['props']} for e in case['effects']])}\n```",
        ]
    )


def _function(name: str) -> str:
    blocks = []
    for function in overloads(name):
        returned = "" if function.is_effect else f" → {result(function)}"
        lines = [f"`{_call(function)}`{returned}", " ".join(function.doc.split())]
        if function.options:
            options = ", ".join(_option(name, takes) for name, takes in function.options.items())
            lines.append(f"Options: {options}.")
        for kind in dict.fromkeys(one for one in function.params if one in CHOICES):
            lines.append(f"{kind.capitalize()}: {', '.join(f'`{one}`' for one in CHOICES[kind])}.")
        lines += _terms(function)
        if function.example:
            expression, value = function.example
            shown = value if isinstance(value, str) else json.dumps(value)
            lines.append(f"`{json.dumps(expression, ensure_ascii=False)}` is `{shown}`.")
        blocks.append("  \n".join(lines))
    text = f"#### `{name}`\n\n" + "\n\n".join(blocks)
    if f'["{name}"' not in text and name in _uses():
        text += f"  \nWritten `{_uses()[name]}`."
    return text


def _call(function: Function) -> str:
    """How it is called, with the names and kinds of its arguments."""
    required, fixed = len(function.params) - function.optional, len(function.params)
    args = [
        f"{name}{'…' if index >= fixed else '?' if index >= required else ''}: {function.param(index)}"
        for index, name in enumerate(function.arguments)
    ]
    return f"{function.name}({', '.join(args)})"


@cache
def _uses() -> dict[str, str]:
    """A call of each function in the cases, for those without an example: if there is one, from a case where all
    goes well, and the shortest."""
    found: dict[str, tuple[bool, int, str]] = {}
    for path in sorted(CASES.glob("*.json")):
        case = json.loads(path.read_text())
        fails = bool(case.get("failures")) or not case["effects"]
        for call in _calls([(one.get("rules"), one.get("bindings")) for one in case["campaigns"]]):
            text = json.dumps(call, ensure_ascii=False)
            use = (fails, len(text), text)
            found[call[0]] = min(use, found.get(call[0], use))
    return {name: text for name, (_, _, text) in found.items()}


def _calls(value: Any) -> Iterator[list[Any]]:
    """Everything in JSON that has the form of a call."""
    if isinstance(value, list) and value and isinstance(value[0], str):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ():
        yield from _calls(inner)


def _terms(function: Function) -> list[str]:
    """Where it may stand, and what the campaign must have."""
    terms = [f"Needs the campaign feature `{function.feature}`."] if function.feature else []
    terms += ["Also in campaigns of type `cartItem`."] if function.per_item else []
    terms += ["Also where a condition failed."] if function.failure else []
    return [" ".join(terms)] if terms else []


def _option(option: str, takes: str | tuple[str, ...]) -> str:
    if isinstance(takes, tuple):
        return f"`{option}` ({' / '.join(f'`{one}`' for one in takes)})"
    return f"`{option}` ({'`true` / `false`' if takes == BOOLEAN else takes})"


def _paths(entity: str) -> str:
    lines = [f"### Paths of `{entity}`", "", "| path | kind | |", "|---|---|---|"]
    for name, entry in PATHS[entity].items():
        path = f"{entity}.{name}" if name else entity
        notes = [NOTES[path]] if path in NOTES else []
        notes += ["may not be set"] if entry.optional else []
        lines.append(f"| `{path}` | {entry.kind} | {'; '.join(notes)} |")
    if entity in ATTRIBUTES:
        owner = ATTRIBUTES[entity][0]
        lines.append(
            f"| `{entity}.Attributes.<name>` | that of the attribute | custom attributes of {owner}; may not be set |"
        )
    return "\n".join(lines)


def _pretty(value: Any, indent: int = 0, width: int = 110) -> str:
    """JSON with everything on one line that fits on it."""
    line = json.dumps(value, ensure_ascii=False)
    if len(line) + indent <= width or not isinstance(value, dict | list):
        return line
    pad = " " * (indent + 2)
    if isinstance(value, dict):
        inner = [
            f"{pad}{json.dumps(key)}: {_pretty(sub, indent + 2, width - len(key) - 4)}" for key, sub in value.items()
        ]
        return "{\n" + ",\n".join(inner) + "\n" + " " * indent + "}"
    return "[\n" + ",\n".join(pad + _pretty(sub, indent + 2, width) for sub in value) + "\n" + " " * indent + "]"


def settings() -> str:
    """docs/reference/settings.md."""
    lines = [
        "# Settings", "", GENERATED, "",
        "The server reads its settings from the environment, once, when it starts.", "",
        "| variable | default | meaning |", "|---|---|---|",
    ]  # fmt: skip
    lines += [f"| `{variable}` | {default} | {meaning} |" for variable, default, meaning in _settings()]
    return "\n".join(lines) + "\n"


def _settings() -> Iterator[tuple[str, str, str]]:
    tree = ast.parse((ROOT / "src" / "guerdon" / "settings.py").read_text())
    body = next(node for node in tree.body if isinstance(node, ast.ClassDef)).body
    for field, doc in pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            said = doc.value.value if isinstance(doc, ast.Expr) and isinstance(doc.value, ast.Constant) else ""
            variable, _, meaning = " ".join(str(said).split()).partition(": ")
            if variable != f"GUERDON_{field.target.id.upper()}":
                raise SystemExit(f"the docstring of {field.target.id} begins with its variable")
            yield variable, _default(field.value), meaning


def _default(value: ast.expr | None) -> str:
    if isinstance(value, ast.Call):
        value = value.args[0]
    plain = ast.literal_eval(value) if value is not None else ""
    return "" if plain == "" else f"`{int(plain) if isinstance(plain, bool) else plain}`"


def documents() -> dict[Path, str]:
    """Every generated page with its text."""
    folder = ROOT / "docs" / "reference"
    return {
        folder / "rule-language.md": rule_language(),
        folder / "settings.md": settings(),
        folder / "peers.md": cookbook.document(_pretty, GENERATED),
    }


def main() -> int:
    """Write the pages, or with --check exit 1 when one is out of date."""
    stale = [path for path, text in documents().items() if not path.exists() or path.read_text() != text]
    for path in stale:
        print(f"{'out of date' if '--check' in sys.argv else 'written'}: {path.relative_to(ROOT)}")
    if "--check" in sys.argv:
        return 1 if stale else 0
    for path, text in documents().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
