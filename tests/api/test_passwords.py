"""Passwords: rules, recovery, change, and limits of guesses (management.md §18)."""

import itertools

import httpx
import pytest

import people
from checkout import invalid, refusal, refused_request
from conftest import EMAIL, MANAGEMENT_KEY, PASSWORD

GOOD, BETTER = "a long enough password", "an even longer password"
RECOVER, RESET = "/v1/password_recovery_emails", "/v1/reset_password"
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def manager(mailed):
    with httpx.Client(base_url=mailed.url, headers={"Authorization": f"ManagementKey-v1 {MANAGEMENT_KEY}"}) as client:
        yield client


@pytest.fixture
def user(mailed, manager):
    """Somebody new with the password GOOD."""
    email = f"somebody{next(_numbers)}@example.com"
    made = manager.post("/v2/invites", json={"email": email}).json()
    mailed.mailbox.take()
    body = {"email": email, "password": GOOD, "inviteToken": made["inviteToken"]}
    return manager.post("/v1/users", json=body).json()


def log_in(mailed, email, password=GOOD):
    return httpx.post(f"{mailed.url}/v1/sessions", json={"email": email, "password": password})


def bearer(answer):
    return {"Authorization": f"Bearer {answer.json()['token']}"}


def recover(mailed, email):
    return httpx.post(mailed.url + RECOVER, json={"email": email})


def reset(mailed, token, password=BETTER):
    return httpx.post(mailed.url + RESET, json={"password": password, "resetToken": token})


def test_a_forgotten_password(mailed, user):
    email = user["email"]
    login = bearer(log_in(mailed, email))
    answer = recover(mailed, email.upper())
    assert (answer.status_code, answer.content) == (204, b"")
    token = mailed.mailbox.token(email)
    assert log_in(mailed, email).status_code == 201  # nothing has changed yet
    done = reset(mailed, token)
    assert (done.status_code, done.content) == (204, b"")
    assert httpx.get(f"{mailed.url}/v1/users/{user['id']}", headers=login).status_code == 401
    assert log_in(mailed, email).status_code == 401
    assert log_in(mailed, email, BETTER).status_code == 201
    assert reset(mailed, token, GOOD).json() == refusal("The token is not valid, or has expired")


def test_a_token_lasts_half_an_hour(mailed, user):
    recover(mailed, user["email"])
    token = mailed.mailbox.token(user["email"])
    try:
        mailed.clock.travel(minutes=31)
        refused = reset(mailed, token)
        assert (refused.status_code, refused.json()) == (400, refusal("The token is not valid, or has expired"))
    finally:
        mailed.clock.travel(minutes=-31)
    assert reset(mailed, token).status_code == 204


def test_what_is_asked_about_an_address_does_not_tell_whether_it_is_known(mailed, manager, user):
    manager.post("/v1/users/deactivate", json={"email": user["email"]}).raise_for_status()
    answers = [recover(mailed, email) for email in (user["email"], "nobody@example.com", EMAIL)]
    assert {(one.status_code, one.content, tuple(sorted(set(one.headers) - {"date"}))) for one in answers} == {
        (204, b"", tuple(sorted(set(answers[0].headers) - {"date"})))
    }
    assert mailed.mailbox.take()[0] == EMAIL  # the only one who may have a new password


def test_one_mail_a_minute(mailed, user):
    for _ in range(3):
        assert recover(mailed, user["email"]).status_code == 204
    first = mailed.mailbox.token(user["email"])
    try:
        mailed.clock.travel(minutes=1)
        recover(mailed, user["email"])
        second = mailed.mailbox.token(user["email"])
        assert mailed.mailbox.mails.empty()
        assert reset(mailed, first).status_code == 400  # the newer one has replaced it
        assert reset(mailed, second).status_code == 204
    finally:
        mailed.clock.travel(minutes=-1)


def test_tokens_are_for_one_thing(mailed, manager, user):
    invited = manager.post("/v2/invites", json={"email": f"new{next(_numbers)}@example.com"}).json()
    mailed.mailbox.take()
    assert reset(mailed, invited["inviteToken"]).status_code == 400
    recover(mailed, user["email"])
    token = mailed.mailbox.token(user["email"])
    body = {"email": user["email"], "password": GOOD, "inviteToken": token}
    assert httpx.post(f"{mailed.url}/v1/users", json=body).status_code == 400
    assert token not in str([dict(row) for row in mailed.sql("SELECT * FROM user_tokens")])


BAD = [
    ("short", "minLength", "A password has 10 to 200 characters"),
    ("x" * 201, "maxLength", "A password has 10 to 200 characters"),
    ("a" * 10, "Invalid value", "A password is neither one character repeated nor the email"),
]


