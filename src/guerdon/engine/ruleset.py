"""Rulesets, checked and compiled: every expression of a campaign is read once, and every problem is found at once."""

from collections.abc import Callable, Collection, Iterable, Mapping
from decimal import Decimal
from typing import Any

from msgspec import Struct, structs

from guerdon.engine.library import EMPTY, Library
from guerdon.engine.program import Campaign, CampaignSource, Rule
from guerdon.engine.talang import registry
from guerdon.engine.talang.bundles import named
from guerdon.engine.talang.check import Apply, Binding, Checker, Const, Names
from guerdon.engine.talang.compile import Compiler
from guerdon.engine.talang.kinds import ANY, BOOLEAN, BUNDLE, EFFECT, ITEM, TEXT, list_of
from guerdon.engine.talang.known import Known
from guerdon.engine.talang.syntax import DEEPEST, Call, Literal, Node, Problem, SyntaxProblem, read
from guerdon.engine.talang.templates import of_account
from guerdon.engine.talang.typed_bindings import faults
from guerdon.engine.talang.values import fail

COLLECTION, FILTER = "collection", "filter of the Application"
_REFERRAL = frozenset({"Referral", "AdvocateProfile"})
Function = Callable[[Any], Any]
BUNDLES = list_of(BUNDLE)
_NAMED = registry.Function(name="named", params=(TEXT, BUNDLES), returns=BUNDLES, run=named)
_FAIL = registry.Function(name="fail", params=(TEXT,), returns=ANY, run=fail)


class Authoring(Struct, frozen=True, kw_only=True):
    """What a ruleset is written for: the custom attributes by (entity, name) with their types, what rules may name,
    the features of the campaign (None where they do not matter), and whether it is one of type cartItem."""

    attributes: Mapping[tuple[str, str], str] = {}
    library: Library = EMPTY
    features: frozenset[str] | None = None
    item_only: bool = False


def check_ruleset(
    rules: list[dict[str, Any]],
    bindings: list[dict[str, Any]],
    *,
    attributes: Mapping[tuple[str, str], str],
    library: Library = EMPTY,
    features: Iterable[str] | None = None,
    item_only: bool = False,
    strikethrough_rules: list[dict[str, Any]] | None = None,
) -> list[Problem]:
    """Everything that is wrong with a ruleset, each problem with its JSON pointer; empty when it may be saved.

    `attributes` maps (entity, name) of the custom attributes to their types; `library` holds what rules name.
    `features` are those of the campaign, None where they do not matter; `item_only` is set for campaigns of type
    cartItem. Strikethrough rules have effects on items only, and no conditions (rules.md §7.1).
    """
    chosen = None if features is None else frozenset(features)
    authoring = Authoring(attributes=attributes, library=library, features=chosen, item_only=item_only)
    checked = _Ruleset(rules, bindings, authoring)
    if strikethrough_rules:
        if chosen is not None and "strikethrough" not in chosen:
            message = "strikethrough rules need `strikethrough` among the features of the campaign"
            checked.problems.append(Problem("/strikethroughRules", message))
        checked.check_strikethrough(strikethrough_rules)
    return checked.problems


def compile_campaign(
    source: CampaignSource,
    attributes: Mapping[tuple[str, str], str],
    library: Library = EMPTY,
    *,
    compiler: type[Compiler] = Compiler,
) -> Campaign:
    """The campaign, ready to run. A rule that no longer checks (an attribute is gone) is kept as broken.

    `compiler` is another one where every step is to be written down (explain.py)."""
    authoring = Authoring(attributes=attributes, library=library)
    checked = _Ruleset(source.rules or [], source.bindings or [], authoring, compiler)
    functions = checked.compiler.build()
    return Campaign(
        source=source,
        rules=tuple(rule.compiled(functions) for rule in checked.rules),
        bindings=tuple(functions[name] for name in checked.binding_functions),
        coupon_bindings=tuple(checked.coupon_bindings),
        collections=checked.collections,
        frozen_bindings=tuple(range(checked.shared_bindings)),
    )


