"""The referral code of a session: why it is refused, what redeeming it does, and what takes that back (core.md §7)."""

from datetime import timedelta

import pytest

import make
from books import assert_books_balance, assert_limits_hold
from checkout import coupon_rule, define, effects, line, refused_request, rows, running, update
from checkout import session_of as session

REFERRAL_VALID = ["referralValid"]
FIVE = ["setDiscount", "Five", 5]
GRANTED = ("setDiscount", {"name": "Five", "value": 5})
BOTH = ["coupons", "referrals"]


def referral_rule(*given, title="With a referral", **changes):
    """A rule that asks for a valid referral."""
    return make.rule(title=title, condition=["and", REFERRAL_VALID], effects=list(given) or [FIVE], **changes)


def inviting(manager, *rules, **changes):
    """A campaign for referrals with these rules."""
    return running(manager, *(rules or [referral_rule()]), features=BOTH, **changes)[0]


def accepted(code):
    return ("acceptReferral", {"value": code})


def refused(code, reason, **more):
    return ("rejectReferral", {"value": code, "rejectionReason": reason} | more)


def visit(shop, code, profile="kim", session_id="s1", **members):
    """Update a session with this code; its effects."""
    return effects(
        update(shop, session_id, {"profileId": profile, "referralCode": code, "cartItems": [line()]} | members)
    )


def stored(server, code):
    """Uses of the referral, and whoever redeemed it."""
    uses = server.sql("SELECT usage_counter FROM referrals WHERE value = $1", code)[0]["usage_counter"]
    friends = server.sql(
        "SELECT p.integration_id FROM referral_redemptions d JOIN referrals r ON r.id = d.referral_id"
        " JOIN profiles p ON p.id = d.profile_id WHERE r.value = $1 AND d.rolled_back_at IS NULL ORDER BY 1",
        code,
    )
    return uses, [row["integration_id"] for row in friends]


@pytest.fixture
def only_checked():
    """Codes that rules accept without redeeming them, for the books."""
    return set()


@pytest.fixture(autouse=True)
def _books(server, only_checked):
    yield
    assert_limits_hold(server.sql)
    assert_books_balance(server.sql, only_checked=only_checked)


# --- refused


def test_a_code_that_nobody_made(shop, manager, server):
    inviting(manager)
    other = manager.post("/v1/applications", json={"name": "Other", "timezone": "UTC", "currency": "EUR"}).json()["id"]
    url = f"/v1/applications/{other}/campaigns"
    theirs = manager.post(url, json=make.campaign(features=BOTH)).json()["id"]
    key = {"title": "k", "expires": "2099-01-01T00:00:00Z"}
    secret = manager.post(f"/v1/applications/{other}/api_keys", json=key).json()["key"]
    body = {"campaignId": theirs, "advocateProfileIntegrationId": "ann"}
    answer = shop.post("/v1/referrals", json=body, headers={"Authorization": f"ApiKey-v1 {secret}"})
    for code in ("NOPE", answer.json()["code"], "nope ", "\u00e9", "x" * 100):
        body = update(shop, "s1", {"profileId": "kim", "referralCode": code}, content=["referral"])
        assert body["effects"] == [
            {
                "campaignId": -1, "rulesetId": -1, "ruleIndex": 0, "ruleName": "", "effectType": "rejectReferral",
                "props": {"value": code, "rejectionReason": "ReferralNotFound"},
            }
        ]  # fmt: skip
        assert "referral" not in body


def test_a_refusal_says_which_campaign(shop, manager, server):
    campaign = inviting(manager)
    code = make.new_referral(shop, campaign["id"], friendProfileIntegrationId="lee")["code"]
    [effect] = update(shop, "s1", {"profileId": "kim", "referralCode": code})["effects"]
    ruleset = server.sql("SELECT active_ruleset_id AS id FROM campaigns")[0]["id"]
    about = {name: effect[name] for name in ("campaignId", "rulesetId", "ruleIndex", "ruleName")}
    assert about == {"campaignId": campaign["id"], "rulesetId": ruleset, "ruleIndex": 0, "ruleName": ""}
    assert "triggeredByCoupon" not in effect


def close(manager, campaign, state):
    rules = manager.get(f"{make.CAMPAIGNS}/{campaign['id']}").json()["activeRulesetId"]
    body = make.campaign(features=BOTH, state=state, activeRulesetId=rules)
    assert manager.put(f"{make.CAMPAIGNS}/{campaign['id']}", json=body).status_code == 200


