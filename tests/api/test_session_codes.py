"""Codes that rules make, coupons they reserve, and attributes they write: what is kept, and when (core.md §3.5)."""

import re
from datetime import datetime, timedelta

import pytest

import make
from books import assert_books_balance, assert_limits_hold
from checkout import coupon_rule, define, effects, line, rows, rules_of, running, update

FIVE = ["setDiscount", "Five", 5]
BOTH = ["coupons", "referrals"]
KIM = {"profileId": "kim"}


@pytest.fixture(autouse=True)
def _books(server):
    yield
    assert_limits_hold(server.sql)
    assert_books_balance(server.sql)


def giving(manager, *given, **changes):
    """A campaign with one rule that always gives these effects."""
    return running(manager, make.rule(effects=list(given)), features=BOTH, **changes)[0]


def visit(shop, session_id="s1", **members):
    """Update a session; the body of the answer."""
    return update(shop, session_id, KIM | {"cartItems": [line()]} | members)


def coupon_codes(body):
    return [props["value"] for kind, props in effects(body) if kind == "couponCreated"]


def coupons(manager, campaign):
    """The campaign's coupons as the back office has them, by code."""
    found = manager.get(f"{make.CAMPAIGNS}/{campaign['id']}/coupons/no_total", params={"sort": "id"}).json()["data"]
    return {one["value"]: one for one in found}


def referrals(manager, campaign):
    found = manager.get(f"{make.CAMPAIGNS}/{campaign['id']}/referrals/no_total", params={"sort": "id"}).json()["data"]
    return {one["code"]: one for one in found}


# --- what is made

EVERYTHING = {
    "usageLimit": 3,
    "startDate": "2026-01-01T00:00:00Z",
    "expiryDate": ["addDuration", [".", "Now"], 5, "days"],
    "attributes": ["kv", ["level", 2], ["why", "thanks"]],
    "pattern": "Thx-##",
    "validCharacters": "AB",
}


@pytest.mark.parametrize("dry", [False, True])
@pytest.mark.parametrize("state", ["open", "closed"])
def test_a_coupon_with_everything(shop, manager, server, dry, state):
    for name, kind in (("level", "number"), ("why", "string")):
        define(manager, "Coupon", name, kind)
    options = EVERYTHING | {"recipientId": [".", "Profile", "IntegrationId"], "discountLimit": 12.5}
    campaign = giving(manager, ["createCoupon", options])
    before = rows(server)
    body = update(shop, "s1", KIM | {"state": state}, dry=str(dry).lower())
    [made] = body["createdCoupons"]
    assert body["createdReferrals"] == []
    assert re.fullmatch("Thx-[AB]{2}", made["value"])
    assert effects(body) == [("couponCreated", {"value": made["value"], "profileId": "kim"})]
    created, expiry = (datetime.fromisoformat(made[name]) for name in ("created", "expiryDate"))
    assert expiry - created == timedelta(days=5)
    assert made == {
        "id": 0 if dry else 1,
        "created": made["created"],
        "campaignId": campaign["id"],
        "value": made["value"],
        "usageLimit": 3,
        "usageCounter": 0,
        "discountLimit": 12.5,
        "discountCounter": 0,
        "discountRemainder": 12.5,
        "reservationCounter": 0,
        "startDate": "2026-01-01T00:00:00Z",
        "expiryDate": made["expiryDate"],
        "limits": [],
        "attributes": {"level": 2, "why": "thanks"},
        "recipientIntegrationId": "kim",
        "reservation": False,
        "isReservationMandatory": False,
        "implicitlyReserved": False,
    }
    if dry:
        assert rows(server) == before
    else:
        assert coupons(manager, campaign) == {made["value"]: made}
        assert manager.get(f"{make.CAMPAIGNS}/{campaign['id']}").json()["couponCreationCount"] == 1