@pytest.mark.parametrize(("password", "title", "details"), BAD)
def test_bad_passwords(mailed, user, manager, password, title, details):
    expected = (400, invalid(("/password", title, details)))
    body = {"password": password, "resetToken": "t"}
    assert refused_request(mailed, manager, "POST", RESET, json=body) == expected
    body = {"email": user["email"], "password": password, "inviteToken": "t"}
    assert refused_request(mailed, manager, "POST", "/v1/users", json=body) == expected
    login = bearer(log_in(mailed, user["email"]))
    body, url = {"password": GOOD, "newPassword": password}, f"/v1/users/{user['id']}/password"
    expected = (400, invalid(("/newPassword", title, details)))
    assert refused_request(mailed, manager, "PUT", url, json=body, headers=login) == expected


def test_the_address_is_no_password(mailed, manager):
    body = {"email": "someone@example.com", "password": "SomeOne@example.com", "inviteToken": "t"}
    status, answer = refused_request(mailed, manager, "POST", "/v1/users", json=body)
    assert (status, answer["errors"][0]["title"]) == (400, "Invalid value")


def test_ones_own_password(mailed, manager, user):
    url = f"{mailed.url}/v1/users/{user['id']}/password"
    mine, other = (bearer(log_in(mailed, user["email"])) for _ in range(2))
    wrong = httpx.put(url, json={"password": "not this one", "newPassword": BETTER}, headers=mine)
    assert (wrong.status_code, wrong.json()) == (
        400,
        invalid(("/password", "Invalid value", "This is not your password")),
    )
    recover(mailed, user["email"])
    token = mailed.mailbox.token(user["email"])
    done = httpx.put(url, json={"password": GOOD, "newPassword": BETTER}, headers=mine)
    assert (done.status_code, done.content) == (204, b"")
    assert httpx.get(f"{mailed.url}/v1/users/{user['id']}", headers=mine).status_code == 200
    assert httpx.get(f"{mailed.url}/v1/users/{user['id']}", headers=other).status_code == 401
    assert reset(mailed, token).status_code == 400
    assert (log_in(mailed, user["email"]).status_code, log_in(mailed, user["email"], BETTER).status_code) == (401, 201)


def test_nobody_elses_password(mailed, manager, user):
    admin = people.log_in(mailed, people.new_user(mailed, admin=True))
    body = {"password": GOOD, "newPassword": BETTER}
    for headers in (admin, None):  # another user, and a key
        url = f"/v1/users/{user['id'] if headers else 1}/password"
        refused = refused_request(mailed, manager, "PUT", url, json=body, headers=headers)
        assert refused == (403, refusal("A password is changed by its user, with a login", status=403))


@pytest.mark.parametrize("known", [True, False])
def test_ten_guesses(mailed, user, known):
    """The eleventh is refused without being looked at, for known addresses and others alike."""
    email = user["email"] if known else f"nobody{next(_numbers)}@example.com"
    mailed.sql("DELETE FROM login_attempts")
    assert log_in(mailed, email, "a wrong guess").status_code == 401
    mailed.sql("UPDATE login_attempts SET attempts = 9")
    assert log_in(mailed, email, "a wrong guess").status_code == 401
    too_many = "Too many attempts to log in with this email; try again in 15 minutes"
    refused = log_in(mailed, email.upper())
    assert (refused.status_code, refused.json()) == (429, refusal(too_many, status=429))
    assert log_in(mailed, EMAIL, PASSWORD).status_code == 201
    try:
        mailed.clock.travel(minutes=15, seconds=1)
        assert log_in(mailed, email).status_code == (201 if known else 401)
    finally:
        mailed.clock.travel(minutes=-15, seconds=-1)
    assert email not in str([dict(row) for row in mailed.sql("SELECT * FROM login_attempts")])


def test_a_right_password_begins_the_count_again_and_a_new_one_does(mailed, user):
    mailed.sql("DELETE FROM login_attempts")
    log_in(mailed, user["email"], "a wrong guess")
    assert [row["attempts"] for row in mailed.sql("SELECT attempts FROM login_attempts")] == [1]
    assert log_in(mailed, user["email"]).status_code == 201
    assert mailed.sql("SELECT attempts FROM login_attempts") == []
    log_in(mailed, user["email"], "a wrong guess")
    mailed.sql("UPDATE login_attempts SET attempts = 10")
    assert log_in(mailed, user["email"]).status_code == 429
    recover(mailed, user["email"])
    assert reset(mailed, mailed.mailbox.token(user["email"])).status_code == 204
    assert log_in(mailed, user["email"], BETTER).status_code == 201
