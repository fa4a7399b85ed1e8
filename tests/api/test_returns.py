"""POST /v2/customer_sessions/{id}/returns: units of a closed session come back (core.md §3.8)."""

from functools import partial

import pytest

import make
from books import assert_books_balance, assert_limits_hold
from checkout import (  # fmt: skip
    COUPON_VALID,
    TOTAL,
    cost,
    coupon_rule,
    effects,
    invalid,
    line,
    new_key,
    percent,
    put,
    refusal,
    refused_request,
    rows,
    rules_of,
    running,
    update,
)

ITEMS = [".", "Session", "CartItems"]
FIVE_EACH = ["setDiscountPerItem", "5forALL", ITEMS, [["Item"], 5]]
CART = [line("9696", name="shoes1", price=60), line("6478", name="shirts3", price=20, quantity=2)]
LARGE = 2**53


@pytest.fixture(autouse=True)
def _books(server):
    yield
    assert_limits_hold(server.sql)
    assert_books_balance(server.sql)


@pytest.fixture
def refused(server, shop):
    """Return lines, which must be refused; (status, body)."""

    def send(session_id, *lines, **request):
        body = {"return": {"returnedCartItems": list(lines)}}
        url = f"/v2/customer_sessions/{session_id}/returns"
        return refused_request(server, shop, "POST", url, **{"json": body} | request)

    return send


def url_of(session_id):
    return f"/v2/customer_sessions/{session_id}/returns"


def give_back(shop, session_id, *lines, content=(), **params):
    """Return lines; the body of the answer."""
    body = {"return": {"returnedCartItems": list(lines)}} | ({"responseContent": list(content)} if content else {})
    answer = shop.post(url_of(session_id), json=body, params=params or None)
    assert answer.status_code == 200, answer.text
    return answer.json()


def flattened(manager, **more):
    settings = {"name": "My shop", "timezone": "UTC", "currency": "EUR", "enableFlattenedCartItems": True}
    assert manager.put("/v1/applications/1", json=settings | more).status_code == 200


def close(shop, session_id="s1", cart=CART, **members):
    """Close a session with this cart; its effects."""
    return effects(update(shop, session_id, {"cartItems": cart, "state": "closed"} | members))


def undone(name, value, position=None, sub_position=None, **more):
    """A discount that is taken back."""
    props = {"name": name, "value": value}
    if position is not None:
        props["cartItemPosition"] = position
    if sub_position is not None:
        props["cartItemSubPosition"] = sub_position
    return ("rollbackDiscount", props | more)


def holding(shop, session_id="s1"):
    """The effects that still hold."""
    return effects(shop.get(f"/v2/customer_sessions/{session_id}").json())


# --- moves


def test_only_closed_sessions_are_returned(shop, server, refused):
    update(shop, "open", {"cartItems": CART})
    update(shop, "was open", {"cartItems": CART})
    update(shop, "was open", {"state": "cancelled"})
    for name in ("closed", "partly", "cancelled"):
        close(shop, name)
    give_back(shop, "partly", {"position": 0})
    give_back(shop, "cancelled", {"position": 0})
    update(shop, "cancelled", {"state": "cancelled"})

    def cannot(state):
        return 400, refusal(f'Cannot move session to state "partially_returned" from state "{state}"')

    one = {"position": 1, "quantity": 1}
    assert refused("nobody", one) == (404, refusal("Session not found", status=404))
    assert refused("open", one) == cannot("open")
    assert refused("was open", one) == cannot("cancelled")
    assert refused("cancelled", one) == cannot("cancelled")
    for name in ("closed", "partly"):
        body = give_back(shop, name, one, content=["customerSession"])
        assert body["customerSession"]["state"] == "partially_returned"


@pytest.mark.parametrize("everything", [False, True])
def test_what_a_returned_session_may_become(shop, server, everything):
    close(shop)
    give_back(shop, "s1", *[{"position": 0}, {"position": 1}][: 1 + everything])
    for state in ("open", "closed", None):
        before = rows(server)
        answer = put(shop, "s1", {} if state is None else {"state": state})
        message = f'Cannot move session to state "{state or "open"}" from state "partially_returned"'
        assert (answer.status_code, answer.json()) == (400, refusal(message))
        assert rows(server) == before
    reopened = refused_request(server, shop, "PUT", "/v2/customer_sessions/s1/reopen")
    assert reopened == (400, refusal('Cannot move session to state "open" from state "partially_returned"'))
    assert update(shop, "s1", {"state": "cancelled"}, content=["customerSession"])["customerSession"]["state"] == (
        "cancelled"
    )


