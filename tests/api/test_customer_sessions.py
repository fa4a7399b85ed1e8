"""PUT and GET /v2/customer_sessions/{id} (core.md §2-4)."""

CART = [
    {"sku": "A", "name": "Apple", "quantity": 2, "price": 10.5, "category": "fruit"},
    {"sku": "B", "quantity": 1, "price": 4},
]
ALL = [
    "customerSession",
    "customerProfile",
    "coupons",
    "triggeredCampaigns",
    "loyalty",
    "event",
    "awardedGiveaways",
    "ruleFailureReasons",
    "previousReturns",
]


def put(shop, session_id, session, *, params=None, content=()):
    body = {"customerSession": session} | ({"responseContent": list(content)} if content else {})
    return shop.put(f"/v2/customer_sessions/{session_id}", json=body, params=params)


def test_a_first_update_creates_the_session_and_its_customer(shop, server):
    answer = put(shop, "s1", {"profileId": "kim", "cartItems": CART}, content=["customerSession", "customerProfile"])
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["effects"], body["createdCoupons"], body["createdReferrals"]) == ([], [], [])
    session = body["customerSession"]
    assert session["total"] == 25
    assert session["state"] == "open"
    assert session["updateCount"] == 1
    assert session["firstSession"] is True
    assert [item["position"] for item in session["cartItems"]] == [0, 1]
    assert body["customerProfile"]["integrationId"] == "kim"
    assert len(server.sql("SELECT id FROM events")) == 1
    read = shop.get("/v2/customer_sessions/s1").json()
    assert read == {"customerSession": session, "effects": []}