@pytest.mark.parametrize("dry", [False, True])
@pytest.mark.parametrize("state", ["open", "closed"])
def test_a_referral_with_everything(shop, manager, server, dry, state):
    for name, kind in (("level", "number"), ("why", "string")):
        define(manager, "Referral", name, kind)
    campaign = giving(manager, ["createReferral", EVERYTHING | {"friendId": "lee"}])
    before = rows(server)
    body = update(shop, "s1", KIM | {"state": state}, dry=str(dry).lower())
    [made] = body["createdReferrals"]
    assert re.fullmatch("Thx-[AB]{2}", made["code"])
    assert effects(body) == [("referralCreated", {"value": made["code"]})]
    assert made == {
        "id": 0 if dry else 1,
        "created": made["created"],
        "campaignId": campaign["id"],
        "code": made["code"],
        "usageLimit": 3,
        "usageCounter": 0,
        "startDate": "2026-01-01T00:00:00Z",
        "expiryDate": made["expiryDate"],
        "attributes": {"level": 2, "why": "thanks"},
        "advocateProfileIntegrationId": "kim",
        "friendProfileIntegrationId": "lee",
    }
    if dry:
        assert rows(server) == before
    else:
        assert referrals(manager, campaign) == {made["code"]: made}
        assert manager.get(f"{make.CAMPAIGNS}/{campaign['id']}").json()["referralCreationCount"] == 1


def test_codes_with_every_default(shop, manager, server):
    giving(manager, ["createCoupon"], ["createReferral"])
    body = visit(shop)
    [coupon], [referral] = body["createdCoupons"], body["createdReferrals"]
    assert effects(body) == [
        ("couponCreated", {"value": coupon["value"], "profileId": ""}),
        ("referralCreated", {"value": referral["code"]}),
    ]
    for code in (coupon["value"], referral["code"]):
        assert re.fullmatch("[A-HJ-NP-Z2-9]{12}", code)
    assert (coupon["usageLimit"], coupon["reservation"]) == (1, True)
    assert not {"recipientIntegrationId", "discountLimit", "startDate", "expiryDate", "batchId"} & coupon.keys()
    assert (referral["usageLimit"], "friendProfileIntegrationId" in referral) == (1, False)


def test_the_campaign_says_what_codes_look_like(shop, manager):
    settings = {"couponSettings": {"couponPattern": "C-####", "validCharacters": ["7"]},
                "referralSettings": {"couponPattern": "R-####", "validCharacters": ["8", "8"]}}  # fmt: skip
    other = giving(manager, FIVE, state="disabled", **settings)
    campaign = giving(manager, ["createCoupon", {"campaignId": other["id"]}], ["createReferral"], **settings)
    body = visit(shop)
    assert [(one["value"], one["campaignId"]) for one in body["createdCoupons"]] == [("C-7777", other["id"])]
    assert [(one["code"], one["campaignId"]) for one in body["createdReferrals"]] == [("R-8888", campaign["id"])]


@pytest.mark.parametrize(
    ("effect", "details"),
    [
        (["createCoupon", {"usageLimit": -1}], "usageLimit is a whole number from 0 (no limit) to 999999"),
        (["createCoupon", {"usageLimit": 0.5}], "usageLimit is a whole number from 0 (no limit) to 999999"),
        (["createCoupon", {"campaignId": 99}], "there is no campaign 99"),
        (["createCoupon", {"pattern": "plain"}],
         "the pattern of a code has a # among 3 to 100 letters, digits and ._%+@-"),
        (["createReferral", {"startDate": "2027-01-02T00:00:00Z", "expiryDate": "2027-01-01T00:00:00Z"}],
         "the referral would expire before it starts"),
        (["createCoupon", {"attributes": ["kv", ["nope", 1]]}],
         'The attribute "nope" is not defined on Coupon entities.'),
    ],
)  # fmt: skip
def test_codes_that_cannot_be_made(shop, manager, server, effect, details):
    """The rule fails, with all that it gave before."""
    campaign = giving(manager, ["createCoupon"], effect)
    body = update(shop, "s1", KIM, content=["ruleFailureReasons"])
    assert (body["effects"], body["createdCoupons"]) == ([], [])
    [reason] = body["ruleFailureReasons"]
    assert (reason["effectIndex"], reason["details"]) == (1, f"Effect 2: {details}")
    assert coupons(manager, campaign) == {}


