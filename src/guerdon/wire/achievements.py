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
