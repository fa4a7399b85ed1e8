"""Writes docs/reference from the code: `reference.py` writes, `reference.py --check` tells what is out of date.

The rule language comes from the registry and the paths, its worked examples from tests/engine/cases, the settings
from the docstrings in settings.py. What stands in GUIDE and CHOICES is written by hand, here.
"""

import ast
import json
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from guerdon.engine.talang import functions as _declares_all  # noqa: F401
from guerdon.engine.talang.kinds import BOOLEAN
from guerdon.engine.talang.paths import ATTRIBUTES, PATHS
from guerdon.engine.talang.registry import Function, names, overloads

ROOT = Path(__file__).parent.parent
CASES = ROOT / "tests" / "engine" / "cases"
GENERATED = "<!-- Written by tools/reference.py. Change that, or the code it reads, and run it again. -->"

GROUPS = {
    "Arithmetic": ["+", "-", "*", "/", "mod", "floor", "roundDown", "ceil", "roundUp", "round", "min", "max"],
    "Comparison and logic": ["=", "!=", "<", "<=", ">", ">=", "and", "or", "not"],
    "Choosing and catching": ["if", "catch", "identity", "noop"],
    "Lists": [
        "list", "filter", "map", "sum", "count", "exists", "every", "oneOf", "isEmpty", "item", "head", "take",
        "takeLast", "sortByNumber", "sortByString", "reverse", "kv",
    ],
    "Text": ["concat", "contains", "notContains", "startsWith", "endsWith", "toString"],
    "Time": ["after", "before", "betweenTimes", "daysBetween", "addDuration"],
    "Codes, attributes and collections": ["couponValid", "attributeExists", "inCollection"],
    "Bundles, filters of the Application, value maps": [
        "bundle", "byIndex", "lowest", "highest", "globalFilter", "valueMapItems",
    ],
    "Limits": ["budgetAvailable", "budgetEnoughFor"],
    "When a condition fails": ["onFailure"],
}  # fmt: skip
COMPUTED = {"if": "either", "catch": "either", "identity": "the same", "item": "element"}
WORKED = ("worked_ten_percent_with_a_code", "worked_buy_three_cheapest_free", "worked_gold_after_500")

GUIDE = """\
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
* **Lambdas** `[["Item"], body]` name the element that a function is at: `["filter", list, [["Item"], body]]`.
* **Options** are an object at the end of an effect: `["setDiscount", "Gift card", 50, {"partial": true}]`.

### Conditions

`["and", …]` holds when all its elements do, and stops at the first that does not; `["or", …]` holds when one does.
`["and", true]` always holds. The place of the element that failed is the `conditionIndex` of the failure reason. Inside
an element, `and` and `or` compute all their arguments.

Something that has no value (an attribute that is not set, a division by zero) is an **error**: at the top it makes
the condition fail, and `["catch", fallback, expression]` replaces it. `["catch", false, …]` in a filter passes over
items that lack the attribute.

### Effects

The effects of a rule are a list of lists. `["catch", ["noop"], effect]` makes one effect optional, and
`["if", condition, effect, ["noop"]]` gives it only sometimes. Rules see what earlier rules changed: attributes at once,
discounts in the paths that begin with `Discounted`.

### Bindings

A binding gives a name to an expression: `{"name": "Shoes", "type": "cartItemFilter", "expression": ["filter", …]}` is
looked up as `[".", "Shoes"]`. Those of the ruleset are there in every rule, those of a rule only in it; later ones may
look at earlier ones. A binding is computed when it is first looked at and keeps its value while its campaign is
evaluated; one that looks at the coupon is computed for each code. A binding of type `collection` holds texts,
`["list", "SKU-1", "SKU-2"]`, and is asked with `inCollection`.

A name is looked up among the variables of lambdas first, then the bindings of the rule, those of the ruleset, the
entities below, and last the cart item filters of the Application.

### Bundles

A binding `{"name": "Set", "type": "bundle", "expression": ["bundle", [[".", "Bikes"], 1], [[".", "Helmets"], 2]]}` makes
as many bundles as possible of the cart. Each takes, slot by slot, the next items of the slot's list; an item is in one
bundle only, so the order of the lists decides what is bundled when some are left over. `["count", [".", "Set"]]` is how
many there are. Where an effect goes over items, it goes over those of the bundles, bundle by bundle; its effects say
`bundleIndex`, from 0, and `bundleName`, the name of the binding. `setDiscountOnBundleItem` picks one item of each
bundle: `["byIndex", 0]`, `["lowest", [["Item"], [".", "Item", "Price"]]]` or `["highest", …]`.

### Limits

A campaign's limits are on actions such as `setDiscount` (an amount) or `setDiscountEffect` (how many there are), as a
whole or for each customer, code, identifier, store or session, for ever or in each day, week, month or year of the
Application's time zone. Weeks are those of ISO 8601. An effect for which a limit has too little room fails, and its
rule with it; with `{"partial": true}`, or where the Application says so, it gives what is left, and `desiredValue` says
what was wanted. Limits on `redeemCoupon` are checks of the code.

### Codes

`["couponValid"]` in a condition asks for a code of this campaign. Rules that look at the coupon run once for each such
code of the session. A rule that succeeds with `couponValid` in its condition accepts the code.

### Bounds

An expression has at most 100 levels, with those of the bindings it looks at, and 100,000 nodes. Numbers in rules are
at most 10^15 in size with 30 decimals, texts at most 65,536 characters. A campaign may walk over a million list
elements in one request; the rule that goes further fails.
"""