REFUSALS = (
    "ReferralPartOfNotRunningCampaign", "ReferralStartDateInFuture", "ReferralExpired", "AdvocateNotFound",
    "ReferralRecipientIdSameAsAdvocate", "ReferralRecipientDoesNotMatch", "ReferralCustomerAlreadyReferred",
    "ReferralLimitReached", "CampaignLimitReached",
)  # fmt: skip


@pytest.mark.parametrize("first", REFUSALS)
def test_of_several_reasons_the_first_is_told(shop, manager, server, first):
    """Everything from the first reason on is wrong with the code (precedence of §7)."""
    wrong = REFUSALS[REFUSALS.index(first) :]
    soon, past = server.clock() + timedelta(hours=1), server.clock() - timedelta(hours=1)
    limits = [{"action": "redeemReferral", "limit": 0 if "CampaignLimitReached" in wrong else 9, "entities": []}]
    campaign = inviting(manager, limits=limits)
    details = {"startDate": (soon if "ReferralStartDateInFuture" in wrong else past - timedelta(days=1)).isoformat()}
    if "ReferralExpired" in wrong:
        details = {"expiryDate": past.isoformat()}
    if "ReferralRecipientDoesNotMatch" in wrong:
        details["friendProfileIntegrationId"] = "lee"
    advocate = "kim" if "ReferralRecipientIdSameAsAdvocate" in wrong else "ann"
    code = make.new_referral(shop, campaign["id"], advocate, usageLimit=1, **details)["code"]
    if "ReferralStartDateInFuture" in wrong:
        server.sql("UPDATE referrals SET start_date = $1", soon)
    if "ReferralCustomerAlreadyReferred" in wrong:
        other = make.new_referral(shop, inviting(manager)["id"])["code"]
        assert visit(shop, other, state="closed") == [accepted(other), GRANTED]
    if "ReferralLimitReached" in wrong:
        server.sql("UPDATE referrals SET usage_limit = 1, usage_counter = 1 WHERE value = $1", code)
    if "AdvocateNotFound" in wrong:
        server.sql("UPDATE referrals SET advocate_integration_id = 'nobody' WHERE value = $1", code)
    if "ReferralPartOfNotRunningCampaign" in wrong:
        close(manager, campaign, "disabled")
    for state in ("open", "closed"):
        assert visit(shop, code, session_id="s2", state=state) == [refused(code, first)]
    server.sql("UPDATE referrals SET usage_counter = 0 WHERE value = $1", code)  # for the books
    assert stored(server, code) == (0, [])


def test_reasons_that_lie_in_the_campaign(shop, manager, server):
    def referral(*rules, **changes):
        return make.new_referral(shop, inviting(manager, *rules, **changes)["id"])["code"]

    none_left = [{"action": "redeemReferral", "limit": 0, "entities": ["Profile"]}]
    code = referral(limits=none_left)
    assert visit(shop, code) == [refused(code, "ProfileLimitReached")]

    code = referral(make.rule())
    details = "No rule of the campaign asks whether the referral is valid"
    assert refused(code, "ReferralRejectedByCondition", details=details) in visit(shop, code)

    code = referral(make.rule(condition=["and", REFERRAL_VALID, [">", 1, 2]]))
    details = "Condition 2 does not hold"
    expected = refused(code, "ReferralRejectedByCondition", conditionIndex=1, details=details)
    assert expected in visit(shop, code)

    code = referral(referral_rule(FIVE, FIVE), limits=[{"action": "setDiscount", "limit": 7, "entities": []}])
    details = "Effect 2: the limit on setDiscount has 2 left, not enough for 'Five'"
    assert refused(code, "EffectCouldNotBeApplied", effectIndex=1, details=details) in visit(shop, code)

    campaign = inviting(manager)
    code = make.new_referral(shop, campaign["id"])["code"]
    assert accepted(code) in visit(shop, code)
    close(manager, campaign, "archived")
    why = "CampaignNotInEvaluationSet"
    expected = refused(code, "ReferralPartOfNotTriggeredCampaign", campaignExclusionReason=why)
    assert expected in visit(shop, code)


