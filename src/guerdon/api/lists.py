"""The query parameters that lists share (management.md §2), and the refusal of those that none declares."""

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, Any, Literal, TypeVar

from litestar.connection import ASGIConnection
from litestar.constants import RESERVED_KWARGS
from litestar.handlers.base import BaseRouteHandler
from litestar.params import Parameter
from msgspec import UNSET

from guerdon.api.permissions import reads
from guerdon.db.paging import Page
from guerdon.errors import Invalid, Problem
from guerdon.wire.base import EitherPage, camel

PageSize = Annotated[int, Parameter(query="pageSize", ge=1, le=1000)]
Skip = Annotated[int, Parameter(query="skip", ge=0, le=2**31)]
Sort = Annotated[str, Parameter(query="sort")]
WithTotal = Annotated[bool, Parameter(query="withTotalResultSize")]
Flag = Literal["true", "false"]
Valid = Literal["expired", "validNow", "validFuture"]
CampaignState = Literal["enabled", "disabled", "archived", "scheduled", "running", "expired", "staged"]
PATH_PARAMETER = re.compile(r"{(\w+)")
T = TypeVar("T")


def page(page_size: int, skip: int, sort: str) -> Page:
    """The wanted page."""
    return Page(page_size, skip, sort)


def either_page(found: list[T], more: bool, total: int | None) -> EitherPage[T]:
    """A page that counts where it was asked to."""
    return EitherPage(has_more=more, total_result_size=UNSET if total is None else total, data=found)


def flag(value: Flag | None) -> bool | None:
    """A yes or no that is written out; None when it was not asked for."""
    return None if value is None else value == "true"


def moment(parameter: str, text: str | None) -> datetime | None:
    """A timestamp of the query: RFC 3339 with any offset, or a date, which means midnight UTC."""
    if text is None:
        return None
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        problem = Problem.in_query(parameter, "Invalid type", f"{parameter} must be an RFC 3339 timestamp")
        raise Invalid(errors=[problem]) from None
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def numbers(parameter: str, text: str | None) -> list[int] | None:
    """A comma-separated list of ids."""
    if text is None:
        return None
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        problem = Problem.in_query(parameter, "Invalid type", f"{parameter} must be ids separated by commas")
        raise Invalid(errors=[problem]) from None


@lru_cache(maxsize=1000)
def declared(handler: BaseRouteHandler) -> frozenset[str]:
    """The names on the wire of the query parameters of an operation, those of its dependencies included."""
    provided = handler.resolve_dependencies()
    of_path = {name for path in handler.paths for name in PATH_PARAMETER.findall(path)}
    found, signatures = set(), [handler.parsed_fn_signature]
    while signatures:
        for name, field in signatures.pop().parameters.items():
            if name in provided:
                signatures.append(provided[name].parsed_fn_signature)
            elif name not in of_path and name not in RESERVED_KWARGS:
                found.add(getattr(field.kwarg_definition, "query", None) or camel(name))
    return frozenset(found)


async def refuse_undeclared(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """A guard: what is read has the filters that it declares and no others, so that one with a typing error does not
    answer with everything. Raises Invalid."""
    if not (connection.scope["query_string"] and reads(handler)):
        return
    unknown = sorted(set(connection.query_params) - declared(handler))
    if unknown:
        raise Invalid(errors=[Problem.in_query(name, "Unknown", "There is no such parameter") for name in unknown])
