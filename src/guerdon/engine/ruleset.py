"""Rulesets, checked and compiled: every expression of a campaign is read once, and every problem is found at once."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from guerdon.engine.library import EMPTY, Library
from guerdon.engine.program import Campaign, CampaignSource, Rule
from guerdon.engine.talang import registry
from guerdon.engine.talang.check import Apply, Binding, Checker, Const
from guerdon.engine.talang.compile import Compiler
from guerdon.engine.talang.kinds import ANY, BOOLEAN, EFFECT, TEXT
from guerdon.engine.talang.syntax import DEEPEST, Call, Literal, Node, Path, Problem, SyntaxProblem, children, read
from guerdon.engine.talang.values import fail

COLLECTION = "collection"
Function = Callable[[Any], Any]
_FAIL = registry.Function(name="fail", params=(TEXT,), returns=ANY, run=fail)


def check_ruleset(
    rules: list[dict[str, Any]],
    bindings: list[dict[str, Any]],
    *,
    attributes: Mapping[tuple[str, str], str],
    library: Library = EMPTY,
) -> list[Problem]:
    """Everything that is wrong with a ruleset, each problem with its JSON pointer; empty when it may be saved.

    `attributes` maps (entity, name) of the custom attributes to their types; `library` holds what rules name.
    """
    return _Ruleset(rules, bindings, attributes, library).problems


def compile_campaign(
    source: CampaignSource, attributes: Mapping[tuple[str, str], str], library: Library = EMPTY
) -> Campaign:
    """The campaign, ready to run. A rule that no longer checks (an attribute is gone) is kept as broken."""
    checked = _Ruleset(source.rules or [], source.bindings or [], attributes, library)
    functions = checked.compiler.build()
    return Campaign(
        source=source,
        rules=tuple(rule.compiled(functions) for rule in checked.rules),
        bindings=tuple(functions[name] for name in checked.binding_functions),
        coupon_bindings=tuple(checked.coupon_bindings),
        collections=checked.collections,
    )


class _Ruleset:
    """One pass over a ruleset: checks every expression and hands it to the compiler."""

    def __init__(
        self,
        rules: list[dict[str, Any]],
        bindings: list[dict[str, Any]],
        attributes: Mapping[tuple[str, str], str],
        library: Library,
    ) -> None:
        self.attributes = attributes
        self.library = library
        self.compiler = Compiler()
        self.problems: list[Problem] = []
        self.binding_functions: list[str] = []
        self.coupon_bindings: list[int] = []
        self.collections: dict[str, frozenset[str]] = {}
        names: dict[str, Binding] = {}
        self._bind(bindings, "/bindings", names)
        self.rules = [_RuleDraft(self, index, rule, dict(names)) for index, rule in enumerate(rules)]

    def _bind(self, bindings: list[dict[str, Any]], pointer: str, names: dict[str, Binding]) -> list[Problem]:
        """Add bindings, in order: later ones may use earlier ones."""
        found = len(self.problems)
        for position, binding in enumerate(bindings):
            where = f"{pointer}/{position}/expression"
            if binding.get("type") == COLLECTION:
                self._collect(binding["name"], binding["expression"], where)
            else:
                names[binding["name"]] = self._binding(binding["expression"], where, names)
        return self.problems[found:]

    def _binding(self, expression: Any, pointer: str, names: Mapping[str, Binding]) -> Binding:
        """Check and compile one binding; where it is wrong, whatever looks at it fails."""
        checker = Checker(names, self.attributes)
        asks: frozenset[bool] = frozenset()
        try:
            node = read(expression, pointer)
            typed = checker.check(node)
            asks = _asks_for_coupon(node, names)
        except SyntaxProblem as error:
            typed = checker.problem(error.problem.pointer, error.problem.message)
        if typed.kind == EFFECT:
            typed = checker.problem(pointer, "a binding is a value, not an effect")
        depth = _depth(checker, pointer)
        self.problems += checker.problems
        if checker.problems:
            message = Const(kind=TEXT, value=checker.problems[0].message)
            typed = Apply(kind=ANY, function=_FAIL, args=(message,))
        index = len(self.binding_functions)
        self.binding_functions.append(self.compiler.add(typed))
        if "Coupon" in checker.inputs:
            self.coupon_bindings.append(index)
        return Binding(index, typed.kind, frozenset(checker.inputs), depth, asks)

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

    def __init__(self, ruleset: _Ruleset, index: int, rule: dict[str, Any], names: dict[str, Binding]) -> None:
        self.index = index
        self.title = str(rule.get("title", ""))
        self.inputs: set[str] = set()
        self.problems = ruleset._bind(rule.get("bindings") or [], f"/rules/{index}/bindings", names)
        self._ruleset, self._names = ruleset, names
        self._shape(rule)
        condition = rule["condition"] if isinstance(rule.get("condition"), list) else []
        effects = rule["effects"] if isinstance(rule.get("effects"), list) else []
        elements = _condition_elements(condition, f"/rules/{index}/condition")
        self.any_of = condition[:1] == ["or"]
        conditions = [self._expression(element, pointer, BOOLEAN, "a condition") for pointer, element in elements]
        effects = [
            self._expression(effect, f"/rules/{index}/effects/{position}", EFFECT, "an effect")
            for position, effect in enumerate(effects)
        ]
        nodes = [node for node, _ in conditions if node is not None]
        self.conditions = [name for _, name in conditions if name]
        self.effects = [name for _, name in effects if name]
        self.asks_for_coupon = frozenset[bool]().union(*(_asks_for_coupon(node, names) for node in nodes))
        self.requires_coupon = not self.any_of and any(_is_coupon_valid(node) for node in nodes)
        self.least_total = None if self.any_of or "Session" in names else _least_total(nodes)

    def _shape(self, rule: dict[str, Any]) -> None:
        """The parts of a rule are of the right JSON type; `wire` sees to that for what comes over HTTP."""
        where = f"/rules/{self.index}"
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
        checker = Checker(self._names, self._ruleset.attributes)
        try:
            node = read(value, pointer)
            typed = checker.expect(node, kind, what)
        except SyntaxProblem as error:
            checker.problems.append(error.problem)
        _depth(checker, pointer)
        self.inputs |= checker.inputs
        if checker.problems:
            self.problems += checker.problems
            self._ruleset.problems += checker.problems
            return None, ""
        return node, self._ruleset.compiler.add(typed)

    def compiled(self, functions: Mapping[str, Function]) -> Rule:
        """The rule, once all functions are built."""
        if self.problems:
            uses_coupon = "Coupon" in self.inputs
            return Rule(index=self.index, title=self.title, broken=self.problems[0].message, uses_coupon=uses_coupon)
        return Rule(
            index=self.index,
            title=self.title,
            any_of=self.any_of,
            conditions=tuple(functions[name] for name in self.conditions),
            effects=tuple(functions[name] for name in self.effects),
            uses_coupon="Coupon" in self.inputs,
            checks_coupon=bool(self.asks_for_coupon),
            redeems_coupon=True in self.asks_for_coupon,
            requires_coupon=self.requires_coupon,
            least_total=self.least_total,
        )


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


def _asks_for_coupon(node: Node, names: Mapping[str, Binding]) -> frozenset[bool]:
    """The `couponValid` in a condition and in the bindings it looks at: true for one that redeems."""
    if isinstance(node, Call) and node.name == "couponValid":
        return frozenset({not (node.args and isinstance(node.args[0], Literal) and node.args[0].value is False)})
    if isinstance(node, Path):
        binding = names.get(str(node.parts[0]))
        return binding.asks_for_coupon if binding else frozenset()
    return frozenset[bool]().union(*(_asks_for_coupon(sub, names) for sub in children(node)))


def _is_coupon_valid(node: Node) -> bool:
    return isinstance(node, Call) and node.name == "couponValid"


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
