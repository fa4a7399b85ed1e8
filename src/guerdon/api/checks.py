"""Checks of request bodies that several nouns share; each returns problems, `refuse` turns them into a 400."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from msgspec import UNSET, UnsetType

from guerdon.engine.attributes import Definitions, check_attributes
from guerdon.errors import Invalid, NotFound, Problem
from guerdon.wire.limits import LimitConfig

LONGEST_ID = 1000

LIMIT_ACTIONS = (
    "redeemCoupon",
    "redeemReferral",
    "setDiscount",
    "setDiscountEffect",
    "createCoupon",
    "createReferral",
    "createLoyaltyPoints",
    "createLoyaltyPointsEffect",
    "redeemLoyaltyPoints",
    "redeemLoyaltyPointsEffect",
    "awardGiveaway",
    "addFreeItemEffect",
    "customEffect",
    "callApi",
    "reserveCoupon",
)


def refuse(problems: list[Problem]) -> None:
    """Raise Invalid when there are problems."""
    if problems:
        raise Invalid(errors=problems)


def limits(given: list[LimitConfig] | UnsetType) -> list[Problem]:
    """Limits name an action that can be counted, and are not negative."""
    problems = []
    for index, limit in enumerate([] if given is UNSET else given):
        if limit.action not in LIMIT_ACTIONS:
            actions = ", ".join(f'"{action}"' for action in LIMIT_ACTIONS)
            details = f"action must be one of the following: {actions}"
            problems.append(Problem.at(f"/limits/{index}/action", "enum", details))
        if limit.limit < 0:
            problems.append(Problem.at(f"/limits/{index}/limit", "minimum", "Expected `number` >= 0"))
    return problems


def period(start: datetime | UnsetType, end: datetime | UnsetType, end_name: str) -> list[Problem]:
    """A period ends after it starts, when both are given."""
    if start is UNSET or end is UNSET or end > start:
        return []
    return [Problem.at(f"/{end_name}", "Invalid value", f"{end_name} must be later than the start")]


def attributes(
    values: dict[str, Any] | UnsetType, entity: str, definitions: Definitions, pointer: str = "/attributes"
) -> list[Problem]:
    """Custom attribute values are defined for the entity and of the defined type."""
    found = check_attributes({} if values is UNSET else values, entity, definitions, pointer)
    return [Problem.at(problem.pointer, problem.title, problem.details) for problem in found]


def mandatory(values: Mapping[str, Any] | UnsetType, names: Collection[str]) -> list[Problem]:
    """The Application's mandatory attributes are set."""
    present = {} if values is UNSET else values
    return [
        Problem.at(f"/attributes/{name}", "required", f'The attribute "{name}" is mandatory.')
        for name in names
        if present.get(name) is None
    ]


def integration_id(raw_path: bytes, prefix: str) -> str:
    """The id that the shop chose, at the end of a path as it was sent: any text of 1 to 1000 characters, slashes too.
    The framework would put up with what is no UTF-8."""
    segment = raw_path.removeprefix(prefix.encode())
    if b"/" in segment:
        raise NotFound("Not found")
    try:
        found = unquote(segment.decode("ascii"), errors="strict")
    except UnicodeDecodeError:
        raise Invalid("The id in the path is not valid UTF-8") from None
    if not 1 <= len(found) <= LONGEST_ID:
        raise Invalid(
            errors=[Problem.in_query("integrationId", "maxLength", f"an id has 1 to {LONGEST_ID} characters")]
        )
    return found