def test_a_referral_needs_an_advocate(shop, manager):
    giving(manager, ["createReferral"])
    body = update(shop, "s1", {}, content=["ruleFailureReasons"])
    assert body["effects"] == []
    assert body["ruleFailureReasons"][0]["details"] == "Effect 1: the session has no profile"


# --- once for each session


def test_a_session_is_given_its_code_again(shop, manager, server):
    campaign = giving(manager, ["createCoupon"], ["createCoupon"], ["createReferral"])
    first = visit(shop)
    made, invited = coupon_codes(first), first["createdReferrals"][0]["code"]
    assert len(set(made)) == 2
    for step in ({}, {"cartItems": []}, {"state": "closed"}):
        body = update(shop, "s1", step)
        assert effects(body) == effects(first)
        assert (body["createdCoupons"], body["createdReferrals"]) == ([], [])
    assert shop.put("/v2/customer_sessions/s1/reopen").json() == {"effects": []}  # nothing to take back
    assert effects(update(shop, "s1", {})) == effects(first)
    assert effects(update(shop, "s1", {"state": "closed"})) == effects(first)
    assert effects(update(shop, "s1", {"state": "cancelled"})) == []
    assert list(coupons(manager, campaign)) == sorted(made)
    assert list(referrals(manager, campaign)) == [invited]
    row = manager.get(f"{make.CAMPAIGNS}/{campaign['id']}").json()
    assert (row["couponCreationCount"], row["referralCreationCount"]) == (2, 1)
    other = visit(shop, "s2", couponCodes=made)
    assert len(other["createdCoupons"]) == 2
    assert not set(coupon_codes(other)) & set(made)


def test_a_rule_that_pauses(shop, manager):
    """The code waits for the rule to hold again."""
    rule = make.rule(condition=["and", [">", [".", "Session", "Total"], 50]], effects=[["createCoupon"]])
    running(manager, rule)
    [code] = coupon_codes(visit(shop))
    assert coupon_codes(visit(shop, cartItems=[line(price=1)])) == []
    assert coupon_codes(visit(shop)) == [code]


def test_new_rules_make_new_codes(shop, manager):
    campaign = giving(manager, ["createCoupon"])
    [first] = coupon_codes(visit(shop))
    rules_of(manager, campaign, make.rule(effects=[["createCoupon"]]))
    [second] = coupon_codes(visit(shop))
    assert first != second
    assert coupon_codes(visit(shop)) == [second]


def test_each_rule_has_its_code(shop, manager):
    two = [make.rule(title=title, effects=[["createCoupon"]]) for title in "AB"]
    running(manager, *two)
    first = coupon_codes(visit(shop))
    assert len(set(first)) == 2
    assert coupon_codes(visit(shop)) == first


def test_a_code_for_each_update(shop, manager, server):
    campaign = giving(manager, ["createCoupon", {"storeInSession": False}])
    bodies = [visit(shop), visit(shop), visit(shop, state="closed")]
    made = [one["value"] for body in bodies for one in body["createdCoupons"]]
    assert [coupon_codes(body) for body in bodies] == [[code] for code in made]
    assert len(set(made)) == 3
    assert set(coupons(manager, campaign)) == set(made)


def test_a_code_for_another_customer(shop, manager):
    """The session changes hands: the new customer's code is not that of the one before."""
    giving(manager, ["createCoupon", {"recipientId": [".", "Profile", "IntegrationId"]}], ["createReferral"])
    first, second = visit(shop), visit(shop, profileId="lee")
    assert [one["recipientIntegrationId"] for one in first["createdCoupons"]] == ["kim"]
    assert [one["recipientIntegrationId"] for one in second["createdCoupons"]] == ["lee"]
    assert [one["advocateProfileIntegrationId"] for one in second["createdReferrals"]] == ["lee"]
    again = visit(shop)
    assert effects(again) == effects(first)
    assert again["createdCoupons"] == []