# --- units and lines


def test_the_discounts_of_units_go_with_them(shop, manager, server):
    """The documented example, and on to the last unit."""
    flattened(manager)
    running(manager, make.rule(title="5 off", effects=[FIVE_EACH]))
    given = [
        ("setDiscountPerItem", {"name": f"5forALL#{at}", "value": 5, "position": at, "subPosition": sub})
        for at, sub in ((0, 0), (1, 0), (1, 1))
    ]
    assert close(shop) == given
    body = give_back(shop, "s1", {"position": 1, "quantity": 1}, content=["customerSession"])
    assert effects(body) == [undone("5forALL#1", 5, 1, 0)]
    wrapper = {name: body["effects"][0][name] for name in ("campaignId", "rulesetId", "ruleIndex", "ruleName")}
    assert wrapper == {"campaignId": 1, "rulesetId": 1, "ruleIndex": 0, "ruleName": "5 off"}
    assert holding(shop) == [given[0], given[2]]
    session = body["customerSession"]
    counts = [[one["returnedQuantity"], one["remainingQuantity"]] for one in session["cartItems"]]
    assert counts == [[0, 1], [1, 1]]
    assert [one["quantity"] for one in session["cartItems"]] == [1, 2]
    assert (session["total"], session["cartItemTotal"], session["updateCount"]) == (80, 80, 2)
    body = give_back(shop, "s1", {"sku": "6478"}, {"position": 0, "sku": "9696", "quantity": 1})
    assert effects(body) == [undone("5forALL#0", 5, 0, 0), undone("5forALL#1", 5, 1, 1)]
    assert holding(shop) == []
    session = shop.get("/v2/customer_sessions/s1").json()["customerSession"]
    assert (session["state"], session["total"]) == ("partially_returned", 0)


def test_a_sku_in_several_lines(shop, manager):
    flattened(manager)
    running(manager, make.rule(effects=[FIVE_EACH]))
    close(shop, cart=[line("A", 2), line("B", 1), line("A", 2)])
    first = effects(give_back(shop, "s1", {"sku": "A", "quantity": 3}))
    assert first == [undone("5forALL#0", 5, 0, 0), undone("5forALL#0", 5, 0, 1), undone("5forALL#2", 5, 2, 0)]
    assert effects(give_back(shop, "s1", {"sku": "A"})) == [undone("5forALL#2", 5, 2, 1)]


def test_lines_that_are_named_again_and_again(shop, manager):
    """Each entry takes what the ones before it left."""
    flattened(manager)
    running(manager, make.rule(effects=[FIVE_EACH]))
    close(shop, cart=[line("A", 4), line("A", 1)])
    lines = [{"position": 0, "quantity": 1}, {"sku": "A", "quantity": 2}, {"position": 1}, {"position": 0, "sku": "A"}]
    body = give_back(shop, "s1", *lines, content=["customerSession"])
    assert len(effects(body)) == 5
    assert body["return"]["returnedCartItems"] == [{"position": 0, "quantity": 4}, {"position": 1, "quantity": 1}]
    assert [one["remainingQuantity"] for one in body["customerSession"]["cartItems"]] == [0, 0]


def test_whole_lines_without_flattening(shop, manager, server):
    """The share of the units goes, to the cent of the Application; what is left goes with the last unit."""
    settings = {"name": "My shop", "timezone": "UTC", "currency": "EUR", "enableFlattenedCartItems": False}
    assert manager.put("/v1/applications/1", json=settings).status_code == 200
    running(manager, make.rule(effects=[["setDiscountPerItem", "Ten", ITEMS, [["Item"], 10]]]))
    assert close(shop, cart=[line("A", 3, 20), line("B", 1, 7)]) == [
        ("setDiscountPerItem", {"name": "Ten#0", "value": 10, "position": 0}),
        ("setDiscountPerItem", {"name": "Ten#1", "value": 7, "position": 1}),
    ]
    taken = [effects(give_back(shop, "s1", {"position": 0, "quantity": 1})) for _ in range(3)]
    for [(kind, props)] in taken:
        assert (kind, props["name"], props["cartItemPosition"]) == ("rollbackDiscount", "Ten#0", 0)
        assert "cartItemSubPosition" not in props
        assert props["value"] == pytest.approx(10 / 3, abs=0.01)
    assert server.sql("SELECT discount_count FROM campaigns")[0]["discount_count"] == 7
    assert holding(shop) == [("setDiscountPerItem", {"name": "Ten#1", "value": 7, "position": 1})]


