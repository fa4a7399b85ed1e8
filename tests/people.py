"""Users, logins and keys of other kinds than the first administrator's; written straight into the database, so that
nothing is hashed slowly."""

import hashlib
import itertools

import httpx

_numbers = itertools.count(1)


def digest(secret):
    return hashlib.sha256(secret.encode()).digest()


def new_user(server, *, admin=False, account=1, email=None):
    """The id of a new user who is active."""
    email = email or f"user{next(_numbers)}@example.com"
    insert = """INSERT INTO users (account_id, email, name, password_hash, is_admin, created)
        VALUES ($1, $2, $2, '', $3, now()) RETURNING id"""
    return server.sql(insert, account, email, admin)[0]["id"]


def log_in(server, user_id):
    """Headers of a new login."""
    token = f"token-{next(_numbers)}"
    server.sql("INSERT INTO logins VALUES ($1, $2, now(), now() + interval '90 days')", digest(token), user_id)
    return {"Authorization": f"Bearer {token}"}


def new_role(manager, *sets, name=None, members=(), **used):
    """A role with permission sets (name, *logical operations) that are used so."""
    permissions = {"permissionSets": [{"name": name, "logicalOperations": list(each)} for name, *each in sets]}
    body = {"name": name or f"Role {next(_numbers)}", "description": "", "members": list(members)}
    answer = manager.post("/v2/roles", json=body | {"permissions": permissions | {"roles": used}})
    assert answer.status_code == 201, answer.text
    return answer.json()


def new_key(manager, *paths, **changes):
    """A Management key of whoever asks; its headers."""
    body = {"name": "Key", "expiryDate": "2099-01-01", "endpoints": [{"path": path} for path in paths]} | changes
    answer = manager.post("/v1/management_keys", json=body)
    assert answer.status_code == 201, answer.text
    return {"Authorization": f"ManagementKey-v1 {answer.json()['key']}"}


def as_user(server, headers):
    """A client with these headers."""
    return httpx.Client(base_url=server.url, headers=headers)
