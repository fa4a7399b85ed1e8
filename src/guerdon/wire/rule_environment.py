"""What rules of an Application may use, for editors: our own operation, in the contract's shapes of an environment
(rules.md §1.6); pure data. Members that the contract does not have say more, none says anything else."""

from typing import Any

from msgspec import UNSET, UnsetType

from guerdon.wire.base import Wire


class FuncArgDef(Wire, kw_only=True):
    """Contract schema `FuncArgDef`. `name` is what it is called here; `type` is the contract's word for a kind (`string`, `(list number)`) or one of
    ours, such as `item` or `lambda`; a `repeated` argument may stand any number of times. `choices` are the texts it may be, if it may not be any."""

    name: str
    type: str
    description: str | UnsetType = UNSET
    optional: bool
    repeated: bool
    choices: list[str] | UnsetType = UNSET


class OptionDef(Wire, kw_only=True):
    """What the object at the end of an effect may hold; `choices` are the texts it may be, if it may not be any."""

    name: str
    type: str
    choices: list[str] | UnsetType = UNSET


class FunctionDef(Wire, kw_only=True):
    """Contract schema `FunctionDef`: one way to call a function or effect. `type` is the kind it gives, `effect` for
    effects. `help` is a hint for editors, `example` an expression with its value. `feature` is what a campaign must
    have to use it; `perItem` effects may stand in campaigns of type cartItem, `failure` effects where a condition
    failed."""

    name: str
    type: str
    description: str
    help: str | UnsetType = UNSET
    args: list[FuncArgDef]
    options: list[OptionDef]
    signature: str
    example: list[Any] | UnsetType = UNSET
    feature: str | UnsetType = UNSET
    per_item: bool
    failure: bool


class SlotDef(Wire, kw_only=True):
    """Contract schema `SlotDef`: something a rule can look up; `writable` where `updateAttribute` takes it."""

    name: str
    type: str
    title: str
    description: str | UnsetType = UNSET
    help: str | UnsetType = UNSET
    writable: bool


class RuleEnvironment(Wire, kw_only=True):
    """Everything that a rule of the Application may look up and call."""

    application_id: int
    slots: list[SlotDef]
    functions: list[FunctionDef]
