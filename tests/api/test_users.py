"""Users: invited, activated, deactivated, deleted; mails that really are sent (management.md §18)."""

import asyncio
import itertools
import logging
from datetime import UTC, datetime

import httpx
import pytest

import people
from checkout import invalid, refusal, refused_request, rows
from conftest import EMAIL, MANAGEMENT_KEY, _serve
from guerdon.api.mail import Mailer
from guerdon.settings import Settings

KEY = {"Authorization": f"ManagementKey-v1 {MANAGEMENT_KEY}"}
GOOD = "a long enough password"
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def manager(mailed):
    with httpx.Client(base_url=mailed.url, headers=KEY) as client:
        yield client


@pytest.fixture
def address():
    return f"person{next(_numbers)}@example.com"


def invite(manager, email, **changes):
    answer = manager.post("/v2/invites", json={"email": email} | changes)
    assert answer.status_code == 201, answer.text
    return answer.json()


def accept(mailed, user, password=GOOD, **changes):
    body = {"email": user["email"], "password": password, "inviteToken": user["inviteToken"]} | changes
    return httpx.post(f"{mailed.url}/v1/users", json=body)


def joined(mailed, manager, email, **changes):
    """A user who has accepted an invitation; the mail is taken."""
    user = invite(manager, email, **changes)
    mailed.mailbox.take()
    answer = accept(mailed, user)
    assert answer.status_code == 201, answer.text
    return answer.json()


def log_in(mailed, email, password=GOOD):
    return httpx.post(f"{mailed.url}/v1/sessions", json={"email": email, "password": password})


def bearer(answer):
    assert answer.status_code == 201, answer.text
    return {"Authorization": f"Bearer {answer.json()['token']}"}


def test_from_an_invitation_to_a_login(mailed, manager, address):
    role = people.new_role(
        manager, ("reading", "getApplicationOperations"), applications={"1": {"application": "reading"}}
    )
    user = invite(manager, address, name="Kim", roles=[role["id"]])
    token = user["inviteToken"]
    assert (user["state"], user["name"], user["isAdmin"], user["roles"]) == ("invited", "Kim", False, [role["id"]])
    assert (user["policy"], user["authMethod"], user["accountId"]) == ({}, "basic_auth", 1)
    assert mailed.mailbox.token(address) == token
    assert log_in(mailed, address).status_code == 401

    accepted = accept(mailed, user, name="Kim Doe")
    assert accepted.status_code == 201
    assert {**user, "inviteToken": "", "state": "active", "name": "Kim Doe"} == accepted.json() | {
        "modified": user["modified"]
    }
    assert accept(mailed, user).json() == refusal("The invitation is not valid, or has expired")

    login = bearer(log_in(mailed, address.upper()))
    shown = httpx.get(f"{mailed.url}/v1/users/{user['id']}", headers=login)
    assert shown.status_code == 200
    assert set(shown.json()) - set(accepted.json()) == {"lastSignedIn", "lastAccessed"}
    assert [one["id"] for one in httpx.get(f"{mailed.url}/v1/applications", headers=login).json()["data"]] == [1]
    assert httpx.get(f"{mailed.url}/v1/users/1", headers=login).status_code == 403
    assert httpx.get(f"{mailed.url}/v1/users", headers=login).status_code == 403


def test_tokens_are_stored_as_hashes(mailed, manager, address):
    token = invite(manager, address)["inviteToken"]
    mailed.mailbox.take()
    assert token not in str([dict(row) for row in mailed.sql("SELECT * FROM user_tokens")])
    assert manager.get("/v1/users").json()["data"][-1]["inviteToken"] == ""


def test_what_the_mail_says(mailed, manager, address):
    user = invite(manager, address, name="Kim\r\nBcc: all@example.com")
    to, message = mailed.mailbox.take()
    assert (to, message["To"], message["From"]) == (address, address, "Guerdon <guerdon@localhost>")
    assert (message["Subject"], message["Auto-Submitted"], message["Bcc"]) == (
        "Invitation to Guerdon",
        "auto-generated",
        None,
    )
    assert "Hello Kim Bcc: all@example.com,\n" in message.get_content()
    assert "https://shop.example/v1/users" in message.get_content()
    assert user["inviteToken"] in message.get_content()


