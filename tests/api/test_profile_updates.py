"""PUT /v2/customer_profiles/{id}: attributes by themselves, and with rules (core.md §9.2)."""

import make
from checkout import define, running

URL = "/v2/customer_profiles/kim"


def put(shop, body=None, *, url=URL, **params):
    answer = shop.put(url, json=body or {}, params=params or None)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_smoke(shop, manager, server):
    define(manager, "CustomerProfile", "city")
    running(manager, make.rule(effects=[["updateAttribute", ["Profile", "Attributes", "city"], "Rome"]]), make.rule())
    print(put(shop, {"attributes": {"city": "Oslo"}, "responseContent": ["customerProfile", "event"]}))
    print(
        put(
            shop,
            {"responseContent": ["customerProfile", "event", "ruleFailureReasons", "triggeredCampaigns"]},
            runRuleEngine=True,
        )
    )
    print(server.sql("SELECT * FROM events"))