def test_each_unit_has_its_own_share_of_a_discount(shop, manager, server):
    flattened(manager, roundingMode="")
    running(manager, make.rule(effects=[["setDiscountPerItemProRata", "Shared", ITEMS, 10]]))
    given = close(shop, cart=[line("A", 2, 10), line("B", 1, 20)])
    shares = {(props["position"], props["subPosition"]): props["value"] for _, props in given}
    assert shares == {(0, 0): 2.5, (0, 1): 2.5, (1, 0): 5}
    assert effects(give_back(shop, "s1", {"sku": "B"})) == [undone("Shared#1", 5, 1, 0)]
    assert effects(give_back(shop, "s1", {"sku": "A", "quantity": 1})) == [undone("Shared#0", 2.5, 0, 0)]


def test_discounts_on_the_session_and_on_its_costs_stay(shop, manager):
    flattened(manager)
    cost(manager, "shipping", "wrapping")
    running(
        manager,
        make.rule(effects=[
            ["setDiscount", "20%", percent(20)],
            ["setDiscountPerAdditionalCost", "Ship", "shipping", 3],
            ["setDiscountPerAdditionalCostPerItem", "Wrap", ITEMS, "wrapping", [["Item"], 1]],
        ]),
    )  # fmt: skip
    cart = [line("A", 2, 10, additionalCosts={"wrapping": {"price": 2}})]
    session = {"cartItems": cart, "additionalCosts": {"shipping": {"price": 5}}, "state": "closed"}
    body = update(shop, "s1", session)
    wrap = [(props["value"], props["subPosition"]) for kind, props in effects(body) if kind.endswith("CostPerItem")]
    assert wrap == [(1, 0), (1, 1)]
    costs = {props["additionalCost"]: props["additionalCostId"] for kind, props in effects(body) if "Cost" in kind}
    body = give_back(shop, "s1", {"position": 0, "quantity": 1}, content=["customerSession"])
    expected = undone("Wrap#0", 1, 0, 0, additionalCostId=costs["wrapping"], additionalCost="wrapping")
    assert effects(body) == [expected]
    totals = {name: value for name, value in body["customerSession"].items() if "otal" in name}
    assert totals == {
        "total": 17, "cartItemTotal": 10, "additionalCostTotal": 5, "cartItemAdditionalCostTotal": 2,
    }  # fmt: skip
    give_back(shop, "s1", {"position": 0})
    assert [kind for kind, _ in holding(shop)] == ["setDiscount", "setDiscountPerAdditionalCost"]
    assert [kind for kind, _ in effects(update(shop, "s1", {"state": "cancelled"}))] == ["rollbackDiscount"] * 2


# --- counters