def test_an_invitation_lasts_24_hours_and_longer_when_it_is_mailed_again(mailed, manager, address):
    user = invite(manager, address)
    mailed.mailbox.take()
    again = {"email": address, "token": user["inviteToken"]}
    try:
        mailed.clock.travel(hours=23)
        answer = manager.post("/v1/invite_emails", json=again)
        assert (answer.status_code, answer.json()) == (201, again)
        assert mailed.mailbox.token(address) == user["inviteToken"]
        mailed.clock.travel(hours=23)
        other = manager.post("/v1/invite_emails", json=again | {"token": "other"})
        assert other.json() == invalid(("/token", "Unknown", "There is no invitation of this email and token"))
        mailed.clock.travel(hours=1, minutes=1)
        assert accept(mailed, user).json() == refusal("The invitation is not valid, or has expired")
        manager.post("/v1/invite_emails", json=again).raise_for_status()
        mailed.mailbox.take()
        assert accept(mailed, user).status_code == 201
    finally:
        mailed.clock.travel(hours=-47, minutes=-1)


def test_who_has_not_accepted_can_be_invited_again_and_who_has_cannot(mailed, manager, address):
    first, second = invite(manager, address), invite(manager, address.upper(), name="Kim", isAdmin=True)
    assert second["id"] == first["id"]
    assert (second["name"], second["isAdmin"]) == ("Kim", True)
    # Mails are sent after the answers: which of two comes first is the network's affair.
    assert {mailed.mailbox.token(address) for _ in range(2)} == {first["inviteToken"], second["inviteToken"]}
    assert accept(mailed, first).status_code == 400
    assert accept(mailed, second).status_code == 201
    refused = refused_request(mailed, manager, "POST", "/v2/invites", json={"email": address})
    assert refused == (409, refusal("A user with this email already exists", status=409))


def test_an_invitation_is_for_its_address(mailed, manager, address):
    user = invite(manager, address)
    mailed.mailbox.take()
    refused = accept(mailed, user | {"email": "other@example.com"})
    assert (refused.status_code, refused.json()) == (400, refusal("The invitation is not valid, or has expired"))
    assert accept(mailed, user).status_code == 201


def test_a_directory_invites_into_roles_by_their_names(mailed, manager, address):
    role = people.new_role(manager, name="Support team")
    body = {"email": address, "name": "Kim", "userGroups": ["Support team", "Football"]}
    answer = manager.post("/v1/users/invite", json=body)
    assert (answer.status_code, answer.content) == (204, b"")
    token = mailed.mailbox.token(address)
    user = accept(mailed, {"email": address, "inviteToken": token}).json()
    assert (user["roles"], user["isAdmin"]) == ([role["id"]], False)


def test_when_a_user_was_seen_is_kept_to_the_minute(mailed, manager, address):
    user = invite(manager, address)
    mailed.mailbox.take()
    accept(mailed, user)
    assert "lastAccessed" not in manager.get(f"/v1/users/{user['id']}").json()
    login = bearer(log_in(mailed, address))

    def seen():
        return httpx.get(f"{mailed.url}/v1/users/{user['id']}", headers=login).json()["lastAccessed"]

    first = seen()
    mailed.clock.travel(seconds=40)
    assert seen() == first
    mailed.clock.travel(seconds=30)
    second = seen()
    assert second > first
    assert manager.get(f"/v1/users/{user['id']}").json()["lastAccessed"] == second


