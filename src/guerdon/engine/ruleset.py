"""Rulesets, checked and compiled: every expression of a campaign is read once, and every problem is found at once."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from msgspec import Struct, structs

from guerdon.engine.keys import Reader, is_plain, writes
from guerdon.engine.library import EMPTY, Library
from guerdon.engine.program import Campaign, CampaignSource, Rule
from guerdon.engine.talang import registry
from guerdon.engine.talang.bundles import named
from guerdon.engine.talang.check import Checker, Names
from guerdon.engine.talang.compile import Compiler
from guerdon.engine.talang.kinds import ANY, BOOLEAN, BUNDLE, EFFECT, ITEM, TEXT, list_of
from guerdon.engine.talang.known import COLLECTION, FILTER, Known
from guerdon.engine.talang.syntax import DEEPEST, Problem, SyntaxProblem, read
from guerdon.engine.talang.templates import of_account
from guerdon.engine.talang.typed import Apply, Binding, Const, Typed
from guerdon.engine.talang.typed_bindings import faults
from guerdon.engine.talang.values import fail
from guerdon.engine.texts import Texts, set_of

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


def check_filter(
    expression: Any, *, attributes: Mapping[tuple[str, str], str], library: Library = EMPTY
) -> list[Problem]:
    """Everything that is wrong with the expression of a cart item filter of the Application, which is a list of items
    and knows no other filters; pointers begin with `/expression`."""
    authoring = Authoring(attributes=attributes, library=structs.replace(library, cart_item_filters={}))
    checked = _Ruleset([], [{"name": "", "type": FILTER, "expression": expression}], authoring)
    return [structs.replace(one, pointer=one.pointer.removeprefix("/bindings/0")) for one in checked.problems]


def compile_campaign(
    source: CampaignSource,
    attributes: Mapping[tuple[str, str], str],
    library: Library = EMPTY,
    *,
    collections: Mapping[str, Collection[str]] | None = None,
    compiler: type[Compiler] = Compiler,
) -> Campaign:
    """The campaign, ready to run. A rule that no longer checks (an attribute is gone) is kept as broken.

    `collections` are its own, which go before those of the library, and those of its bindings before them. `compiler`
    is another one where every step is to be written down (explain.py)."""
    authoring = Authoring(attributes=attributes, library=library)
    checked = _Ruleset(source.rules or [], source.bindings or [], authoring, compiler, collections)
    functions = checked.compiler.build()
    return Campaign(
        source=_with_sets(source, checked.collections),
        rules=tuple(rule.compiled(functions) for rule in checked.rules),
        bindings=tuple(functions[name] for name in checked.binding_functions),
        coupon_bindings=tuple(checked.coupon_bindings),
        collections=checked.collections,
        frozen_bindings=tuple(range(checked.shared_bindings)),
        names=frozenset(checked.asked),
    )


def _with_sets(source: CampaignSource, collections: Mapping[str, Collection[str]]) -> CampaignSource:
    """The source with each large collection as the set that was made of it, which takes a tenth of the room."""
    large = {name: members for name, members in collections.items() if isinstance(members, Texts)}
    if not large or source.bindings is None:
        return source
    bindings = [
        {**binding, "expression": large[binding["name"]]}
        if binding.get("type") == COLLECTION and binding["name"] in large
        else binding
        for binding in source.bindings
    ]
    return structs.replace(source, bindings=bindings)


class _Ruleset:
    """One pass over a ruleset: checks every expression and hands it to the compiler."""

    def __init__(
        self,
        rules: list[dict[str, Any]],
        bindings: list[dict[str, Any]],
        authoring: Authoring,
        compiler: type[Compiler] = Compiler,
        collections: Mapping[str, Collection[str]] | None = None,
    ) -> None:
        self.authoring = authoring
        self.compiler = compiler()
        self.problems: list[Problem] = []
        self.binding_functions: list[str] = []
        self.coupon_bindings: list[int] = []
        self.bindings: list[Typed] = []
        self.collections: dict[str, Collection[str]] = dict(collections or {})
        self.asked: set[tuple[str, Any]] = set()
        self.known = Known(authoring.library, self.collections, self.asked)
        self.filters: dict[str, Binding] = {}
        filters = authoring.library.cart_item_filters
        for name in _mentioned([rules, bindings], filters):
            self.asked.add((FILTER, name))
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
            names=names or Names(self.shared_names),
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
        known = Known(self.authoring.library, {}, self.asked)
        return self._binding(binding, "", Checker({}, self.authoring.attributes, known=known))

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
        self.bindings.append(typed)
        self.binding_functions.append(self.compiler.add(typed))
        if "Coupon" in checker.inputs:
            self.coupon_bindings.append(index)
        return Binding(index, typed.kind, frozenset(checker.inputs), depth, frozenset(checker.asks))

    def _collect(self, name: str, expression: Any, pointer: str) -> None:
        """A set of texts such as SKUs that belongs to the ruleset (ADR 0011)."""
        if isinstance(expression, Texts):
            self.collections[name] = expression
        elif not isinstance(expression, list) or expression[:1] != ["list"]:
            self.problems.append(Problem(pointer, 'a collection is written ["list", "SKU-1", …]'))
        elif set(map(type, expression)) != {str}:
            wrong = next(i for i, member in enumerate(expression) if not isinstance(member, str))
            self.problems.append(Problem(f"{pointer}/{wrong}", "a collection holds texts only"))
        else:
            self.collections[name] = set_of(expression[1:])


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
        elements = condition_elements(condition, f"{where}/condition")
        self.any_of = condition[:1] == ["or"]
        told = [self._expression(element, pointer, BOOLEAN, "a condition") for pointer, element in elements]
        done = [
            self._expression(effect, f"{where}/effects/{position}", EFFECT, "an effect")
            for position, effect in enumerate(effects)
        ]
        if not self.problems:
            self._compile(told, done)

    def _compile(self, told: list[Typed], done: list[Typed]) -> None:
        ruleset = self._ruleset
        reader = Reader(ruleset.bindings)
        conditions = [reader.shortened(typed) for typed in told] if ruleset.compiler.shortens else told
        self.conditions = [ruleset.compiler.add(typed) for typed in conditions]
        self.effects = [ruleset.compiler.add(typed) for typed in done]
        self.ways = reader.ways(told, any_of=self.any_of)
        self.plain = not self.any_of and all(map(is_plain, conditions))
        self.writes = writes(done)

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

    def _expression(self, value: Any, pointer: str, kind: str, what: str) -> Typed:
        checker = self._ruleset.checker(self._names, self._settled)
        try:
            node = read(value, pointer)
            typed = checker.expect(node, kind, what)
        except SyntaxProblem as error:
            typed = checker.problem(error.problem.pointer, error.problem.message)
        _depth(checker, pointer)
        self.inputs |= checker.inputs
        if kind == BOOLEAN:
            self.asks |= checker.asks
        self.problems += checker.problems
        self._ruleset.problems += checker.problems
        return typed

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
            ways=self.ways,
            plain=self.plain,
            writes=self.writes,
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


def condition_elements(condition: list[Any], pointer: str) -> list[tuple[str, Any]]:
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