def test_a_dry_request_shows_the_code_of_the_session(shop, manager, server):
    giving(manager, ["createCoupon"])
    [code] = coupon_codes(visit(shop))
    before = rows(server)
    body = update(shop, "s1", KIM, dry="true")
    assert (coupon_codes(body), body["createdCoupons"]) == ([code], [])
    assert rows(server) == before


def test_a_made_code_can_be_redeemed(shop, manager, server):
    campaign, _ = running(
        manager,
        coupon_rule(FIVE),
        make.rule(condition=["and", ["=", ["count", [".", "Session", "CouponCodes"]], 0]],
                  effects=[["createCoupon", {"recipientId": [".", "Profile", "IntegrationId"], "usageLimit": 1}]]),
    )  # fmt: skip
    [code] = coupon_codes(visit(shop, state="closed"))
    granted = [("acceptCoupon", {"value": code}), ("setDiscount", {"name": "Five", "value": 5})]
    wrong = [("rejectCoupon", {"value": code, "rejectionReason": "CouponRecipientDoesNotMatch"})]
    assert effects(visit(shop, "s2", profileId="lee", couponCodes=[code])) == wrong
    assert effects(visit(shop, "s3", couponCodes=[code], state="closed")) == granted
    limit = [("rejectCoupon", {"value": code, "rejectionReason": "CouponLimitReached"})]
    assert effects(visit(shop, "s4", couponCodes=[code], state="closed")) == limit
    update(shop, "s1", {"state": "cancelled"})  # the code stays good
    update(shop, "s3", {"state": "cancelled"})
    assert effects(visit(shop, "s5", couponCodes=[code], state="closed")) == granted
    assert coupons(manager, campaign)[code]["usageCounter"] == 1


# --- patterns that are nearly used up


@pytest.mark.parametrize("kind", ["coupon", "referral"])
@pytest.mark.parametrize(("pattern", "count"), [("X-#", 5), ("X-##", 25), ("X#-###", 625)])
def test_a_pattern_is_used_up_to_the_last_code(shop, manager, server, kind, pattern, count):
    options = {"pattern": pattern, "validCharacters": "ABCDE", "storeInSession": False}
    effect = ["createCoupon" if kind == "coupon" else "createReferral", options]
    campaign = giving(manager, effect)
    url = f"{make.CAMPAIGNS}/{campaign['id']}/coupons"
    if kind == "coupon":
        body = make.coupons(couponPattern=pattern, validCharacters=list("ABCDE"), numberOfCoupons=count - 2)
        assert manager.post(url, json=body).status_code in (200, 204)
    else:
        body = {"campaignId": campaign["id"], "advocateProfileIntegrationIds": [f"a{n}" for n in range(count - 2)],
                "usageLimit": 1, "referralPattern": pattern, "validCharacters": list("ABCDE")}  # fmt: skip
        assert shop.post("/v1/referrals_for_multiple_advocates", json=body).status_code in (201, 204)
    shape = re.compile(pattern.replace("#", "[A-E]"))
    made = set()
    for _ in range(2):
        [(_, props)] = effects(visit(shop))
        assert shape.fullmatch(props["value"])
        made.add(props["value"])
    assert len(made) == 2
    body = update(shop, "s1", {}, content=["ruleFailureReasons"])
    assert body["effects"] == []
    assert body["ruleFailureReasons"][0]["details"] == f"Effect 1: too few codes are left of the pattern '{pattern}'"
    table = "coupons" if kind == "coupon" else "referrals"
    assert server.sql(f"SELECT count(*) AS n FROM {table}")[0]["n"] == count


def test_codes_that_are_equal_but_for_their_case(shop, manager, server):
    settings = {"name": "My shop", "timezone": "UTC", "currency": "EUR", "caseSensitivity": "insensitive-lowercase"}
    assert manager.put("/v1/applications/1", json=settings).status_code == 200
    giving(manager, ["createCoupon", {"pattern": "Aa-#", "validCharacters": "xXy", "storeInSession": False}])
    assert {coupon_codes(visit(shop))[0] for _ in range(2)} == {"aa-x", "aa-y"}
    assert effects(visit(shop)) == []


# --- reservations