def test_users_are_listed(mailed, manager, address):
    invite(manager, address)
    mailed.mailbox.take()
    whole = manager.get("/v1/users", params={"sort": "-id", "pageSize": 1}).json()
    assert whole["data"][0]["email"] == address
    assert whole["totalResultSize"] == len(manager.get("/v1/users").json()["data"])
    assert manager.get("/v1/users", params={"sort": "password_hash"}).status_code == 400
    assert manager.get("/v1/users", params={"name": "Kim"}).status_code == 400
    for sort in ("created", "modified", "email", "name", "state", "lastSignedIn"):
        assert manager.get("/v1/users", params={"sort": sort}).status_code == 200


def test_a_deactivated_user_is_out_with_its_keys_until_it_is_activated(mailed, manager, address):
    user = joined(mailed, manager, address, isAdmin=True)
    login = bearer(log_in(mailed, address))
    with httpx.Client(base_url=mailed.url, headers=login) as mine:
        key = people.new_key(mine)
        assert mine.get("/v1/applications", headers=key).status_code == 200
        gone = manager.post("/v1/users/deactivate", json={"email": address.upper()})
        assert (gone.status_code, gone.content) == (204, b"")
        assert mine.get("/v1/applications").status_code == 401
        assert mine.get("/v1/applications", headers=key).status_code == 401
        assert log_in(mailed, address).status_code == 401
        assert manager.get("/v1/management_keys").json()["data"][-1]["disabled"] is True
        assert manager.post("/v1/users/activate", json={"email": address}).status_code == 204
        assert mine.get("/v1/applications").status_code == 401  # the login has ended
        assert mine.get("/v1/applications", headers=key).status_code == 200
        assert log_in(mailed, address).status_code == 201
    assert manager.get(f"/v1/users/{user['id']}").json()["state"] == "active"


def test_a_deleted_user_is_gone_and_its_address_is_free(mailed, manager, address):
    user = joined(mailed, manager, address, isAdmin=True)
    login = bearer(log_in(mailed, address))
    with httpx.Client(base_url=mailed.url, headers=login) as mine:
        key = people.new_key(mine, name="Left behind")
        assert manager.delete(f"/v1/users/{user['id']}").status_code == 204
        assert mine.get("/v1/applications").status_code == 401
        assert mine.get("/v1/applications", headers=key).status_code == 401
    assert manager.get(f"/v1/users/{user['id']}").status_code == 404
    assert manager.delete(f"/v1/users/{user['id']}").status_code == 404
    left = next(one for one in manager.get("/v1/management_keys").json()["data"] if one["name"] == "Left behind")
    assert (left["disabled"], left["createdBy"]) == (True, user["id"])
    other = joined(mailed, manager, address)
    assert other["id"] > user["id"]
    assert manager.post("/v1/users/delete", json={"email": address}).status_code == 204
    assert manager.post("/v1/users/delete", json={"email": address}).json() == refusal("User not found", status=404)


ONESELF = "You cannot deactivate or delete yourself"
LAST = "The account needs an administrator besides this user"


@pytest.mark.parametrize(
    ("method", "url", "body", "message"),
    [
        ("DELETE", "/v1/users/1", None, ONESELF),
        ("POST", "/v1/users/delete", {"email": EMAIL}, ONESELF),
        ("POST", "/v1/users/deactivate", {"email": EMAIL}, ONESELF),
        ("PUT", "/v1/users/1", {"state": "deactivated"}, ONESELF),
        ("PUT", "/v1/users/1", {"isAdmin": False}, LAST),
    ],
)
def test_nobody_deletes_themselves_and_somebody_stays_administrator(mailed, manager, method, url, body, message):
    mailed.sql("UPDATE users SET is_admin = false WHERE id > 1")
    assert refused_request(mailed, manager, method, url, json=body) == (400, refusal(message))


