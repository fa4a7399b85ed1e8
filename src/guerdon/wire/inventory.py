"""The contract's shape for what a customer has; pure data."""

from msgspec import UNSET, UnsetType

from guerdon.wire.achievements import AchievementProgressWithDefinition
from guerdon.wire.base import Wire
from guerdon.wire.coupons import InventoryCoupon
from guerdon.wire.customers import CustomerProfile
from guerdon.wire.giveaways import Giveaway
from guerdon.wire.loyalty import Loyalty
from guerdon.wire.referrals import InventoryReferral


class CustomerInventory(Wire, kw_only=True):
    """Contract schema `CustomerInventory`."""

    profile: CustomerProfile | UnsetType = UNSET
    loyalty: Loyalty | UnsetType = UNSET
    referrals: list[InventoryReferral] | UnsetType = UNSET
    coupons: list[InventoryCoupon] | UnsetType = UNSET
    giveaways: list[Giveaway] | UnsetType = UNSET
    achievements: list[AchievementProgressWithDefinition] | UnsetType = UNSET