def reserving(manager, *codes, **changes):
    return running(manager, coupon_rule(["reserveCoupon"]), codes=list(codes), **changes)


def reserved(code, profile="kim", new=True):
    props = {"couponValue": code, "profileIntegrationId": profile, "isNewReservation": new}
    return [("acceptCoupon", {"value": code}), ("reserveCoupon", props)]


def counters(body):
    return [(one["reservationCounter"], one["usageCounter"]) for one in body["coupons"]]


def test_a_rule_reserves_a_coupon(shop, manager, server):
    campaign, made = reserving(manager, {"code": "SOFT", "usageLimit": 2})
    body = update(shop, "s1", KIM | {"couponCodes": ["SOFT"]}, content=["coupons"])
    assert effects(body) == reserved("SOFT")
    assert {one["triggeredByCoupon"] for one in body["effects"]} == {made["SOFT"]["id"]}
    assert counters(body) == [(1, 0)]
    for step in ({}, {"state": "closed"}):
        body = update(shop, "s1", step, content=["coupons"])
        assert effects(body) == reserved("SOFT", new=False)
    assert counters(body) == [(1, 1)]
    customers = shop.get("/v1/coupon_reservations/customerprofiles/SOFT").json()
    assert [one["integrationId"] for one in customers["data"]] == ["kim"]
    assert effects(update(shop, "s1", {"state": "cancelled"})) == [("rollbackCoupon", {"value": "SOFT"})]
    assert coupons(manager, campaign)["SOFT"]["reservationCounter"] == 1  # kept
    other = visit(shop, "s2", profileId="lee", couponCodes=["SOFT"])  # anybody may redeem what is softly reserved
    assert effects(other) == reserved("SOFT", "lee")
    assert manager.get(f"{make.CAMPAIGNS}/{campaign['id']}").json()["reservecouponEffectCount"] == 2


def test_a_reservation_that_was_made_for_the_customer(shop, manager, server):
    """A coupon that must be reserved is for those only who have reserved it."""
    reserving(manager, {"code": "HARD", "usageLimit": 0, "isReservationMandatory": True})
    missing = [("rejectCoupon", {"value": "HARD", "rejectionReason": "CouponReservationRequired"})]
    assert effects(visit(shop, couponCodes=["HARD"])) == missing
    assert shop.post("/v1/coupon_reservations/HARD", json={"integrationIDs": ["kim"]}).status_code == 201
    assert effects(visit(shop, couponCodes=["HARD"])) == reserved("HARD", new=False)
    assert effects(visit(shop, "s2", profileId="lee", couponCodes=["HARD"])) == missing
    request = {"integrationIDs": ["kim"]}
    assert shop.request("DELETE", "/v1/coupon_reservations/HARD", json=request).status_code == 204
    assert effects(update(shop, "s1", {"state": "closed"})) == missing


def test_reservations_have_limits(shop, manager, server):
    limits = [{"action": "reserveCoupon", "limit": 3, "entities": []}]
    codes = [{"code": "ONCE", "usageLimit": 0, "reservationLimit": 1}, {"code": "FREE", "usageLimit": 0}]
    reserving(manager, *codes, limits=limits)

    def refused(code, details):
        props = {"value": code, "rejectionReason": "EffectCouldNotBeApplied", "effectIndex": 0, "details": details}
        return [("rejectCoupon", props)]

    full = "Effect 1: the coupon 'ONCE' is reserved as often as it may be"
    assert effects(visit(shop, "s1", couponCodes=["ONCE"])) == reserved("ONCE")
    assert effects(visit(shop, "s2", profileId="lee", couponCodes=["ONCE"])) == refused("ONCE", full)
    assert effects(visit(shop, "s1", couponCodes=["ONCE"])) == reserved("ONCE", new=False)
    assert effects(visit(shop, "s3", profileId="lee", couponCodes=["FREE"])) == reserved("FREE", "lee")
    assert effects(visit(shop, "s4", profileId="pat", couponCodes=["FREE"])) == reserved("FREE", "pat")
    none = "Effect 1: the limit on reserveCoupon has 0 left, not enough for the reservation"
    assert effects(visit(shop, "s5", profileId="ann", couponCodes=["FREE"])) == refused("FREE", none)
    assert effects(visit(shop, "s6", profileId="pat", couponCodes=["FREE"])) == reserved("FREE", "pat", new=False)


