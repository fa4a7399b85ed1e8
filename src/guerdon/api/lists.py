"""The query parameters that lists share (management.md §2)."""

from datetime import UTC, datetime
from typing import Annotated, Literal, TypeVar

from litestar.params import Parameter
from msgspec import UNSET

from guerdon.db.paging import Page
from guerdon.errors import Invalid, Problem
from guerdon.wire.base import EitherPage

PageSize = Annotated[int, Parameter(query="pageSize", ge=1, le=1000)]
Skip = Annotated[int, Parameter(query="skip", ge=0, le=2**31)]
Sort = Annotated[str, Parameter(query="sort")]
WithTotal = Annotated[bool, Parameter(query="withTotalResultSize")]
Flag = Literal["true", "false"]
Valid = Literal["expired", "validNow", "validFuture"]
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