class _Ruleset:
    """One pass over a ruleset: checks every expression and hands it to the compiler."""

    def __init__(
        self,
        rules: list[dict[str, Any]],
        bindings: list[dict[str, Any]],
        authoring: Authoring,
        compiler: type[Compiler] = Compiler,
    ) -> None:
        self.authoring = authoring
        self.compiler = compiler()
        self.problems: list[Problem] = []
        self.binding_functions: list[str] = []
        self.coupon_bindings: list[int] = []
        self.collections: dict[str, frozenset[str]] = {}
        self.known = Known(authoring.library, self.collections)
        self.filters: dict[str, Binding] = {}
        filters = authoring.library.cart_item_filters
        for name in _mentioned([rules, bindings], filters):
            self.filters[name] = self._filter(name, filters[name])
        self.shared_names = Names()
        for template in authoring.library.templates:
            types = (parameter.type for parameter in template.parameters)
            if (found := of_account(template.name, types, template.expression)) is not None:
                self.shared_names.templates.append(found)
        names: dict[str, Binding] = {}
        self._bind(bindings, "/bindings", names)
        self._names = names
        self.shared_bindings = len(self.binding_functions)
        self.rules = [_RuleDraft(self, f"/rules/{index}", index, rule, dict(names)) for index, rule in enumerate(rules)]

    def check_strikethrough(self, rules: list[dict[str, Any]]) -> None:
        """Find what is wrong with strikethrough rules: they are not run for sessions, so nothing is kept."""
        self.authoring = structs.replace(self.authoring, item_only=True)
        for index, rule in enumerate(rules):
            where = f"/strikethroughRules/{index}"
            condition = rule.get("condition") or ["and", True]
            if condition not in (["and", True], ["and"]):
                self.problems.append(
                    Problem(f"{where}/condition", 'a strikethrough rule has no conditions: ["and", true]')
                )
            _RuleDraft(self, where, index, {**rule, "condition": ["and", True]}, dict(self._names))

    def checker(self, bindings: Mapping[str, Binding], names: Names | None = None) -> Checker:
        """A checker of one expression that may use these bindings, and the names that those before it have set."""
        authoring = self.authoring
        return Checker(
            bindings,
            authoring.attributes,
            features=authoring.features,
            item_only=authoring.item_only,
            known=self.known,
            filters=self.filters,
            names=names or self.shared_names,
        )

    def _bind(self, bindings: list[dict[str, Any]], pointer: str, names: dict[str, Binding]) -> list[Problem]:
        """Add bindings, in order: later ones may use earlier ones."""
        found = len(self.problems)
        for position, binding in enumerate(bindings):
            if binding.get("type") == COLLECTION:
                self._collect(binding["name"], binding["expression"], f"{pointer}/{position}/expression")
        for position, binding in enumerate(bindings):
            if binding.get("type") != COLLECTION:
                checker = self.checker(names)
                bound = names[binding["name"]] = self._binding(binding, f"{pointer}/{position}/expression", checker)
                self.problems += checker.problems
                self.problems += faults(binding, bound.kind, f"{pointer}/{position}")
        return self.problems[found:]

    def _filter(self, name: str, expression: Any) -> Binding:
        """A cart item filter of the Application. What is wrong with it is no problem of this ruleset."""
        binding = {"name": name, "type": FILTER, "expression": expression}
        return self._binding(binding, "", Checker({}, self.authoring.attributes, known=Known(self.authoring.library)))

    def _binding(self, binding: Mapping[str, Any], pointer: str, checker: Checker) -> Binding:
        """Check and compile one binding; where it is wrong, whatever looks at it fails."""
        try:
            node = read(binding["expression"], pointer)
            typed = checker.standalone(node)
        except SyntaxProblem as error:
            typed = checker.problem(error.problem.pointer, error.problem.message)
        if typed.kind == EFFECT:
            typed = checker.problem(pointer, "a binding is a value, not an effect")
        if binding.get("type") == FILTER and typed.kind != list_of(ITEM):
            typed = checker.problem(pointer, "a cart item filter is a list of items")
        if binding.get("type") == BUNDLE and typed.kind != BUNDLES and not checker.problems:
            typed = checker.problem(pointer, 'a bundle is written ["bundle", [list, number], …]')
        if isinstance(typed, Apply) and typed.function.name == BUNDLE:
            typed = Apply(kind=BUNDLES, function=_NAMED, args=(Const(kind=TEXT, value=binding["name"]), typed))
        depth = _depth(checker, pointer)
        if checker.problems:
            message = Const(kind=TEXT, value=checker.problems[0].message)
            typed = Apply(kind=ANY, function=_FAIL, args=(message,))
        index = len(self.binding_functions)
        self.binding_functions.append(self.compiler.add(typed))
        if "Coupon" in checker.inputs:
            self.coupon_bindings.append(index)
        return Binding(index, typed.kind, frozenset(checker.inputs), depth, frozenset(checker.asks))

    def _collect(self, name: str, expression: Any, pointer: str) -> None:
        """A set of texts such as SKUs, until collections are a resource of their own (ADR 0011)."""
        if not isinstance(expression, list) or expression[:1] != ["list"]:
            self.problems.append(Problem(pointer, 'a collection is written ["list", "SKU-1", …]'))
        elif wrong := [i for i, member in enumerate(expression) if not isinstance(member, str)]:
            self.problems.append(Problem(f"{pointer}/{wrong[0]}", "a collection holds texts only"))
        else:
            self.collections[name] = frozenset(expression[1:])