def test_the_last_administrator_stays_whoever_asks(server):
    """Two administrators delete one another; one of them stays."""
    ids = [people.new_user(server, admin=True) for _ in range(2)]
    clients = [people.as_user(server, people.log_in(server, one)) for one in ids]
    assert clients[0].delete("/v1/users/1").status_code == 204
    assert clients[0].delete(f"/v1/users/{ids[1]}").status_code == 204
    assert clients[1].delete(f"/v1/users/{ids[0]}").status_code == 401
    assert clients[0].put(f"/v1/users/{ids[0]}", json={"isAdmin": False}).json() == refusal(LAST)
    for client in clients:
        client.close()


def test_two_administrators_delete_one_another_at_once(server):
    async def duel(requests):
        async with httpx.AsyncClient(base_url=server.url) as client:
            return await asyncio.gather(*(client.delete(url, headers=headers) for url, headers in requests))

    for _ in range(3):
        server.sql("UPDATE users SET is_admin = false")
        ids = [people.new_user(server, admin=True) for _ in range(2)]
        logins = [people.log_in(server, one) for one in reversed(ids)]
        answers = asyncio.run(duel([(f"/v1/users/{one}", login) for one, login in zip(ids, logins, strict=True)]))
        assert [answer.status_code for answer in answers].count(204) == 1
        assert server.sql("SELECT count(*) FROM users WHERE is_admin AND state = 'active'")[0]["count"] == 1


def test_changing_a_user(mailed, manager, address):
    role = people.new_role(manager)
    user = joined(mailed, manager, address)
    change = {
        "name": "Kim",
        "isAdmin": True,
        "roles": [role["id"]],
        "applicationNotificationSubscriptions": {"1": {"a": 1}},
    }
    changed = manager.put(f"/v1/users/{user['id']}", json=change | {"policy": "{}"}).json()
    assert {name: changed[name] for name in change} == change
    same = manager.put(f"/v1/users/{user['id']}", json={}).json()
    assert same | {"modified": 0} == changed | {"modified": 0}
    assert manager.get(f"/v2/roles/{role['id']}").json()["members"] == [user["id"]]
    refused = refused_request(mailed, manager, "PUT", f"/v1/users/{user['id']}", json={"name": "Lee", "roles": [9999]})
    assert refused == (400, invalid(("/roles", "Unknown", "The account has no role of one of these ids")))
    assert refused_request(mailed, manager, "PUT", "/v1/users/9999", json={"name": "Lee"})[0] == 404


def test_an_invitation_must_be_accepted_before_a_user_is_activated(mailed, manager, address):
    user = invite(manager, address)
    mailed.mailbox.take()
    expected = invalid(("/state", "Immutable", "The user has not accepted the invitation yet"))
    assert refused_request(mailed, manager, "POST", "/v1/users/activate", json={"email": address}) == (400, expected)
    manager.put(f"/v1/users/{user['id']}", json={"state": "deactivated"}).raise_for_status()
    assert accept(mailed, user).status_code == 400
    manager.put(f"/v1/users/{user['id']}", json={"state": "active"}).raise_for_status()
    assert log_in(mailed, address, "").status_code == 401  # without a password there is no login; it can be recovered


EMAILS = [
    "",
    "a",
    "a@",
    "@b",
    "a b@c",
    "a@b\r\nBcc: c@d",
    "a@b,c@d",
    "<a@b>",
    "a@b\0",
    "a@" + "b" * 300,
    7,
    None,
    ["a@b"],
]


@pytest.mark.parametrize("email", EMAILS)
@pytest.mark.parametrize("url", ["/v2/invites", "/v1/users/invite", "/v1/users/delete", "/v1/password_recovery_emails"])
def test_what_is_no_address(mailed, manager, url, email):
    status, body = refused_request(mailed, manager, "POST", url, json={"email": email})
    assert (status, body["errors"][0]["source"]) == (400, {"pointer": "/email"})


@pytest.mark.parametrize("address", ["kïm@exämple.com", "a+b.c'd@example.com", "😀@example.com", "İ@example.com"])
def test_odd_addresses(mailed, manager, address):
    user = invite(manager, address)
    assert mailed.mailbox.token(address) == user["inviteToken"]
    assert accept(mailed, user).status_code == 201
    assert log_in(mailed, address).status_code == 201


