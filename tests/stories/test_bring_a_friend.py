"""Ten weeks of a referral program: customers get a code for friends after their first order, friends pay less, and who
brought them gets a personal coupon. Not everybody is honest."""

import make
from checkout import COUPON_VALID, TOTAL, line, running
from stories.shop import (
    CLOSING,
    FIRST_ORDER,
    Till,
    accepted,
    counted,
    customer,
    figures,
    go_to,
    inventory,
    money_back,
    off,
    refused,
    settings,
    the_end,
    wallet,
)  # fmt: skip

CODE = "friend-of-ann-1"
WELCOME = [("acceptReferral", {"value": CODE}), off("Welcome, friend", 10)]
WELCOME_BACK = [("rollbackReferral", {"value": CODE}), money_back("Welcome, friend", 10)]


def set_up(manager):
    """A friend pays 10 less on an order of 30 or more. A code is good for two friends a month, and four in all. Each
    customer gets one code, and one coupon of 15 for each friend; five coupons are given away at most."""
    settings(manager)
    me, advocate = [".", "Profile", "IntegrationId"], [".", "AdvocateProfile", "IntegrationId"]
    only_one = {"validCharacters": ["list", "1"]}  # there is one such code, so nobody gets a second
    code = {"pattern": ["concat", "friend-of-", me, "-#"], "usageLimit": 4} | only_one
    thanks = {"pattern": ["concat", "thanks-for-", me, "-#"], "recipientId": advocate} | only_one
    friend = ["and", ["referralValid"], [">=", TOTAL, 30]]
    campaign, _ = running(
        manager,
        make.rule(title="A code", condition=["and", CLOSING, FIRST_ORDER], effects=[["createReferral", code]]),
        make.rule(title="Friend", condition=friend, effects=[["setDiscount", "Welcome, friend", 10]]),
        # Only for orders that are paid: a coupon that a rule makes is there at once, also for a cart that is left.
        make.rule(title="Thanks", condition=[*friend, CLOSING], effects=[["createCoupon", thanks]]),
        make.rule(title="Spend", condition=["and", COUPON_VALID], effects=[["setDiscount", "Thank you", 15]]),
        name="Bring a friend",
        features=["coupons", "referrals"],
        limits=[
            {"action": "createReferral", "limit": 1, "entities": ["Profile"]},
            {"action": "redeemReferral", "limit": 2, "entities": ["Referral"], "period": "monthly"},
            {"action": "createCoupon", "limit": 5, "entities": []},
        ],
    )
    return campaign


def not_a_friend(reason, **more):
    return [("rejectReferral", {"value": CODE, "rejectionReason": reason} | more)]


def thanks_for(friend):
    return ("couponCreated", {"value": f"thanks-for-{friend}-1", "profileId": "ann"})


def own_code(name):
    return ("referralCreated", {"value": f"friend-of-{name}-1"})


def brought_by(shop, name):
    """The friends that count for the code of a customer, and how often it was used."""
    [referral] = inventory(shop, name, "referrals")
    return referral["usageCounter"], referral["referredCustomers"]


