"""Logins: a token for an email and a password (management.md §1)."""

import re

import httpx

from conftest import EMAIL, PASSWORD


def test_a_login_opens_the_back_office_until_it_is_ended(server):
    with httpx.Client(base_url=server.url) as client:
        made = client.post("/v1/sessions", json={"email": EMAIL, "password": PASSWORD})
        assert made.status_code == 201, made.text
        assert set(made.json()) == {"userId", "token", "created"}
        assert made.json()["userId"] == 1
        token = made.json()["token"]
        assert re.fullmatch(r"[A-Za-z0-9_-]{43}", token)
        bearer = {"Authorization": f"Bearer {token}"}
        assert client.get("/v1/applications/1", headers=bearer).status_code == 200
        ended = client.delete("/v1/sessions", headers=bearer)
        assert (ended.status_code, ended.content) == (204, b"")
        assert client.get("/v1/applications/1", headers=bearer).status_code == 401


def test_ending_a_login_leaves_the_others(server):
    with httpx.Client(base_url=server.url) as client:
        tokens = [
            client.post("/v1/sessions", json={"email": EMAIL.upper(), "password": PASSWORD}).json()["token"]
            for _ in range(2)
        ]
        client.delete("/v1/sessions", headers={"Authorization": f"Bearer {tokens[0]}"})
        assert client.get("/v1/applications", headers={"Authorization": f"Bearer {tokens[1]}"}).status_code == 200


def test_a_login_lasts_three_months(server):
    with httpx.Client(base_url=server.url) as client:
        token = client.post("/v1/sessions", json={"email": EMAIL, "password": PASSWORD}).json()["token"]
        bearer = {"Authorization": f"Bearer {token}"}
        server.clock.travel(days=90)
        assert client.get("/v1/applications/1", headers=bearer).status_code == 200
        server.clock.travel(days=2)
        assert client.get("/v1/applications/1", headers=bearer).status_code == 401


def test_wrong_password_and_unknown_user_get_the_same_answer(server):
    expected = {"message": "Invalid email or password", "errors": [], "StatusCode": 401}
    with httpx.Client(base_url=server.url) as client:
        for email, password in ((EMAIL, "wrong"), ("nobody@example.com", PASSWORD), ("", "")):
            refused = client.post("/v1/sessions", json={"email": email, "password": password})
            assert (refused.status_code, refused.json()) == (401, expected)
    assert server.sql("SELECT count(*) FROM logins")[0]["count"] == 0


def test_a_disabled_user_cannot_log_in_and_is_logged_out(server):
    with httpx.Client(base_url=server.url) as client:
        token = client.post("/v1/sessions", json={"email": EMAIL, "password": PASSWORD}).json()["token"]
        server.sql("UPDATE users SET state = 'deactivated'")
        assert client.post("/v1/sessions", json={"email": EMAIL, "password": PASSWORD}).status_code == 401
        assert client.get("/v1/applications", headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_ending_a_login_needs_one(server, manager, shop):
    assert httpx.delete(f"{server.url}/v1/sessions").status_code == 401
    assert shop.delete("/v1/sessions").status_code == 401
    assert manager.delete("/v1/sessions").status_code == 204
    assert manager.get("/v1/applications/1").status_code == 200  # a Management key is no login


def test_a_malformed_login_is_told_what_is_missing(server):
    refused = httpx.post(f"{server.url}/v1/sessions", json={"email": EMAIL})
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["source"] == {"pointer": "/password"}
