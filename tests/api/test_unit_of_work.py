"""One request, one transaction: its connection always goes back, and nothing of a refused request stays."""

NEW = {"name": "c", "state": "enabled", "tags": [], "features": [], "limits": []}
CAMPAIGNS = "/v1/applications/1/campaigns"


def test_refused_requests_give_their_connection_back(manager, server):
    """More refusals of each kind than the pool has connections, and the server still answers."""
    manager.post(CAMPAIGNS, json=NEW)
    for _ in range(15):
        for params in ({"valid": "never"}, {"referralId": "x"}, {"pageSize": "x"}, {"sort": "nothing"}):
            assert manager.get(f"{CAMPAIGNS}/1/coupons", params=params).status_code == 400
        assert manager.get(f"{CAMPAIGNS}/99").status_code == 404
        assert manager.post(CAMPAIGNS, content=b"{").status_code == 400
    assert manager.get(CAMPAIGNS, timeout=5).json()["totalResultSize"] == 1
    # The one connection that looks, and none that waits inside a transaction.
    idle = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'"
    )
    assert server.sql(idle)[0][0] == 0


def test_what_a_commit_refuses_is_answered_and_undone(manager, server):
    """A constraint that is checked at the commit, long after the handler gave its answer."""
    server.sql(
        "ALTER TABLE campaigns ADD CONSTRAINT coupons_value_key_later UNIQUE (name) DEFERRABLE INITIALLY DEFERRED"
    )
    assert manager.post(CAMPAIGNS, json=NEW).status_code == 201
    refused = manager.post(CAMPAIGNS, json=NEW)
    assert refused.status_code == 500
    assert refused.json() == {"message": "Internal server error", "errors": [], "StatusCode": 500}
    assert len(server.sql("SELECT id FROM campaigns")) == 1
    assert server.sql("SELECT revision FROM applications")[0][0] == 2


def test_nothing_is_mailed_of_what_a_commit_refuses(manager, server, caplog):
    server.sql("ALTER TABLE users ADD CONSTRAINT later UNIQUE (name) DEFERRABLE INITIALLY DEFERRED")
    for number, status in ((1, 201), (2, 500)):
        invited = manager.post("/v2/invites", json={"email": f"kim{number}@example.com", "name": "Kim"})
        assert invited.status_code == status
    logged = [record.getMessage() for record in caplog.records if record.name == "guerdon"]
    assert [line.split(":")[0] for line in logged] == [
        "No mail server is set up (GUERDON_SMTP_HOST). To kim1@example.com",
        "POST /v2/invites failed",
    ]
