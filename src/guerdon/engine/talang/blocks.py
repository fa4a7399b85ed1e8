"""Expressions one after the other, and templates, before anything runs (rules.md §3.5, §3.6)."""

from collections.abc import Mapping

from guerdon.engine.talang.kinds import EFFECT, NULL
from guerdon.engine.talang.known import Known
from guerdon.engine.talang.lookups import Lookups, Names
from guerdon.engine.talang.syntax import Call, Literal, Node
from guerdon.engine.talang.templates import SIGNATURE, template
from guerdon.engine.talang.typed import Binding, Const, Sequence, Typed


class Blocks(Lookups):
    """Lookups that also know sequences and templates. `expansions` is how many templates are being expanded."""

    def __init__(
        self,
        bindings: Mapping[str, Binding],
        attributes: Mapping[tuple[str, str], str],
        known: Known,
        filters: Mapping[str, Binding],
        names: Names | None = None,
    ) -> None:
        super().__init__(bindings, attributes, known, filters, names)
        self.expansions = 0

    def one_after_the_other(self, items: tuple[Typed, ...], pointer: str) -> Typed:
        """Expressions of which the last is the value; effects among them make the whole an effect."""
        last = items[-1].kind
        if any(item.kind == EFFECT for item in items):
            if last not in (EFFECT, NULL):
                return self.problem(items[-1].pointer, "after an effect stands another effect, not a value")
            last = EFFECT
        return Sequence(kind=last, items=items, pointer=pointer)

    def set_template(self, node: Call) -> Typed:
        """Keep a template for the expressions after it."""
        signature = node.args[0].value if node.args and isinstance(node.args[0], Literal) else None
        if len(node.args) != 2 or not isinstance(signature, str):
            message = (
                '`setTemplate` takes a signature as it stands and a body: ["setTemplate", "twice(Decimal)Decimal", …]'
            )
            return self.problem(node.pointer, message)
        declared = template(signature, node.args[1])
        if declared is None:
            return self.problem(node.args[0].pointer, f"a signature is written {SIGNATURE}")
        if any((one.name, one.params) == (declared.name, declared.params) for one in self.names.templates):
            return self.problem(node.args[0].pointer, f"there is a template `{signature}` already")
        self.names.templates.append(declared)
        return Const(kind=NULL, value=None, pointer=node.pointer)

    def expand(self, node: Call) -> Typed:
        """A template with its arguments in place, checked like anything else."""
        name = node.args[0].value if node.args and isinstance(node.args[0], Literal) else None
        if not isinstance(name, str):
            return self.problem(node.pointer, '`!` takes the name of a template as it stands: ["!", "twice", 5]')
        named = [one for one in self.names.all_templates() if one.name == name.lower()]
        found = next((one for one in named if one.takes(node.args[1:])), None)
        if found is None:
            why = "none of this name takes these arguments" if named else "set it before"
            return self.problem(node.pointer, f"there is no such template `{name}`: {why}")
        return self.expansion(found.expand(node.args[1:]))

    def expansion(self, node: Node) -> Typed:
        """The typed form of an expanded template."""
        self.expansions += 1
        typed = self.check(node)
        self.expansions -= 1
        return typed
