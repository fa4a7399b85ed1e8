"""The contract's shapes for stores and their budgets; pure data."""

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, UnsetType

from guerdon.wire.base import Input, Number, Wire

BudgetAction = Literal["setDiscount"]
Period = Literal["daily", "weekly", "monthly", "yearly"]
PeriodOrOverall = Literal["overall", "daily", "weekly", "monthly", "yearly"]


class NewStore(Input, kw_only=True):
    """Contract schema `NewStore`."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    description: str
    attributes: dict[str, Any] | UnsetType = UNSET
    integration_id: Annotated[str, Meta(min_length=1, max_length=1000)]


class Store(Wire, kw_only=True):
    """Contract schema `Store`."""

    id: int
    created: datetime
    name: str
    description: str
    attributes: dict[str, Any] | UnsetType = UNSET
    integration_id: str
    application_id: int
    updated: datetime
    linked_campaign_ids: list[int] | UnsetType = UNSET


class NewCampaignStoreBudgetStoreLimit(Input, kw_only=True):
    """Contract schema `NewCampaignStoreBudgetStoreLimit`."""

    store_id: int
    limit: Number


class NewCampaignStoreBudget(Input, kw_only=True):
    """Contract schema `NewCampaignStoreBudget`."""

    action: BudgetAction
    store_limits: list[NewCampaignStoreBudgetStoreLimit]
    period: Period | UnsetType = UNSET


class ListCampaignStoreBudgetsStore(Wire, kw_only=True):
    """Contract schema `ListCampaignStoreBudgetsStore`."""

    id: int
    integration_id: str
    name: str


class ListCampaignStoreBudgets(Wire, kw_only=True):
    """Contract schema `ListCampaignStoreBudgets`."""

    store: ListCampaignStoreBudgetsStore
    limit: Number
    action: str
    period: str | UnsetType = UNSET


class SummaryCampaignStoreBudget(Wire, kw_only=True):
    """Contract schema `SummaryCampaignStoreBudget`."""

    action: str
    period: str | UnsetType = UNSET
    store_count: int
    imported: bool


class StoreBudgets(Wire, kw_only=True):
    """The answer of listCampaignStoreBudgetLimits."""

    data: list[ListCampaignStoreBudgets]


class StoreBudgetSummaries(Wire, kw_only=True):
    """The answer of summarizeCampaignStoreBudget."""

    data: list[SummaryCampaignStoreBudget]