class _RuleDraft:
    """A rule on its way: names of its compiled functions, and what it looks at."""

    def __init__(
        self, ruleset: _Ruleset, where: str, index: int, rule: dict[str, Any], names: dict[str, Binding]
    ) -> None:
        self.where, self.index = where, index
        self.title = str(rule.get("title", ""))
        self.inputs: set[str] = set()
        self.asks: set[tuple[str, bool]] = set()
        self.problems = ruleset._bind(rule.get("bindings") or [], f"{where}/bindings", names)
        self._ruleset, self._names, self._settled = ruleset, names, Names(ruleset.shared_names)
        self._shape(rule)
        condition = rule["condition"] if isinstance(rule.get("condition"), list) else []
        effects = rule["effects"] if isinstance(rule.get("effects"), list) else []
        elements = _condition_elements(condition, f"{where}/condition")
        self.any_of = condition[:1] == ["or"]
        conditions = [self._expression(element, pointer, BOOLEAN, "a condition") for pointer, element in elements]
        effects = [
            self._expression(effect, f"{where}/effects/{position}", EFFECT, "an effect")
            for position, effect in enumerate(effects)
        ]
        nodes = [node for node, _ in conditions if node is not None]
        self.conditions = [name for _, name in conditions if name]
        self.effects = [name for _, name in effects if name]
        self.requires_coupon = not self.any_of and any(_is_coupon_valid(node) for node in nodes)
        self.least_total = None if self.any_of or "Session" in names else _least_total(nodes)

    def _shape(self, rule: dict[str, Any]) -> None:
        """The parts of a rule are of the right JSON type; `wire` sees to that for what comes over HTTP."""
        where = self.where
        if not isinstance(rule.get("title"), str):
            self._problem(f"{where}/title", "the title of a rule is a text")
        if not isinstance(rule.get("condition"), list) or not rule["condition"]:
            self._problem(f"{where}/condition", 'a condition is written ["and", …] or ["or", …]')
        elif rule["condition"] == ["or"]:
            self._problem(f"{where}/condition", "`or` needs a condition that can hold")
        if not isinstance(rule.get("effects"), list):
            self._problem(f"{where}/effects", "the effects of a rule are a list of expressions")

    def _problem(self, pointer: str, message: str) -> None:
        self.problems.append(Problem(pointer, message))
        self._ruleset.problems.append(self.problems[-1])

    def _expression(self, value: Any, pointer: str, kind: str, what: str) -> tuple[Node | None, str]:
        checker = self._ruleset.checker(self._names, self._settled)
        try:
            node = read(value, pointer)
            typed = checker.expect(node, kind, what)
        except SyntaxProblem as error:
            checker.problems.append(error.problem)
        _depth(checker, pointer)
        self.inputs |= checker.inputs
        if kind == BOOLEAN:
            self.asks |= checker.asks
        if checker.problems:
            self.problems += checker.problems
            self._ruleset.problems += checker.problems
            return None, ""
        return node, self._ruleset.compiler.add(typed)

    def compiled(self, functions: Mapping[str, Function]) -> Rule:
        """The rule, once all functions are built."""
        uses_coupon, uses_referral = "Coupon" in self.inputs, not self.inputs.isdisjoint(_REFERRAL)
        if self.problems:
            return Rule(
                index=self.index,
                title=self.title,
                broken=self.problems[0].message,
                uses_coupon=uses_coupon,
                uses_referral=uses_referral,
            )
        asked = {name for name, _ in self.asks}
        return Rule(
            index=self.index,
            title=self.title,
            any_of=self.any_of,
            conditions=tuple(functions[name] for name in self.conditions),
            effects=tuple(functions[name] for name in self.effects),
            uses_coupon=uses_coupon,
            checks_coupon="couponValid" in asked,
            redeems_coupon=("couponValid", True) in self.asks,
            uses_referral=uses_referral,
            checks_referral="referralValid" in asked,
            redeems_referral=("referralValid", True) in self.asks,
            requires_coupon=self.requires_coupon,
            least_total=self.least_total,
        )


def _mentioned(value: Any, names: Collection[str]) -> list[str]:
    """Which of the names stand somewhere in this JSON, in their own order."""
    found: set[str] = set()
    inside = [value] if names else []
    while inside:
        match inside.pop():
            case str(text):
                found.add(text.removeprefix("$"))
            case list(parts):
                inside += parts
            case dict(members):
                inside += members.values()
    return [name for name in names if name in found]


def _condition_elements(condition: list[Any], pointer: str) -> list[tuple[str, Any]]:
    """The conditions of a rule with their pointers: the elements of its outer `and` or `or`, else the whole."""
    if not condition or condition[0] in ("and", "or"):
        return [(f"{pointer}/{position}", element) for position, element in enumerate(condition) if position]
    return [(pointer, condition)]


def _depth(checker: Checker, pointer: str) -> int:
    """How many levels the expression has, with those of the bindings it looks at; too many are a problem."""
    depth = checker.depth - pointer.count("/")
    if depth > DEEPEST:
        checker.problem(pointer, f"with the bindings it looks at, the expression has more than {DEEPEST} levels")
    return depth


def _is_coupon_valid(node: Node) -> bool:
    return isinstance(node, Call) and node.name.lower() == "couponvalid"


def _least_total(nodes: Iterable[Node]) -> Decimal | None:
    """The session total below which the rule cannot fire, where a condition says so in plain words."""
    found: Decimal | None = None
    for node in nodes:
        if isinstance(node, Call) and node.name in (">", ">=") and len(node.args) == 2:
            path, bound = node.args
            if getattr(path, "parts", None) == ("Session", "Total") and isinstance(bound, Literal):
                value = bound.value
                if isinstance(value, Decimal) and (found is None or value > found):
                    found = value
    return found
