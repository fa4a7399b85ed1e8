"""The vendor's SDK for Python (talon-one-sdk 26.2) invites people, and gives them roles."""

import talon_one
from talon_one import models

import people
from conftest import EMAIL, MANAGEMENT_KEY
from people import log_in, new_user

GOOD, BETTER = "a long enough password", "an even longer password"


def _api(server, **key):
    scheme, value = next(iter(key.items()), ("", ""))
    prefix = {"management_key": "ManagementKey-v1", "manager_auth": "Bearer"}.get(scheme, "")
    given = {"api_key": {scheme: value}, "api_key_prefix": {scheme: prefix}} if key else {}
    return talon_one.ManagementApi(talon_one.ApiClient(talon_one.Configuration(host=server.url, **given)))


def test_users(mailed):
    sdk, stranger = _api(mailed, management_key=MANAGEMENT_KEY), _api(mailed)
    email = "ann@example.com"
    user = sdk.create_invite_v2(models.NewInvitation(email=email, name="Ann", roles=[]))
    assert (user.state, user.email, len(user.invite_token)) == ("invited", email, 43)
    again = sdk.create_invite_email(models.NewInviteEmail(email=email, token=user.invite_token))
    assert again.token == user.invite_token
    assert [mailed.mailbox.token(email) for _ in range(2)] == [user.invite_token] * 2
    assert [one.email for one in sdk.get_users(sort="id").data] == [EMAIL, email]
    assert sdk.get_user(user.id).invite_token == ""
    assert sdk.update_user(user.id, models.UpdateUser(name="Ann B.", is_admin=True)).name == "Ann B."

    body = {"email": email, "password": GOOD, "inviteToken": user.invite_token}
    with people.as_user(mailed, {}) as client:
        client.post("/v1/users", json=body).raise_for_status()
    # The SDK wants to read a body of these, which an answer of 204 cannot have.
    recovery = models.NewPasswordEmail(email=email)
    assert stranger.create_password_recovery_email_without_preload_content(recovery).status == 204
    new_password = models.NewPassword(password=BETTER, reset_token=mailed.mailbox.token(email))
    assert stranger.reset_password_without_preload_content(new_password).status == 204
    session = stranger.create_session(models.LoginParams(email=email, password=BETTER))
    assert _api(mailed, manager_auth=session.token).get_user(user.id).last_signed_in is not None

    assert sdk.deactivate_user_by_email(models.DeactivateUserRequest(email=email)) is None
    assert sdk.get_user(user.id).state == "deactivated"
    assert sdk.activate_user_by_email(models.ActivateUserRequest(email=email)) is None
    assert sdk.delete_user_by_email(models.DeleteUserRequest(email=email)) is None
    new = models.NewExternalInvitation(email="bob@example.com", user_groups=["Support"])
    assert sdk.invite_user_external(new) is None
    assert sdk.delete_user(sdk.get_users(sort="-id").data[0].id) is None
    assert sdk.get_users().total_result_size == 1


def test_roles(mailed):
    """The SDK's model of permissions forgets an import and raises NameError for every role that uses its permission sets
    somewhere, the vendor's own as well; so these do not, and what the SDK sends is looked at."""
    sdk = _api(mailed, management_key=MANAGEMENT_KEY)
    member = new_user(mailed)
    with people.as_user(mailed, {"Authorization": f"ManagementKey-v1 {MANAGEMENT_KEY}"}) as client:
        permissions = {"permissionSets": [{"name": "read", "logicalOperations": ["getAttributeOperations"]}]}
        new = {"name": "Reader", "description": "", "permissions": permissions}
        made = client.post("/v2/roles", json=new).raise_for_status().json()
    role = sdk.get_role_v2(made["id"])
    assert (role.name, role.is_readonly, role.permissions.permission_sets[0].name) == ("Reader", False, "read")
    operations = ["getApplicationOperations", "editApplicationOperations"]
    sets = [models.RoleV2PermissionSet(name="shop", logical_operations=operations)]
    permissions = models.RoleV2Permissions(permission_sets=sets)
    changed = sdk.update_role_v2(role.id, models.RoleV2Base(permissions=permissions, members=[member]))
    assert changed.members == [member]
    assert changed.permissions.permission_sets[0].logical_operations == operations
    assert sdk.list_all_roles_v2().data == [changed]

    details = models.RoleV2ApplicationDetails(application="shop", campaign="shop", draft_campaign="shop")
    used = {"permissions": {"roles": {"applications": {"1": details.to_dict()}}}}
    with people.as_user(mailed, {"Authorization": f"ManagementKey-v1 {MANAGEMENT_KEY}"}) as client:
        client.put(f"/v2/roles/{role.id}", json=used).raise_for_status()
    token = log_in(mailed, member)["Authorization"].removeprefix("Bearer ")
    assert [one.id for one in _api(mailed, manager_auth=token).get_applications().data] == [1]


def test_the_account(mailed):
    account = _api(mailed, management_key=MANAGEMENT_KEY).get_account(1)
    assert (account.id, account.company_name, account.application_count, account.state) == (1, "My shop", 1, "active")