CHOICES = """\
The published documents of the wire format leave these open. This is how it is here, and why.

* **A discount never takes more than there is.** `setDiscount` takes at most what is left of its scope, and of the
  session; `setDiscountPerItem` at most what is left of the unit. Where nothing is left the effect fails. Nothing is
  owed to a customer because two campaigns met.
* **What an `itemTotal` discount is taken from.** The price and the additional costs of the item bear it in proportion to
  what is left of each. So it also lowers `Item.DiscountedPrice` and what is left of the cart items.
* **Without caps** (a setting of the Application) nothing is capped: amounts are given as they are, also above the price
  of an item. The `Discounted` paths still do not go below zero.
* **Shares** of an amount over several items are in proportion to their prices before discounts (or their costs, as the
  scope says) and sum to it exactly. They have at most sixteen significant digits; what that leaves over goes to those
  that lost most by it, and to the first where they lost alike. What an item has no room for goes to the others. Items
  that all cost nothing share alike. An item counts once, however often the list names it.
* **Rounding** is off: discounts are exact. An Application may have them rounded to so many decimals, half up; shares
  are then whole minor units that still sum to the whole, and less than a minor unit of what is left is not given.
* **`Item.DiscountedPrice` of a line** that is not flattened is what is left of one unit on average, for the amount of
  the effect is off the whole line.
* **Partial discounts over items** use up a limit in the order of the list: the items after that get nothing, and the
  rule succeeds. Pro rata, the shares of one amount are all given or none where the number of effects is limited.
* **A code's own limits** stand in for those limits of its campaign that are for each customer, action by action. They
  are counted for this code.
* **Two codes and one redemption left.** The first code of the session that a rule accepts takes it; one that is
  rejected takes nothing.
* **Additional costs** are named by their API name. A session, or an item, without that cost makes the effect fail.
* **Negative amounts.** `setDiscount` fails, and so does a negative amount that several items would share. `setDiscountPerItem` passes over the item, so that
  `["-", [".", "Item", "Price"], 20]` means "at most 20" and leaves cheaper items alone. Zero gives nothing, and nothing
  fails.
* **`["couponValid", false]`** accepts the code and gives the effects, but closing the session does not count it as
  redeemed. One successful rule with `["couponValid"]` is enough for it to be redeemed. The argument is written out.
* **`customEffect` carries its own name and payload**: `["customEffect", 7, "wrap", ["kv", ["paper", "red"]]]`, because
  rules here need no definition of the effect elsewhere.
* **Collections are bindings** until they are a resource of their own (ADR 0011).
* **Division** has sixteen significant digits, half even; all else is exact. Division by zero is an error.
* **Equality** compares numbers by value and times by instant; different kinds are compared by their text. Lists, maps
  and cart items cannot be compared.
* **Partial discounts** give what the limits still have, and `desiredValue` says what was wanted. What the cart itself
  does not hold is not wanted.
"""