def test_what_a_return_gives_back_to_counters(shop, manager, server):
    flattened(manager)
    limits = [{"action": action, "limit": 100, "entities": of} for action, of in (
        ("setDiscount", []), ("setDiscount", ["Profile"]), ("setDiscountEffect", ["Coupon"]), ("redeemCoupon", []),
        ("addFreeItemEffect", []),
    )]  # fmt: skip
    rule = coupon_rule(FIVE_EACH, ["setDiscount", "Two", 2], ["addFreeItem", "Mug", "MUG"])
    code = {"code": "CARD", "usageLimit": 1, "discountLimit": 20}
    campaign, _ = running(manager, rule, limits=limits, codes=[code])
    close(shop, profileId="kim", couponCodes=["CARD"])

    def counters():
        row = manager.get(f"{make.CAMPAIGNS}/{campaign['id']}").json()
        used = server.sql("SELECT used FROM limit_counters ORDER BY action, entities")
        coupon = server.sql("SELECT usage_counter, discount_counter FROM coupons")[0]
        names = ("couponRedemptionCount", "discountCount", "discountEffectCount", "addFreeItemEffectCount")
        return [row[name] for name in names], tuple(coupon), [one["used"] for one in used]

    assert counters() == ([1, 17, 4, 1], (1, 17), [1, 1, 17, 17, 4])
    content = ["coupons", "customerProfile"]
    body = give_back(shop, "s1", {"position": 1, "quantity": 1}, content=content)
    [coupon] = body["coupons"]
    assert (coupon["usageCounter"], coupon["discountCounter"], coupon["discountRemainder"]) == (1, 12, 8)
    assert coupon["profileRedemptionCount"] == 1
    assert (body["customerProfile"]["closedSessions"], body["customerProfile"]["totalSales"]) == (1, 80)
    assert counters() == ([1, 12, 3, 1], (1, 12), [1, 1, 12, 12, 3])
    body = update(shop, "s1", {"state": "cancelled"}, content=["customerProfile"])
    assert effects(body) == [
        ("rollbackCoupon", {"value": "CARD"}), undone("5forALL#0", 5, 0, 0), undone("5forALL#1", 5, 1, 1),
        undone("Two", 2),
    ]  # fmt: skip
    assert (body["customerProfile"]["closedSessions"], body["customerProfile"]["totalSales"]) == (0, 0)
    assert counters() == ([0, 0, 0, 1], (0, 0), [1, 0, 0, 0, 0])


def test_a_deleted_coupon_and_a_deleted_campaign_do_not_stop_a_return(shop, manager, server):
    flattened(manager)
    campaign, made = running(manager, coupon_rule(FIVE_EACH), codes=["CODE"])
    close(shop, couponCodes=["CODE"])
    url = f"{make.CAMPAIGNS}/{campaign['id']}"
    assert manager.delete(f"{url}/coupons/{made['CODE']['id']}").status_code == 204
    assert effects(give_back(shop, "s1", {"position": 0})) == [undone("5forALL#0", 5, 0, 0)]
    assert manager.get(url).json()["discountCount"] == 10
    assert manager.delete(url).status_code == 204
    assert effects(give_back(shop, "s1", {"position": 1}, runRuleEngine="true")) == [
        undone("5forALL#1", 5, 1, 0), undone("5forALL#1", 5, 1, 1),
    ]  # fmt: skip


# --- the answer


def test_the_answer(shop, manager, server):
    running(manager, make.rule(effects=[["setDiscount", "One", 1]]))
    close(shop, profileId="kim", storeIntegrationId="north", identifiers=["x"])
    body = give_back(shop, "s1", {"sku": "6478", "quantity": 1})
    assert body.keys() == {"effects", "createdCoupons", "createdReferrals", "return"}
    first = body["return"]
    event = server.sql("SELECT id, created FROM events WHERE type = 'talon_session_partially_returned'")[0]
    assert first == {
        "id": 1, "created": first["created"], "applicationId": 1, "accountId": 1,
        "returnedCartItems": [{"position": 1, "quantity": 1}], "eventId": event["id"], "sessionId": 1,
        "sessionIntegrationId": "s1", "profileId": 1, "profileIntegrationId": "kim",
    }  # fmt: skip
    content = ["customerSession", "customerProfile", "coupons", "triggeredCampaigns", "referral", "loyalty", "event",
               "previousReturns"]  # fmt: skip
    server.clock.travel(hours=1)
    body = give_back(shop, "s1", {"position": 1, "quantity": 1}, content=content)
    assert body.keys() == {"effects", "createdCoupons", "createdReferrals", "return", *content} - {"referral"}
    assert body["previousReturns"] == [first, body["return"]]
    assert body["event"]["type"] == "talon_session_partially_returned"
    assert body["event"]["id"] == body["return"]["eventId"]
    assert (body["coupons"], body["triggeredCampaigns"]) == ([], [])
    assert body["customerSession"]["updated"] == body["return"]["created"] > first["created"]
    assert body["customerProfile"]["lastActivity"] == body["return"]["created"]
    stored = shop.get("/v2/customer_sessions/s1").json()
    assert stored["customerSession"] == body["customerSession"]
    assert effects(stored) == [("setDiscount", {"name": "One", "value": 1})]
    shown = manager.get("/v1/applications/1/sessions/1").json()
    assert (shown["state"], shown["total"], shown["totalDiscounts"]) == ("partially_returned", 60, 1)
    assert [one["returnedQuantity"] for one in shown["cartItems"]] == [0, 2]
    update(shop, "s2", {"profileId": "kim"}, content=["previousReturns"])
    assert update(shop, "s2", {"state": "closed"}, content=["previousReturns"])["previousReturns"] == []
    body = update(shop, "s1", {"state": "cancelled"}, content=["previousReturns"])
    assert len(body["previousReturns"]) == 2