@pytest.mark.parametrize(
    ("mode", "why"), [("listOrder", "CampaignIsNotFirst"), ("highestDiscount", "CampaignGaveLowerDiscount")]
)
def test_the_evaluation_tree_passes_the_campaign_over(shop, manager, server, mode, why):
    # There is no operation for the tree yet; nobody has read the program so far.
    server.sql("UPDATE evaluation_groups SET evaluation_mode = $1", mode)
    server.sql(
        "UPDATE program_parts SET data = jsonb_set(data::jsonb, '{mode}', to_jsonb($1::text)) WHERE kind = 'group'",
        mode,
    )
    running(manager, make.rule(effects=[["setDiscount", "Ten", 10]]))
    code = make.new_referral(shop, inviting(manager)["id"])["code"]
    expected = refused(code, "ReferralPartOfNotTriggeredCampaign", campaignExclusionReason=why)
    for state in ("open", "closed"):
        assert visit(shop, code, state=state) == [("setDiscount", {"name": "Ten", "value": 10}), expected]
    assert stored(server, code) == (0, [])


def test_an_anonymous_session_has_no_friend_to_record(shop, manager, server):
    campaign = inviting(manager)
    code = make.new_referral(shop, campaign["id"])["code"]
    bound = make.new_referral(shop, campaign["id"], friendProfileIntegrationId="lee")["code"]
    for state in ("open", "closed"):
        details = "Condition 1: a referral is redeemed by a customer, and the session has no profile"
        expected = refused(code, "ReferralRejectedByCondition", conditionIndex=0, details=details)
        assert visit(shop, code, profile="", session_id="s1", state=state) == [expected]
        assert visit(shop, bound, profile="", session_id="s2", state=state) == [
            refused(bound, "ReferralRecipientDoesNotMatch")
        ]
    assert stored(server, code) == (0, [])


def test_a_limit_for_each_coupon(shop, manager, server):
    both = make.rule(condition=["and", ["couponValid"], REFERRAL_VALID], effects=[FIVE])
    limits = [{"action": "redeemReferral", "limit": 1, "entities": ["Coupon"]}]
    codes = [{"code": code, "usageLimit": 0} for code in ("AAA", "BBB")]
    campaign, _ = running(manager, both, features=BOTH, limits=limits, codes=codes)
    code = make.new_referral(shop, campaign["id"])["code"]
    assert accepted(code) in visit(shop, code, couponCodes=["AAA"], state="closed")
    second = visit(shop, code, "lee", "s2", couponCodes=["AAA"], state="closed")
    assert second == [
        ("rejectCoupon", {
            "value": "AAA", "rejectionReason": "CouponRejectedByCondition", "conditionIndex": 0,
            "details": "The referral cannot be redeemed with the coupon",
        }),
        refused(code, "CampaignLimitReached"),
    ]  # fmt: skip
    third = visit(shop, code, "pat", "s3", couponCodes=["AAA", "BBB"], state="closed")
    assert [kind for kind, _ in third] == ["acceptCoupon", "acceptReferral", "setDiscount", "rejectCoupon"]
    assert stored(server, code) == (2, ["kim", "pat"])


# --- accepted


def test_closing_redeems_the_referral(shop, manager, server):
    campaign = inviting(manager)
    made = make.new_referral(shop, campaign["id"], usageLimit=2)
    code = made["code"]
    members = {"profileId": "kim", "referralCode": code, "cartItems": [line()]}
    for _ in range(2):
        body = update(shop, "s1", members, content=["referral", "customerSession"])
        assert effects(body) == [accepted(code), GRANTED]
        assert body["referral"] == made | {"referredCustomers": []}
        assert body["customerSession"]["referralCode"] == code
    assert stored(server, code) == (0, [])
    body = update(shop, "s1", {"state": "closed"}, content=["referral"])
    assert effects(body) == [accepted(code), GRANTED]
    assert body["referral"] == made | {"usageCounter": 1, "referredCustomers": ["kim"]}
    assert stored(server, code) == (1, ["kim"])
    row = manager.get(f"{make.CAMPAIGNS}/{campaign['id']}").json()
    assert (row["referralRedemptionCount"], row["discountCount"]) == (1, 5)
    body = update(shop, "s2", members | {"profileId": "lee", "state": "closed"}, content=["referral"])
    assert body["referral"]["referredCustomers"] == ["kim", "lee"]
    assert visit(shop, code, "pat", "s3") == [refused(code, "ReferralLimitReached")]
    assert "referral" not in update(shop, "s4", {"profileId": "kim"}, content=["referral"])