def test_ten_weeks(shop, manager, server):
    till, cart = Till(shop), line(price=50)
    go_to(server, "2027-03-02 10:00")
    campaign = set_up(manager)

    # Week 1. Ann's first order gives her a code, the second none. Nobody is her own friend.
    assert till.buy("ann-1", "ann", cart) == [own_code("ann")]
    assert till.buy("ann-2", "ann", cart) == []
    assert till.cart("ann-3", "ann", cart, referralCode=CODE) == not_a_friend("ReferralRecipientIdSameAsAdvocate")
    # Bob looks at what he would pay; only when he has paid, Ann has her coupon. He is a friend once.
    assert till.cart("bob-1", "bob", cart, referralCode=CODE) == WELCOME
    assert (wallet(shop, "ann"), brought_by(shop, "ann")) == ({}, (0, []))
    assert till.pay("bob-1") == [own_code("bob"), *WELCOME, thanks_for("bob")]
    assert (wallet(shop, "ann"), brought_by(shop, "ann")) == ({"thanks-for-bob-1": "active"}, (1, ["bob"]))
    assert till.buy("bob-2", "bob", cart, referralCode=CODE) == not_a_friend("ReferralCustomerAlreadyReferred")
    # Cat's cart is too small, until she adds something.
    assert till.cart("cat-1", "cat", line(price=29.99), referralCode=CODE) == not_a_friend(
        "ReferralRejectedByCondition", conditionIndex=1, details="Condition 2 does not hold"
    )
    assert till.pay("cat-1", cartItems=[line(price=29.99), line("B", price=0.01)]) == [
        own_code("cat"), *WELCOME, thanks_for("cat"),
    ]  # fmt: skip
    # Those were the two friends of March.
    assert till.buy("dan-1", "dan", cart, referralCode=CODE) == [
        *not_a_friend("ReferralLimitReached"), own_code("dan")
    ]  # fmt: skip
    assert figures(manager, campaign) == {
        "referralCreation": 4, "referralRedemption": 2, "couponCreation": 2, "discount": 20, "discountEffect": 2,
    }  # fmt: skip

    # Week 2. Cat sends everything back. Ann keeps the coupon that she has for her, and may bring somebody else: Dan.
    go_to(server, "2027-03-09 10:00")
    assert till.cancel("cat-1") == WELCOME_BACK
    assert (customer(shop, "cat"), brought_by(shop, "ann")) == ((0, 0), (1, ["bob"]))
    assert wallet(shop, "ann") == {"thanks-for-bob-1": "active", "thanks-for-cat-1": "active"}
    assert till.cancel("dan-1") == []
    assert till.buy("dan-2", "dan", cart, referralCode=CODE) == [*WELCOME, thanks_for("dan")]
    # For Cat there is no more room in March. Bob would like Ann's coupon, but it is hers.
    assert till.buy("cat-2", "cat", cart, referralCode=CODE) == not_a_friend("ReferralLimitReached")
    assert till.cart("bob-3", "bob", cart, codes=["thanks-for-dan-1"]) == [
        refused("thanks-for-dan-1", "CouponRecipientDoesNotMatch")
    ]
    assert till.buy("ann-4", "ann", cart, codes=["thanks-for-bob-1", "thanks-for-cat-1"]) == [
        accepted("thanks-for-bob-1"), off("Thank you", 15), accepted("thanks-for-cat-1"), off("Thank you", 15),
    ]  # fmt: skip
    assert wallet(shop, "ann") == {
        "thanks-for-bob-1": "used", "thanks-for-cat-1": "used", "thanks-for-dan-1": "active"
    }  # fmt: skip

    # Week 5. In April there is room again. Cat comes back; for her Ann has had a coupon, so she gets none. Eve comes.
    go_to(server, "2027-04-01 00:10")
    assert till.buy("cat-3", "cat", cart, referralCode=CODE) == WELCOME
    assert till.buy("eve-1", "eve", cart, referralCode=CODE) == [own_code("eve"), *WELCOME, thanks_for("eve")]
    assert brought_by(shop, "ann") == (4, ["bob", "dan", "cat", "eve"])

    # Week 10. The code has been good for four friends, until Eve cancels.
    go_to(server, "2027-05-04 10:00")
    assert till.cart("fay-1", "fay", cart, referralCode=CODE) == not_a_friend("ReferralLimitReached")
    assert till.cancel("eve-1") == WELCOME_BACK
    assert till.pay("fay-1") == [own_code("fay"), *WELCOME, thanks_for("fay")]
    # That was the fifth coupon. Bob's friend Gus pays less all the same, but Bob gets nothing.
    assert till.buy("gus-1", "gus", cart, referralCode="friend-of-bob-1") == [
        own_code("gus"), ("acceptReferral", {"value": "friend-of-bob-1"}), off("Welcome, friend", 10),
    ]  # fmt: skip
    assert wallet(shop, "bob") == {}

    # The figures. Each month has what counts of its orders.
    assert figures(manager, campaign) == {
        "referralCreation": 7, "referralRedemption": 5, "couponCreation": 5, "couponRedemption": 2, "discount": 80,
        "discountEffect": 7,
    }  # fmt: skip
    used = counted(server, campaign)
    assert [used[f"redeemReferral 1 Y2027M{month}"] for month in (3, 4, 5)] == [2, 1, 1]
    assert used["createCoupon"] == 5
    assert [customer(shop, name) for name in ("ann", "bob", "cat", "dan", "eve")] == [
        (3, 150), (2, 100), (2, 100), (1, 50), (0, 0),
    ]  # fmt: skip
    the_end(server, till)