def test_an_anonymous_return(shop, server):
    close(shop)
    body = give_back(shop, "s1", {"position": 0}, content=["customerProfile"])
    assert not {"profileId", "profileIntegrationId"} & body["return"].keys()
    assert "customerProfile" not in body


def test_a_dry_return(shop, manager, server):
    flattened(manager)
    running(manager, make.rule(effects=[FIVE_EACH, ["setDiscount", "10%", percent(10)]]), reevaluateOnReturn=True)
    close(shop, profileId="kim")
    before = rows(server)
    for run in ("false", "true"):
        params = {"dry": "true", "runRuleEngine": run}
        content = ["customerSession", "customerProfile", "previousReturns", "event"]
        body = give_back(shop, "s1", {"position": 1, "quantity": 1}, content=content, **params)
        assert undone("5forALL#1", 5, 1, 0) in effects(body)
        assert (body["return"]["id"], body["return"]["eventId"], body["event"]["id"]) == (0, 0, 0)
        assert body["customerSession"]["state"] == "partially_returned"
        assert body["customerSession"]["total"] == 80
        assert body["customerProfile"]["totalSales"] == 100
        assert body["previousReturns"] == []
    assert rows(server) == before
    for run in ("false", "true"):
        answer = shop.post(url_of("open"), json={"return": {"returnedCartItems": [{"position": 0}]}},
                           params={"dry": "true", "runRuleEngine": run})  # fmt: skip
        assert answer.status_code == 404


# --- rules run again

TIERS = make.rule(
    title="10% from 80",
    condition=["and", COUPON_VALID, [">=", TOTAL, 80]],
    effects=[["setDiscount", "10%", percent(10)]],
)


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("run", ["false", "true"])
def test_rules_that_run_again(shop, manager, server, again, run):
    running(manager, TIERS, codes=["CODE"], reevaluateOnReturn=again)
    running(manager, make.rule(title="Two", effects=[["setDiscount", "Two", 2]]))
    close(shop, profileId="kim", couponCodes=["CODE"])
    returned = partial(give_back, shop, "s1", {"position": 1, "quantity": 1}, runRuleEngine=run)
    body = returned(content=["triggeredCampaigns", "coupons"])
    anew = again and run == "true"
    expected = [undone("10%", 10), ("setDiscount", {"name": "10%", "value": 8})] if anew else []
    assert effects(body) == expected
    assert [one["id"] for one in body["triggeredCampaigns"]] == ([1] if anew else [])
    assert body["coupons"][0]["discountCounter"] == (8 if anew else 10)
    left = 8 if anew else 10
    held = {props["name"]: props["value"] for kind, props in holding(shop) if kind == "setDiscount"}
    assert held == {"10%": left, "Two": 2}
    assert effects(returned()) == ([undone("10%", 8)] if anew else [])  # 60 is less than 80
    [count] = server.sql("SELECT usage_counter, discount_counter FROM coupons")
    assert tuple(count) == (1, 0 if anew else 10)
    back = effects(update(shop, "s1", {"state": "cancelled"}))
    assert ("rollbackCoupon", {"value": "CODE"}) in back
    assert (undone("10%", 10) in back) is not anew


def test_rules_run_again_within_their_limits(shop, manager, server):
    """Counters move by the difference: the sale has the room it took."""
    limits = [{"action": "setDiscount", "limit": 10, "entities": []}, {"action": "setDiscountEffect", "limit": 1,
              "entities": ["Profile"]}]  # fmt: skip
    running(manager, TIERS, codes=["CODE"], limits=limits, reevaluateOnReturn=True)
    close(shop, profileId="kim", couponCodes=["CODE"])
    body = give_back(shop, "s1", {"position": 1, "quantity": 1}, runRuleEngine="true")
    assert effects(body) == [undone("10%", 10), ("setDiscount", {"name": "10%", "value": 8})]
    used = server.sql("SELECT action, used FROM limit_counters ORDER BY action")
    assert [tuple(row) for row in used] == [("setDiscount", 8), ("setDiscountEffect", 1)]