def test_the_first_to_close_wins(shop, manager, server):
    """Open sessions hold no claim; a friend is referred once, whatever the code."""
    campaign = inviting(manager)
    code, other = (make.new_referral(shop, campaign["id"], usageLimit=1)["code"] for _ in range(2))
    for number, (profile, used) in enumerate([("kim", code), ("kim", other), ("lee", code), ("lee", other)]):
        assert visit(shop, used, profile, f"s{number}") == [accepted(used), GRANTED]
    closed = [effects(update(shop, f"s{number}", {"state": "closed"})) for number in range(4)]
    assert closed == [
        [accepted(code), GRANTED],
        [refused(other, "ReferralCustomerAlreadyReferred")],
        [refused(code, "ReferralLimitReached")],
        [accepted(other), GRANTED],
    ]
    assert {row["state"] for row in server.sql("SELECT state FROM customer_sessions")} == {"closed"}
    assert (stored(server, code), stored(server, other)) == ((1, ["kim"]), (1, ["lee"]))


@pytest.mark.parametrize("back", ["cancel", "reopen"])
def test_the_redemption_is_taken_back(shop, manager, server, back):
    campaign = inviting(manager)
    code = make.new_referral(shop, campaign["id"], usageLimit=1)["code"]
    assert visit(shop, code, state="closed") == [accepted(code), GRANTED]
    assert visit(shop, code, "lee", "s2") == [refused(code, "ReferralLimitReached")]
    if back == "cancel":
        answer = update(shop, "s1", {"state": "cancelled"}, content=["referral"])
    else:
        answer = shop.put("/v2/customer_sessions/s1/reopen").json()
    undone = [("rollbackReferral", {"value": code}), ("rollbackDiscount", {"name": "Five", "value": 5})]
    assert effects(answer) == undone
    if back == "cancel":
        assert (answer["referral"]["usageCounter"], answer["referral"]["referredCustomers"]) == (0, [])
    assert {one["campaignId"] for one in answer["effects"]} == {campaign["id"]}
    assert stored(server, code) == (0, [])
    assert visit(shop, code, "lee", "s2") == [accepted(code), GRANTED]
    if back == "reopen":
        assert effects(update(shop, "s1", {"state": "closed"})) == [accepted(code), GRANTED]
        assert stored(server, code) == (1, ["kim"])
    else:
        assert visit(shop, code, "kim", "s3", state="closed") == [accepted(code), GRANTED]  # may be referred again
    assert manager.get(f"{make.CAMPAIGNS}/{campaign['id']}").json()["referralRedemptionCount"] == 1


def test_a_return_does_not_touch_the_referral(shop, manager, server):
    code = make.new_referral(shop, inviting(manager)["id"])["code"]
    visit(shop, code, state="closed")
    body = {"return": {"returnedCartItems": [{"position": 0}]}, "responseContent": ["referral"]}
    answer = shop.post("/v2/customer_sessions/s1/returns", json=body)
    assert answer.json()["effects"] == []
    assert answer.json()["referral"]["referredCustomers"] == ["kim"]
    assert stored(server, code) == (1, ["kim"])
    assert effects(update(shop, "s1", {"state": "cancelled"}))[0] == ("rollbackReferral", {"value": code})
    assert stored(server, code) == (0, [])


def test_a_code_for_one_friend(shop, manager, server):
    code = make.new_referral(shop, inviting(manager)["id"], friendProfileIntegrationId="Kim")["code"]
    for profile in ("lee", "kim", "Kim ", "ann"):
        reason = "ReferralRecipientIdSameAsAdvocate" if profile == "ann" else "ReferralRecipientDoesNotMatch"
        assert visit(shop, code, profile) == [refused(code, reason)]
    assert visit(shop, code, "Kim", state="closed") == [accepted(code), GRANTED]
    assert stored(server, code) == (1, ["Kim"])