NOTES = {
    "Session.Total": "items, their additional costs and those of the session, before discounts",
    "Session.CartTotal": "price times quantity of all items, before discounts",
    "Session.CartItemTotal": "the same",
    "Session.AdditionalCostTotal": "the additional costs of the session, without those of its items",
    "Session.DiscountedTotal": "what earlier discounts of this request left; plain without cascading discounts",
    "Session.DiscountedCartTotal": "the same for the items",
    "Session.CartItems": "units where the Application flattens the cart, else lines",
    "Session.FirstSession": "true in anonymous sessions",
    "Item.Quantity": "1 where the Application flattens the cart",
    "Item.Position": "of the line, from 0",
    "Item.SubPosition": "of the unit in its line, from 0",
    "Item.MappedValue": "inside `valueMapItems`, the value of its SKU",
    "Item.Total": "price and additional costs of one unit",
    "Item.DiscountedPrice": "what earlier discounts of this request left; plain without cascading discounts",
    "Profile.TotalSales": "of closed sessions, before discounts",
    "Coupon.DiscountRemainder": "what the code can still give",
    "Event.Type": "such as `talon_session_closed`",
    "Now": "the time at which the request is judged",
}

SETTINGS = {"flattened": "enableFlattenedCartItems", "cascading": "enableCascadingDiscounts"}


def rule_language() -> str:
    """docs/reference/rule-language.md."""
    listed = [name for group in GROUPS.values() for name in group]
    values = [name for name in names() if not overloads(name)[0].is_effect]
    more = {"More": [name for name in values if name not in listed]}
    parts = ["# The rule language", GENERATED, GUIDE.strip(), "## Three complete examples", *map(_worked, WORKED)]
    parts.append("## Functions")
    for group, members in (GROUPS | more).items():
        parts.append(f"### {group}")
        parts += [_function(name) for name in members]
    effects = [name for name in names() if overloads(name)[0].is_effect]
    parts += ["## Effects", *map(_function, effects)]
    parts += ["## Paths", *map(_paths, PATHS), "## Choices that are ours", CHOICES.strip()]
    return "\n\n".join(parts) + "\n"


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
        returned = "" if function.is_effect else f" → {_returned(function)}"
        lines = [f"`{function.signature()}`{returned}", " ".join(function.doc.split())]
        if function.options:
            options = ", ".join(_option(name, takes) for name, takes in function.options.items())
            lines.append(f"Options: {options}.")
        if function.example:
            expression, result = function.example
            shown = result if isinstance(result, str) else json.dumps(result)
            lines.append(f"`{json.dumps(expression, ensure_ascii=False)}` is `{shown}`.")
        blocks.append("  \n".join(lines))
    return f"#### `{name}`\n\n" + "\n\n".join(blocks)


def _returned(function: Function) -> str:
    if isinstance(function.returns, str):
        return function.returns
    return COMPUTED.get(function.name, "list")


def _option(option: str, takes: str | tuple[str, ...]) -> str:
    if isinstance(takes, tuple):
        return f"`{option}` ({' / '.join(f'`{one}`' for one in takes)})"
    return f"`{option}` ({'`true` / `false`' if takes == BOOLEAN else takes})"


def _paths(entity: str) -> str:
    lines = [f"### `{entity}`", "", "| path | kind | |", "|---|---|---|"]
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
    return {folder / "rule-language.md": rule_language(), folder / "settings.md": settings()}


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