def test_users_of_another_account_are_not_there(mailed, manager):
    mailed.sql(
        "INSERT INTO accounts (id, name, created) OVERRIDING SYSTEM VALUE VALUES (7, 'Other', now()) ON CONFLICT DO NOTHING"
    )
    other = people.new_user(mailed, account=7, email="other@elsewhere.example")
    for method, url, body in (
        ("GET", f"/v1/users/{other}", None),
        ("PUT", f"/v1/users/{other}", {"state": "deactivated"}),
        ("DELETE", f"/v1/users/{other}", None),
        ("POST", "/v1/users/delete", {"email": "other@elsewhere.example"}),
        ("POST", "/v1/users/deactivate", {"email": "other@elsewhere.example"}),
    ):
        assert refused_request(mailed, manager, method, url, json=body)[0] == 404
    assert refused_request(mailed, manager, "POST", "/v2/invites", json={"email": "other@elsewhere.example"})[0] == 409
    assert (
        refused_request(
            mailed, manager, "POST", "/v2/roles", json={"name": "x", "description": "", "members": [other]}
        )[0]
        == 400
    )


def test_a_failing_mail_server_is_not_the_clients_error(mailed, manager, address, caplog):
    mailed.mailbox.refuses = True
    try:
        with caplog.at_level(logging.ERROR):
            user = invite(manager, address)
            answer = accept(mailed, user)
        assert answer.status_code == 201
    finally:
        mailed.mailbox.refuses = False


def test_a_refused_invitation_sends_no_mail(mailed, manager, address):
    assert manager.post("/v2/invites", json={"email": address, "roles": [9999]}).status_code == 400
    user = invite(manager, address)
    assert mailed.mailbox.token(address) == user["inviteToken"]


def test_the_log_has_the_mail_where_no_server_is_set_up_and_where_it_fails(database, caplog):
    for mailer in (
        Mailer(Settings(port=8099)),
        Mailer(Settings(smtp_host="127.0.0.1", smtp_port=1, smtp_security="none")),
    ):
        with _serve(database, mailer=mailer) as running, httpx.Client(base_url=running.url, headers=KEY) as manager:
            invite(manager, f"kim{next(_numbers)}@example.com")
    first, second = (record.getMessage() for record in caplog.records if record.name == "guerdon")
    assert first.startswith("No mail server is set up (GUERDON_SMTP_HOST). To kim")
    assert "curl -X POST http://127.0.0.1:8099/v1/users" in first
    assert "could not be sent: [Errno" in second


def test_a_mail_server_that_wants_a_login(mailed):
    settings = Settings(
        smtp_host="127.0.0.1",
        smtp_port=mailed.mailbox.port,
        smtp_security="none",
        smtp_user="u",
        smtp_password="secret",
    )
    asyncio.run(Mailer(settings).invite("kim@example.com", "Kim", "t" * 43, datetime.now(UTC)))
    assert mailed.mailbox.token("kim@example.com") == "t" * 43
    assert mailed.mailbox.logins[-1] == ["u", "secret"]


WRONG = [b"", b"{", b"[]", b"null", b'{"email": {}}', b'{"email": "\\ud800@b.c"}', b'{"email": "a@b.c\xff"}']
WRONG_VALUES = (
    b'{"email": "a@b.c", "name": 7, "roles": "1", "userGroups": [1], "token": [], "inviteToken": 1, "password": {}}'
)


def test_wrong_bodies(mailed, manager):
    before = rows(mailed)
    for url in ("/v2/invites", "/v1/users/invite", "/v1/users/activate", "/v1/invite_emails", "/v1/users"):
        for content in WRONG + ([] if url == "/v1/users/activate" else [WRONG_VALUES]):
            answer = manager.post(url, content=content)
            assert (answer.status_code, answer.json()["StatusCode"]) == (400, 400), (url, content)
    assert rows(mailed) == before
