"""The contract's shapes for roles; pure data."""

from datetime import datetime
from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType, field

from guerdon.wire.base import Input, Wire

Name = Annotated[str, Meta(min_length=1, max_length=200)]


class RoleV2PermissionSet(Input, kw_only=True):
    """Contract schema `RoleV2PermissionSet`."""

    name: Name
    logical_operations: Annotated[list[str], Meta(max_length=1000)]


class RolesV2Thresholds(Input, kw_only=True, omit_defaults=True):
    """Contract schema `RolesV2Thresholds`."""

    loyalty_program_id: int | UnsetType = UNSET
    loyalty_points_limit: int | UnsetType = UNSET


class RoleV2ApplicationDetails(Input, kw_only=True, omit_defaults=True):
    """Contract schema `RoleV2ApplicationDetails`: names of permission sets."""

    application: str | UnsetType = UNSET
    campaign: str | UnsetType = UNSET
    draft_campaign: str | UnsetType = UNSET
    tools: str | UnsetType = UNSET
    thresholds: RolesV2Thresholds | UnsetType = UNSET


class RoleV2RolesGroup(Input, kw_only=True, omit_defaults=True):
    """Contract schema `RoleV2RolesGroup`: names of permission sets by what they are for."""

    applications: dict[str, RoleV2ApplicationDetails] | UnsetType = UNSET
    loyalty_programs: dict[str, str] | UnsetType = UNSET
    campaign_access_groups: dict[str, str] | UnsetType = UNSET
    account: str | UnsetType = UNSET


class RoleV2Permissions(Input, kw_only=True, omit_defaults=True):
    """Contract schema `RoleV2Permissions`."""

    permission_sets: Annotated[list[RoleV2PermissionSet], Meta(max_length=500)] | UnsetType = UNSET
    roles: RoleV2RolesGroup | UnsetType = UNSET
    thresholds: list[RolesV2Thresholds] | UnsetType = UNSET


class NewRoleV2(Input, kw_only=True):
    """Contract schema `NewRoleV2`."""

    name: Name
    description: str
    permissions: RoleV2Permissions | UnsetType = UNSET
    members: list[int] | UnsetType = UNSET


class RoleV2Base(Input, kw_only=True):
    """Contract schema `RoleV2Base`."""

    name: Name | UnsetType = UNSET
    description: str | UnsetType = UNSET
    permissions: RoleV2Permissions | UnsetType = UNSET
    members: list[int] | UnsetType = UNSET


class RoleV2(Wire, kw_only=True):
    """Contract schema `RoleV2`."""

    id: int
    created: datetime
    modified: datetime
    account_id: int
    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    permissions: RoleV2Permissions | UnsetType = UNSET
    members: list[int] | UnsetType = UNSET
    is_readonly: bool | UnsetType = UNSET


class Role(Wire, kw_only=True):
    """Contract schema `Role`, the first generation; `acl` is always empty."""

    id: int
    created: datetime
    modified: datetime
    account_id: int
    campaign_group_id: int | UnsetType = field(name="campaignGroupID", default=UNSET)
    name: str
    description: str | UnsetType = UNSET
    members: list[int] | UnsetType = UNSET
    acl: dict[str, Any]