def test_only_campaigns_that_gave_something_run_again(shop, manager, server):
    small = make.rule(condition=["and", ["<", TOTAL, 90]], effects=[["setDiscount", "Small", 3]])
    running(manager, small, reevaluateOnReturn=True)
    close(shop)
    assert effects(give_back(shop, "s1", {"position": 1, "quantity": 1}, runRuleEngine="true")) == []


def test_rules_of_today_are_run(shop, manager, server):
    campaign, _ = running(manager, make.rule(effects=[["setDiscount", "Old", 5]]), reevaluateOnReturn=True)
    close(shop)
    rules_of(manager, campaign, make.rule(effects=[["setDiscount", "New", 6]]))
    body = give_back(shop, "s1", {"position": 0}, runRuleEngine="true")
    assert effects(body) == [undone("Old", 5), ("setDiscount", {"name": "New", "value": 6})]


# --- bad input

ONE = {"position": 0, "quantity": 1}
LEFT = "quantity must be from 1 to 2, the units that are left"


@pytest.mark.parametrize(
    ("lines", "error"),
    [
        ([{"position": 1, "quantity": 3}], ("/returnedCartItems/0/quantity", "Invalid value", LEFT)),
        ([ONE, {"sku": "6478", "quantity": 0}], ("/returnedCartItems/1/quantity", "Invalid value", LEFT)),
        ([{"sku": "6478", "quantity": -1}], ("/returnedCartItems/0/quantity", "Invalid value", LEFT)),
        ([{"sku": "6478", "quantity": LARGE}], ("/returnedCartItems/0/quantity", "Invalid value", LEFT)),
        (
            [ONE, ONE],
            ("/returnedCartItems/1", "Invalid value", "all of its units are returned already"),
        ),
        (
            [{"position": 0}, {"sku": "9696"}],
            ("/returnedCartItems/1", "Invalid value", "all of its units are returned already"),
        ),
        ([{"position": 2}], ("/returnedCartItems/0/position", "Invalid value",
                             "the session has no cart item at position 2")),
        ([{"position": -1}], ("/returnedCartItems/0/position", "Invalid value",
                              "the session has no cart item at position -1")),
        ([{"sku": "nope"}], ("/returnedCartItems/0/sku", "Invalid value", "no cart item has SKU 'nope'")),
        ([{"position": 1, "sku": "9696"}], ("/returnedCartItems/0/sku", "Invalid value",
                                            "the cart item at position 1 does not have SKU '9696'")),
        ([{"quantity": 1}], ("/returnedCartItems/0", "required", "position or sku is required")),
        ([{}], ("/returnedCartItems/0", "required", "position or sku is required")),
    ],
)  # fmt: skip
def test_lines_that_cannot_be_returned(shop, server, refused, lines, error):
    close(shop)
    assert refused("s1", *lines) == (400, invalid(error))
    for params in ({"dry": "true"}, {"runRuleEngine": "true"}):
        assert refused("s1", *lines, params=params)[0] == 400


BROKEN = [
    None, [], {}, {"return": None}, {"return": []}, {"return": {}}, {"return": {"returnedCartItems": None}},
    {"return": {"returnedCartItems": []}}, {"return": {"returnedCartItems": {}}},
    {"return": {"returnedCartItems": [None]}}, {"return": {"returnedCartItems": [[]]}},
    {"return": {"returnedCartItems": [{"position": "0"}]}}, {"return": {"returnedCartItems": [{"position": 0.5}]}},
    {"return": {"returnedCartItems": [{"position": True}]}}, {"return": {"returnedCartItems": [{"position": 10**30}]}},
    {"return": {"returnedCartItems": [{"position": 0, "quantity": "1"}]}},
    {"return": {"returnedCartItems": [{"position": 0, "quantity": 10**30}]}},
    {"return": {"returnedCartItems": [{"sku": ""}]}}, {"return": {"returnedCartItems": [{"sku": 9696}]}},
    {"return": {"returnedCartItems": [ONE] * 1001}},
    {"return": {"returnedCartItems": [ONE]}, "responseContent": ["awardedGiveaways"]},
    {"return": {"returnedCartItems": [ONE]}, "responseContent": "customerSession"},
    {"returnedCartItems": [ONE]},
]  # fmt: skip