@pytest.mark.parametrize("personal", [{"recipientIntegrationId": "kim"}])
def test_a_personal_coupon_is_not_reserved(shop, manager, server, personal):
    reserving(manager, {"code": "MINE", **personal})
    [(kind, props)] = effects(visit(shop, couponCodes=["MINE"]))
    assert (kind, props["rejectionReason"]) == ("rejectCoupon", "EffectCouldNotBeApplied")
    assert props["details"] == "Effect 1: the coupon 'MINE' is personal and cannot be reserved"


def test_a_dry_reservation(shop, manager, server):
    reserving(manager, {"code": "SOFT", "usageLimit": 0})
    before = rows(server)
    body = update(shop, "s1", KIM | {"couponCodes": ["SOFT"], "state": "closed"}, content=["coupons"], dry="true")
    assert effects(body) == reserved("SOFT")
    assert counters(body) == [(0, 0)]
    assert rows(server) == before


# --- attributes


def write(entity, name, value):
    return ["updateAttribute", [entity, "Attributes", name], value]


def plus_one(entity):
    """One more than what the attribute is now."""
    return ["+", ["catch", 0, [".", entity, "Attributes", "n"]], 1]


ENTITIES = {"Session": "CustomerSession", "Profile": "CustomerProfile", "Coupon": "Coupon", "Referral": "Referral"}


def test_attributes_are_stored_and_seen_by_the_next_request(shop, manager, server):
    for entity in ENTITIES.values():
        define(manager, entity, "n", "number")
    rule = make.rule(
        condition=["and", ["couponValid"], ["referralValid"]],
        effects=[write(entity, "n", plus_one(entity)) for entity in (*ENTITIES, "AdvocateProfile")],
    )
    campaign, _ = running(manager, rule, features=BOTH, codes=["CODE"])
    referral = make.new_referral(shop, campaign["id"])["code"]
    members = KIM | {"couponCodes": ["CODE"], "referralCode": referral}
    content = ["customerSession", "customerProfile", "coupons", "referral"]

    def values(body):
        session, [coupon] = body["customerSession"], body["coupons"]
        written = [session, body["customerProfile"], coupon, body["referral"]]
        return [one["attributes"] for one in written]

    dry = update(shop, "s1", members, content=content, dry="true")
    assert [props["value"] for kind, props in effects(dry) if kind == "updateAttribute"] == [1] * 5
    for number, state in enumerate(("open", "open", "closed"), 1):
        body = update(shop, "s1", members | {"state": state}, content=content)
        found = [(props["path"], props["value"]) for kind, props in effects(body) if kind == "updateAttribute"]
        assert found == [(f"{entity}.Attributes.n", number) for entity in (*ENTITIES, "AdvocateProfile")]
        assert values(body) == [{"n": number}] * 4
        advocate = server.sql("SELECT attributes FROM profiles WHERE integration_id = 'ann'")[0]["attributes"]
        assert advocate == f'{{"n": {number}}}'
    assert shop.put("/v2/customer_sessions/s1/reopen").status_code == 200
    assert shop.get("/v2/customer_sessions/s1").json()["customerSession"]["attributes"] == {"n": 3}  # kept
    assert coupons(manager, campaign)["CODE"]["attributes"] == {"n": 3}
    assert referrals(manager, campaign)[referral]["attributes"] == {"n": 3}