@pytest.mark.parametrize("fold", [str, str.upper, str.lower])
def test_how_codes_are_compared(shop, manager, server, fold):
    ways = {str: "sensitive", str.upper: "insensitive-uppercase", str.lower: "insensitive-lowercase"}
    settings = {"name": "My shop", "timezone": "UTC", "currency": "EUR", "caseSensitivity": ways[fold]}
    assert manager.put("/v1/applications/1", json=settings).status_code == 200
    pattern = {"couponPattern": "Inv-##", "validCharacters": ["a"]}
    code = make.new_referral(shop, inviting(manager, referralSettings=pattern)["id"])["code"]
    assert code == fold("Inv-aa")
    for typed in ("INV-AA", "inv-aa", "Inv-aa"):
        same = fold(typed) == code
        assert visit(shop, typed) == ([accepted(typed), GRANTED] if same else [refused(typed, "ReferralNotFound")])
    for typed in (" Inv-aa", "Inv-aa ", "Inv-a\u00e0"):
        assert visit(shop, typed) == [refused(typed, "ReferralNotFound")]
    assert visit(shop, "Inv-aa", state="closed") == [accepted("Inv-aa"), GRANTED]  # told as it was typed
    assert stored(server, code) == (1, ["kim"])
    assert effects(update(shop, "s1", {"state": "cancelled"}))[0] == ("rollbackReferral", {"value": "Inv-aa"})


def test_a_code_that_is_sent_changed_and_taken_away(shop, manager, server):
    campaign = inviting(manager)
    first, second = (make.new_referral(shop, campaign["id"])["code"] for _ in range(2))
    assert visit(shop, first) == [accepted(first), GRANTED]
    assert session(shop, "s1", {})["referralCode"] == first  # kept
    assert visit(shop, second) == [accepted(second), GRANTED]
    assert visit(shop, "") == []
    assert session(shop, "s1", {"referralCode": None})["referralCode"] == ""
    assert visit(shop, second, state="closed") == [accepted(second), GRANTED]
    assert (stored(server, first), stored(server, second)) == ((0, []), (1, ["kim"]))


def test_a_code_that_a_rule_only_checks(shop, manager, server, only_checked):
    campaign = inviting(manager, make.rule(condition=["and", ["referralValid", False]], effects=[FIVE]))
    code = make.new_referral(shop, campaign["id"], usageLimit=1)["code"]
    only_checked.add(code)
    for number in range(2):
        assert visit(shop, code, session_id=f"s{number}", state="closed") == [accepted(code), GRANTED]
    assert stored(server, code) == (0, [])
    assert effects(update(shop, "s1", {"state": "cancelled"})) == [("rollbackDiscount", {"name": "Five", "value": 5})]


def test_several_rules_and_a_coupon(shop, manager, server):
    """One accept effect and one redemption, however many rules ask for the code."""
    rules = [referral_rule(title="A"), referral_rule(title="B"), coupon_rule(["setDiscount", "Code", 1])]
    campaign, made = running(manager, *rules, features=BOTH, codes=["CODE"])
    code = make.new_referral(shop, campaign["id"])["code"]
    found = update(
        shop, "s1", {"profileId": "kim", "referralCode": code, "couponCodes": ["CODE"], "state": "closed",
                     "cartItems": [line()]}
    )  # fmt: skip
    assert effects(found) == [
        accepted(code), GRANTED, GRANTED,
        ("acceptCoupon", {"value": "CODE"}), ("setDiscount", {"name": "Code", "value": 1}),
    ]  # fmt: skip
    assert [one.get("triggeredByCoupon") for one in found["effects"]] == [None] * 3 + [made["CODE"]["id"]] * 2
    assert stored(server, code) == (1, ["kim"])


# --- the advocate


def test_effects_for_the_advocate(shop, manager, server):
    define(manager, "CustomerProfile", "friends", "number")
    define(manager, "Referral", "seen", "boolean")
    friends = [".", "AdvocateProfile", "Attributes", "friends"]
    count = ["updateAttribute", ["AdvocateProfile", "Attributes", "friends"], ["+", ["catch", 0, friends], 1]]
    seen = ["updateAttribute", ["Referral", "Attributes", "seen"], True]
    thanks = ["createCoupon", {"recipientId": [".", "AdvocateProfile", "IntegrationId"]}]
    code = make.new_referral(shop, inviting(manager, referral_rule(count, seen, thanks))["id"])["code"]
    body = update(shop, "s1", {"profileId": "kim", "referralCode": code}, content=["referral", "customerProfile"])
    [coupon] = body["createdCoupons"]
    assert coupon["recipientIntegrationId"] == "ann"
    assert effects(body) == [
        accepted(code),
        ("updateAttribute", {"path": "AdvocateProfile.Attributes.friends", "value": 1}),
        ("updateAttribute", {"path": "Referral.Attributes.seen", "value": True}),
        ("couponCreated", {"value": coupon["value"], "profileId": "ann"}),
    ]
    assert body["referral"]["attributes"] == {"seen": True}
    assert body["customerProfile"]["attributes"] == {}
    ann = update(shop, "a", {"profileId": "ann"}, content=["customerProfile"])["customerProfile"]
    assert ann["attributes"] == {"friends": 1}
    again = update(shop, "s1", {"state": "closed"})
    assert again["createdCoupons"] == []
    assert effects(again)[1:] == [
        ("updateAttribute", {"path": "AdvocateProfile.Attributes.friends", "value": 2}),
        ("updateAttribute", {"path": "Referral.Attributes.seen", "value": True}),
        ("couponCreated", {"value": coupon["value"], "profileId": "ann"}),
    ]
    ann = update(shop, "a", {}, content=["customerProfile"])["customerProfile"]
    assert ann["attributes"] == {"friends": 2}


