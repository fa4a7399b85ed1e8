"""The contract's shapes for limits; pure data."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from guerdon.wire.base import Input, Number


class LimitConfig(Input, kw_only=True):
    """Contract schema `LimitConfig`."""

    action: str
    limit: Number
    period: Literal["daily", "weekly", "monthly", "yearly"] | UnsetType = UNSET
    entities: list[Literal["Coupon", "Referral", "Profile", "Identifier", "Store", "Session"]]


class CodeGeneratorSettings(Input, kw_only=True):
    """Contract schema `CodeGeneratorSettings`."""

    valid_characters: list[str]
    coupon_pattern: Annotated[str, Meta(min_length=3, max_length=100, pattern=r"^[A-Za-z0-9._%+@#-]+$")]