def test_attributes_of_cart_items(shop, manager, server):
    define(manager, "CartItem", "gift", "boolean")
    define(manager, "CartItem", "size", "string")
    over = ["filter", [".", "Session", "CartItems"], [["Item"], [">", [".", "Item", "Price"], 5]]]
    giving(manager, ["updateItemAttribute", over, "gift", [["Item"], True]])
    cart = [line(price=1), line("B", price=10, quantity=2, attributes={"size": "L", "gift": False}), line("C", price=6)]
    body = update(shop, "s1", KIM | {"cartItems": cart}, content=["customerSession"])
    written = [("updateAttribute", {"path": f"Session.CartItems.{at}.Attributes.gift", "value": True}) for at in (1, 2)]
    assert effects(body) == written
    attributes = [one.get("attributes") for one in body["customerSession"]["cartItems"]]
    assert attributes == [None, {"size": "L", "gift": True}, {"gift": True}]
    stored = shop.get("/v2/customer_sessions/s1").json()
    assert stored["customerSession"]["cartItems"] == body["customerSession"]["cartItems"]
    assert effects(update(shop, "s1", {"state": "closed"})) == written


def test_an_attribute_is_cleared(shop, manager, server):
    define(manager, "CustomerProfile", "tier")
    define(manager, "CustomerSession", "tier")
    clear = [write("Profile", "tier", None), write("Session", "tier", None)]
    rule = make.rule(condition=["and", [">", [".", "Session", "Total"], 50]], effects=clear)
    gold = [write("Profile", "tier", "gold"), write("Session", "tier", "gold")]
    running(manager, make.rule(condition=["and", ["<=", [".", "Session", "Total"], 50]], effects=gold), rule)
    for price, expected in ((10, {"tier": "gold"}), (100, {}), (20, {"tier": "gold"})):
        members = KIM | {"cartItems": [line(price=price)]}
        body = update(shop, "s1", members, content=["customerSession", "customerProfile"])
        assert body["customerSession"]["attributes"] == body["customerProfile"]["attributes"] == expected


def test_a_failed_rule_writes_nothing(shop, manager, server):
    define(manager, "Coupon", "n", "number")
    define(manager, "CustomerProfile", "n", "number")
    rule = coupon_rule(write("Coupon", "n", 1), write("Profile", "n", 1), ["createCoupon"], ["reserveCoupon"], FIVE)
    limits = [{"action": "setDiscount", "limit": 1, "entities": []}]
    campaign, _ = running(manager, rule, codes=["CODE"], limits=limits)
    for state in ("open", "closed"):
        body = visit(shop, couponCodes=["CODE"], state=state)
        assert [kind for kind, _ in effects(body)] == ["rejectCoupon"]
    stored = coupons(manager, campaign)
    assert list(stored) == ["CODE"]
    assert (stored["CODE"]["attributes"], stored["CODE"]["reservationCounter"]) == ({}, 0)
    assert server.sql("SELECT attributes FROM profiles")[0]["attributes"] == "{}"


# --- counters of the session's coupons


def test_the_counters_of_coupons_in_answers(shop, manager, server):
    codes = [{"code": "CARD", "usageLimit": 0, "discountLimit": 50}, {"code": "FREE", "usageLimit": 2}]
    running(manager, coupon_rule(["setDiscount", "Fifteen", 15]), codes=codes)

    def shown(session_id, **members):
        body = update(shop, session_id, members, content=["coupons"])
        names = ("usageCounter", "discountCounter", "discountRemainder", "profileRedemptionCount")
        return [[one.get(name) for name in names] for one in body["coupons"]]

    both = KIM | {"couponCodes": ["FREE", "CARD", "NOPE"], "cartItems": [line()]}
    assert shown("s1", **both) == [[0, 0, None, 0], [0, 0, 50, 0]]
    assert shown("s1", state="closed") == [[1, 15, None, 1], [1, 15, 35, 1]]
    assert shown("s2", **both, state="closed") == [[2, 30, None, 2], [2, 30, 20, 2]]
    lee = both | {"profileId": "lee"}
    assert shown("s3", **lee) == [[2, 30, None, 0], [2, 30, 20, 0]]
    assert shown("s3", state="closed") == [[2, 30, None, 0], [3, 45, 5, 1]]  # FREE is used up
    assert shown("s1", state="cancelled") == [[1, 15, None, 1], [2, 30, 20, 1]]
    anonymous = both | {"profileId": ""}
    assert shown("s4", **anonymous, state="closed") == [[2, 30, None, 0], [3, 45, 5, 0]]