def test_two_who_refer_each_other(shop, manager, server):
    define(manager, "CustomerProfile", "friends", "number")
    count = ["updateAttribute", ["AdvocateProfile", "Attributes", "friends"], 1]
    campaign = inviting(manager, referral_rule(count))
    codes = {name: make.new_referral(shop, campaign["id"], name)["code"] for name in ("ann", "kim")}
    assert accepted(codes["ann"]) in visit(shop, codes["ann"], "kim", "s1", state="closed")
    assert accepted(codes["kim"]) in visit(shop, codes["kim"], "ann", "s2", state="closed")
    found = server.sql("SELECT integration_id, attributes FROM profiles ORDER BY 1")
    assert [tuple(row) for row in found] == [("ann", '{"friends": 1}'), ("kim", '{"friends": 1}')]


# --- what does not write


def test_a_dry_request(shop, manager, server):
    code = make.new_referral(shop, inviting(manager)["id"])["code"]
    before = rows(server)
    members = {"profileId": "kim", "referralCode": code, "cartItems": [line()], "state": "closed"}
    body = update(shop, "s1", members, content=["referral"], dry="true")
    assert effects(body) == [accepted(code), GRANTED]
    assert (body["referral"]["usageCounter"], body["referral"]["referredCustomers"]) == (0, [])
    assert rows(server) == before


def test_a_referral_deleted_after_its_redemption_does_not_stop_the_cancellation(shop, manager, server):
    campaign = inviting(manager)
    made = make.new_referral(shop, campaign["id"])
    visit(shop, made["code"], state="closed")
    url = f"{make.CAMPAIGNS}/{campaign['id']}/referrals/{made['id']}"
    assert manager.delete(url).status_code == 204
    body = update(shop, "s1", {"state": "cancelled"}, content=["referral"])
    assert "rollbackDiscount" in [kind for kind, _ in effects(body)]
    assert "referral" not in body
    assert manager.get(f"{make.CAMPAIGNS}/{campaign['id']}").json()["referralRedemptionCount"] == 0


@pytest.mark.parametrize("code", ["x" * 101, 7, ["AAA"], {"a": 1}, True, "a\u0000b"])
def test_codes_that_are_none(server, shop, code):
    status, body = refused_request(
        server, shop, "PUT", "/v2/customer_sessions/s1", json={"customerSession": {"referralCode": code}}
    )
    assert status == 400, body


@pytest.mark.parametrize("state", ["open", "closed"])
def test_the_own_code_of_a_known_customer(shop, manager, server, state):
    """Customer and advocate are one row, whose attributes rules write in either role."""
    define(manager, "CustomerProfile", "asked", "number")
    define(manager, "CustomerProfile", "shared", "number")
    campaign = inviting(manager)
    code = make.new_referral(shop, campaign["id"], "kim")["code"]
    for session_id in ("s1", "s2"):
        assert visit(shop, code, session_id=session_id, state=state) == [
            refused(code, "ReferralRecipientIdSameAsAdvocate")
        ]
    both = [["updateAttribute", [whose, "Attributes", name], 1] for whose, name in
            (("Profile", "asked"), ("AdvocateProfile", "shared"))]  # fmt: skip
    running(manager, make.rule(title="Both", effects=both))
    assert len(visit(shop, code, session_id="s3", state=state)) == 3
    [kim] = server.sql("SELECT attributes FROM profiles")
    assert kim["attributes"] == '{"asked": 1, "shared": 1}'
