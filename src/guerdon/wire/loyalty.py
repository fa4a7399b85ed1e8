"""The contract's shapes for loyalty; pure data."""

from datetime import datetime
from typing import Literal

from msgspec import UNSET, UnsetType, field

from guerdon.wire.base import Number, Wire
from guerdon.wire.limits import CodeGeneratorSettings


class LoyaltyMembership(Wire, kw_only=True):
    """Contract schema `LoyaltyMembership`."""

    joined: datetime | UnsetType = UNSET
    loyalty_program_id: int


class LoyaltyCardProfileRegistration(Wire, kw_only=True):
    """Contract schema `LoyaltyCardProfileRegistration`."""

    integration_id: str
    timestamp: datetime


class Tier(Wire, kw_only=True):
    """Contract schema `Tier`."""

    id: int
    name: str
    start_date: datetime | UnsetType = UNSET
    expiry_date: datetime | UnsetType = UNSET
    downgrade_policy: Literal["one_down", "balance_based"] | UnsetType = UNSET


class LedgerInfo(Wire, kw_only=True):
    """Contract schema `LedgerInfo`."""

    current_balance: Number
    pending_balance: Number
    negative_balance: Number | UnsetType = UNSET
    expired_balance: Number
    spent_balance: Number
    tentative_current_balance: Number
    tentative_pending_balance: Number | UnsetType = UNSET
    tentative_negative_balance: Number | UnsetType = UNSET
    current_tier: Tier | UnsetType = UNSET
    points_to_next_tier: Number | UnsetType = UNSET
    next_tier_name: str | UnsetType = UNSET


class LoyaltyCard(Wire, kw_only=True):
    """Contract schema `LoyaltyCard`."""

    id: int
    created: datetime
    program_id: int = field(name="programID")
    program_name: str | UnsetType = UNSET
    program_title: str | UnsetType = UNSET
    status: str
    block_reason: str | UnsetType = UNSET
    identifier: str
    users_per_card_limit: int
    profiles: list[LoyaltyCardProfileRegistration] | UnsetType = UNSET
    ledger: LedgerInfo | UnsetType = UNSET
    subledgers: dict[str, LedgerInfo] | UnsetType = UNSET
    modified: datetime | UnsetType = UNSET
    old_card_identifier: str | UnsetType = UNSET
    new_card_identifier: str | UnsetType = UNSET
    batch_id: str | UnsetType = UNSET


class LoyaltyProgramLedgers(Wire, kw_only=True):
    """Contract schema `LoyaltyProgramLedgers`."""

    id: int
    title: str
    name: str
    join_date: datetime | UnsetType = UNSET
    ledger: LedgerInfo
    sub_ledgers: dict[str, LedgerInfo] | UnsetType = UNSET


class Loyalty(Wire, kw_only=True):
    """Contract schema `Loyalty`."""

    cards: list[LoyaltyCard] | UnsetType = UNSET
    programs: dict[str, LoyaltyProgramLedgers]


class LedgerEntry(Wire, kw_only=True):
    """Contract schema `LedgerEntry`."""

    id: int
    created: datetime
    profile_id: str
    account_id: int
    loyalty_program_id: int
    event_id: int
    amount: int
    reason: str
    expiry_date: datetime
    reference_id: int | UnsetType = UNSET


class LoyaltyTier(Wire, kw_only=True):
    """Contract schema `LoyaltyTier`."""

    id: int
    created: datetime
    program_id: int = field(name="programID")
    program_name: str | UnsetType = UNSET
    program_title: str | UnsetType = UNSET
    name: str
    min_points: Number


class LoyaltyProgram(Wire, kw_only=True):
    """Contract schema `LoyaltyProgram`."""

    id: int
    created: datetime
    title: str
    description: str
    subscribed_applications: list[int]
    default_validity: str
    default_pending: str
    allow_subledger: bool
    users_per_card_limit: int | UnsetType = UNSET
    sandbox: bool
    program_join_policy: Literal["not_join", "points_activated", "points_earned"] | UnsetType = UNSET
    tiers_expiration_policy: (
        Literal["tier_start_date", "program_join_date", "customer_attribute", "absolute_expiration"] | UnsetType
    ) = UNSET
    tier_cycle_start_date: datetime | UnsetType = UNSET
    tiers_expire_in: str | UnsetType = UNSET
    tiers_downgrade_policy: Literal["one_down", "balance_based"] | UnsetType = UNSET
    card_code_settings: CodeGeneratorSettings | UnsetType = UNSET
    return_policy: Literal["only_pending", "within_balance", "unlimited"] | UnsetType = UNSET
    account_id: int = field(name="accountID")
    name: str
    tiers: list[LoyaltyTier] | UnsetType = UNSET
    timezone: str
    card_based: bool
    can_update_tiers: bool | UnsetType = UNSET
    can_update_tier_expiration_policy: bool | UnsetType = UNSET
    can_upgrade_to_advanced_tiers: bool | UnsetType = UNSET
    can_update_subledgers: bool | UnsetType = UNSET
