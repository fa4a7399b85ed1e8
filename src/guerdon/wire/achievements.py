"""The contract's shapes for achievements; pure data."""

from datetime import datetime
from typing import Literal

from msgspec import UNSET, UnsetType

from guerdon.wire.base import Number, Wire


class AchievementProgress(Wire, kw_only=True):
    """Contract schema `AchievementProgress`."""

    status: Literal["inprogress", "completed", "expired", "not_started"]
    progress: Number
    start_date: datetime | UnsetType = UNSET
    completion_date: datetime | UnsetType = UNSET
    end_date: datetime | UnsetType = UNSET


class CustomerAchievement(Wire, kw_only=True):
    """Contract schema `CustomerAchievement`."""

    id: int
    name: str
    title: str
    description: str
    target: Number
    recurrence_policy: Literal["no_recurrence", "on_expiration", "on_completion"]
    activation_policy: Literal["user_action", "fixed_schedule"]
    fixed_start_date: datetime | UnsetType = UNSET
    end_date: datetime | UnsetType = UNSET
    allow_rollback_after_completion: bool
    current_progress: AchievementProgress | UnsetType = UNSET


class AchievementProgressWithDefinition(Wire, kw_only=True):
    """Contract schema `AchievementProgressWithDefinition`."""

    status: Literal["inprogress", "completed", "expired", "not_started"]
    progress: Number
    start_date: datetime | UnsetType = UNSET
    completion_date: datetime | UnsetType = UNSET
    end_date: datetime | UnsetType = UNSET
    achievement_id: int
    name: str
    title: str
    description: str
    campaign_id: int
    target: Number | UnsetType = UNSET
    achievement_recurrence_policy: Literal["no_recurrence", "on_expiration", "on_completion"]
    achievement_activation_policy: Literal["user_action", "fixed_schedule"]
    achievement_fixed_start_date: datetime | UnsetType = UNSET
    achievement_end_date: datetime | UnsetType = UNSET
    achievement_allow_rollback_after_completion: bool | UnsetType = UNSET