def test_bodies_that_are_no_return(shop, server, refused):
    close(shop)
    for body in BROKEN:
        status, found = refused("s1", json=body)
        assert (status, found["StatusCode"]) == (400, 400), body
    for content in (b"", b"{", b"\xff", b'{"return": {"returnedCartItems": [{"sku": "\\ud800"}]}}'):
        assert refused("s1", content=content, json=None)[0] == 400, content
    for params in ({"dry": "maybe"}, {"runRuleEngine": "maybe"}, {"runRuleEngine": ""}):
        assert refused("s1", ONE, params=params)[0] == 400, params


def test_what_is_null_or_unknown_is_passed_over(shop, server):
    close(shop)
    lines = [{"position": 0, "sku": None, "quantity": None, "price": 3}]
    answer = shop.post(url_of("s1"), json={"return": {"returnedCartItems": lines, "id": 7}, "responseContent": None})
    assert answer.status_code == 200, answer.text
    assert answer.json()["return"]["returnedCartItems"] == [{"position": 0, "quantity": 1}]


@pytest.mark.parametrize("name", ["x" * 1001, "a/b", "%00", "%20", "ü", "\u202e", "'; DROP TABLE returns; --"])
def test_session_ids_of_any_kind(shop, server, refused, name):
    status, body = refused(name, ONE)
    assert status in (400, 404)
    if "/" not in name and name != "x" * 1001 and name != "%00":
        assert (status, body) == (404, refusal("Session not found", status=404))


def test_keys(shop, manager, server):
    close(shop)
    send = partial(refused_request, server, shop, "POST", url_of("s1"))
    body = {"return": {"returnedCartItems": [ONE]}}
    _, staging = new_key(manager, type="staging")
    assert send(json=body, headers=staging)[0] == 401
    assert send(json=body, headers={"Authorization": "ApiKey-v1 nope"})[0] == 401
    assert send(json=body, headers={"Authorization": ""})[0] == 401
    assert refused_request(server, manager, "POST", url_of("s1"), json=body)[0] == 401
    other = manager.post("/v1/applications", json={"name": "Other", "timezone": "UTC", "currency": "EUR"}).json()["id"]
    key = {"title": "k", "expires": "2099-01-01T00:00:00Z"}
    secret = manager.post(f"/v1/applications/{other}/api_keys", json=key).json()["key"]
    theirs = send(json=body, headers={"Authorization": f"ApiKey-v1 {secret}"})
    assert theirs == (404, refusal("Session not found", status=404))


# --- in disorder


def test_requests_that_come_late_or_twice(shop, manager, server):
    flattened(manager)
    running(manager, coupon_rule(FIVE_EACH), codes=["CODE"])
    members = {"profileId": "kim", "cartItems": CART, "couponCodes": ["CODE"]}
    update(shop, "s1", members)
    update(shop, "s1", members | {"state": "closed"})

    def late(session, state):
        before = rows(server)
        answer = put(shop, "s1", session)
        wanted = session.get("state", "open")
        message = f'Cannot move session to state "{wanted}" from state "{state}"'
        assert (answer.status_code, answer.json()) == (400, refusal(message))
        assert rows(server) == before

    late(members | {"cartItems": []}, "closed")
    late(members | {"state": "closed"}, "closed")
    body = {"return": {"returnedCartItems": [{"position": 1, "quantity": 1}]}}
    taken = [shop.post(url_of("s1"), json=body) for _ in range(3)]
    assert [answer.status_code for answer in taken] == [200, 200, 400]
    late(members, "partially_returned")
    late(members | {"state": "closed"}, "partially_returned")
    update(shop, "s1", {"state": "cancelled"})
    late({"state": "cancelled"}, "cancelled")
    late(members, "cancelled")
    before = rows(server)
    assert shop.post(url_of("s1"), json=body).status_code == 400
    assert rows(server) == before
