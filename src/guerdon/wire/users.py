"""The contract's shapes for users, their invitations and their passwords; pure data."""

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, UnsetType

from guerdon.wire.base import Input, Wire

# One @ with something on both sides, and nothing that would end or split the header of a mail.
Email = Annotated[str, Meta(max_length=254, pattern=r"^[^@\s<>()\[\],;:\\\"\x00-\x1f\x7f]+@[^@\s<>()\[\],;:\\\"\x00-\x1f\x7f]+$")]  # fmt: skip
Name = Annotated[str, Meta(max_length=200)]
Token = Annotated[str, Meta(min_length=1, max_length=200)]


class User(Wire, kw_only=True):
    """Contract schema `User`. `inviteToken` is shown once, in the answer that makes it."""

    id: int
    created: datetime
    modified: datetime
    email: str
    account_id: int
    name: str
    state: Literal["invited", "active", "deactivated"]
    invite_token: str = ""
    is_admin: bool | UnsetType = UNSET
    policy: dict[str, Any]
    roles: list[int] | UnsetType = UNSET
    auth_method: str | UnsetType = UNSET
    application_notification_subscriptions: dict[str, Any] | UnsetType = UNSET
    last_signed_in: datetime | UnsetType = UNSET
    last_accessed: datetime | UnsetType = UNSET
    latest_feed_timestamp: datetime | UnsetType = UNSET
    additional_attributes: dict[str, Any] | UnsetType = UNSET


class UpdateUser(Input, kw_only=True):
    """Contract schema `UpdateUser`; `policy` is of the first generation and changes nothing."""

    name: Name | UnsetType = UNSET
    state: Literal["deactivated", "active"] | UnsetType = UNSET
    is_admin: bool | UnsetType = UNSET
    policy: str | UnsetType = UNSET
    roles: list[int] | UnsetType = UNSET
    application_notification_subscriptions: dict[str, Any] | UnsetType = UNSET


class NewInvitation(Input, kw_only=True):
    """Contract schema `NewInvitation`; `acl` is of the first generation and changes nothing."""

    name: Name | UnsetType = UNSET
    email: Email
    is_admin: bool | UnsetType = UNSET
    roles: list[int] | UnsetType = UNSET
    acl: str | UnsetType = UNSET


class NewExternalInvitation(Input, kw_only=True):
    """Contract schema `NewExternalInvitation`."""

    name: Name | UnsetType = UNSET
    user_groups: list[str] | UnsetType = UNSET
    email: Email


class UserByEmail(Input, kw_only=True):
    """Contract schemas `ActivateUserRequest`, `DeactivateUserRequest` and `DeleteUserRequest`."""

    email: Email


class NewInviteEmail(Input, kw_only=True):
    """Contract schema `NewInviteEmail`."""

    email: Email
    token: Token


class NewUser(Input, kw_only=True):
    """Contract schema `NewUser`."""

    email: Email
    password: str
    name: Name | UnsetType = UNSET
    invite_token: Token


class NewPasswordEmail(Input, kw_only=True):
    """Contract schema `NewPasswordEmail`."""

    email: Email


class NewPassword(Input, kw_only=True):
    """Contract schema `NewPassword`."""

    password: str
    reset_token: Token


class ChangeProfilePassword(Input, kw_only=True):
    """Contract schema `ChangeProfilePassword`."""

    password: str
    new_password: str
