"""The contract's shapes for the account; pure data."""

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, UnsetType

from guerdon.wire.base import Input, Moment, Wire
from guerdon.wire.users import Email


class Account(Wire, kw_only=True):
    """Contract schema `Account`. Nothing is limited here, so limits and the plan are left out."""

    id: int
    created: datetime
    modified: datetime
    company_name: str
    domain_name: str
    state: Literal["active", "deactivated"]
    billing_email: str
    plan_name: str | UnsetType = UNSET
    plan_expires: datetime | UnsetType = UNSET
    application_limit: int | UnsetType = UNSET
    user_limit: int | UnsetType = UNSET
    campaign_limit: int | UnsetType = UNSET
    api_limit: int | UnsetType = UNSET
    application_count: int
    user_count: int
    campaigns_active_count: int
    campaigns_inactive_count: int
    attributes: dict[str, Any] | UnsetType = UNSET


class UpdateAccount(Input, kw_only=True):
    """Contract schema `UpdateAccount`."""

    attributes: dict[str, Any] | UnsetType = UNSET
    company_name: Annotated[str, Meta(min_length=1, max_length=1000)]
    billing_email: Email
    state: Literal["active", "deactivated"] | UnsetType = UNSET
    plan_expires: Moment | UnsetType = UNSET
