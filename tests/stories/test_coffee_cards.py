"""Five weeks of a café with cards: who has one gets a cup for nothing, but one a week; regulars get more, the club has a
card for its members only, and everybody can see in the app what is in their wallet."""

import make
from checkout import coupon_rule, line, running
from stories.shop import (
    Till,
    accepted,
    change,
    code_back,
    counted,
    customer,
    figures,
    go_to,
    money_back,
    off,
    refused,
    settings,
    the_end,
    wallet,
)  # fmt: skip

CUP = line("CUP", price=3.5)
WEEKLY = {"action": "redeemCoupon", "limit": 1, "entities": ["Profile"], "period": "weekly"}
COUPONS = "/v1/applications/1/campaigns/1/coupons"
CLUB = "/v1/coupon_reservations/CLUB"


def free(code):
    return [accepted(code), off("A cup", 3.5)]


def back(code):
    return [code_back(code), money_back("A cup", 3.5)]


def cards(manager, **batch):
    """Print cards; their codes and their batch."""
    made = make.new_coupons(manager, 1, **batch)
    return sorted(one["value"] for one in made), made[0]["batchId"]


def set_up(manager):
    settings(manager)
    running(manager, coupon_rule(["setDiscount", "A cup", 3.5]), name="Cards", limits=[WEEKLY])
    codes, batch = cards(manager, couponPattern="CARD-#", validCharacters=["1", "2", "3"], numberOfCoupons=3,
                         usageLimit=2, expiryDate="2027-05-17T00:00:00+02:00")  # fmt: skip
    assert codes == ["CARD-1", "CARD-2", "CARD-3"]
    cards(manager, couponPattern="REGULAR", usageLimit=0, limits=[WEEKLY | {"limit": 2}])
    cards(manager, couponPattern="CLUB", usageLimit=0, isReservationMandatory=True)
    cards(manager, couponPattern="SUMMER", usageLimit=0, implicitlyReserved=True, startDate="2027-05-31T00:00:00+02:00")
    personal = {"usageLimit": 1, "recipientsIntegrationIds": ["kim", "lee"], "couponPattern": "BIRTHDAY-##"}
    made = manager.post(
        "/v1/applications/1/campaigns/1/coupons_with_recipients", params={"silent": "no"}, json=personal
    )
    return batch, {one["recipientIntegrationId"]: one["value"] for one in made.json()["data"]}


def test_five_weeks(shop, manager, server):
    till, orders = Till(shop), []

    def drink(customer, code):
        """A cup with a card: what it was given."""
        orders.append(f"cup-{len(orders)}")
        return till.buy(orders[-1], customer, CUP, codes=[code])

    go_to(server, "2027-05-03 09:00")  # a Monday
    batch, birthday = set_up(manager)
    kims, lees = birthday["kim"], birthday["lee"]

    # Week 1. The club has two members; who is none needs more than the code. A guest needs a name.
    reserved = shop.post(CLUB, json={"integrationIDs": ["kim", "lee"]})
    assert (reserved.status_code, reserved.json()["reservationCounter"]) == (201, 2)
    assert wallet(shop, "kim") == {"CLUB": "active", "SUMMER": "pending", kims: "active"}
    assert drink("mia", "CLUB") == [refused("CLUB", "CouponReservationRequired")]
    assert drink("", "CLUB") == [refused("CLUB", "ProfileRequired")]
    assert drink("", "CARD-1") == [refused("CARD-1", "ProfileRequired")]
    assert drink("mia", kims) == [refused(kims, "CouponRecipientDoesNotMatch")]
    # One cup a week, whichever the card; only REGULAR has a limit of its own: two, and these are apart.
    assert drink("kim", "CARD-1") == free("CARD-1")
    kims_first = orders[-1]
    for code in ("CARD-1", "CLUB", kims):
        assert drink("kim", code) == [refused(code, "ProfileLimitReached")]
    assert [drink("kim", "REGULAR") for _ in range(3)] == [
        free("REGULAR"), free("REGULAR"), [refused("REGULAR", "ProfileLimitReached")]
    ]  # fmt: skip
    assert wallet(shop, "kim") == {
        "CARD-1": "used", "REGULAR": "used", "CLUB": "active", "SUMMER": "pending", kims: "active"
    }  # fmt: skip
    # CARD-1 goes round: Lee has its second cup, and Mia comes too late.
    assert drink("lee", "CARD-1") == free("CARD-1")
    assert drink("mia", "CARD-1") == [refused("CARD-1", "CouponLimitReached")]

    # Sunday night. At midnight a week begins; Kim's open cart has its cup ten minutes later.
    go_to(server, "2027-05-09 23:50")
    assert till.cart("night", "kim", CUP, codes=["CLUB"]) == [refused("CLUB", "ProfileLimitReached")]
    server.clock.travel(minutes=20)
    assert till.pay("night") == free("CLUB")
    # Monday's cup stays drunk when last week's is taken back, which gives CARD-1 a cup for Mia.
    assert till.cancel(kims_first) == back("CARD-1")
    assert drink("kim", kims) == [refused(kims, "ProfileLimitReached")]
    assert drink("mia", "CARD-1") == free("CARD-1")
    assert wallet(shop, "kim") == {"REGULAR": "used", "CLUB": "used", "SUMMER": "pending", kims: "active"}
    assert wallet(shop, "mia") == {"CARD-1": "used", "SUMMER": "pending"}

    # Week 3. The batch of cards has run out, until the owner prints a later date for all three.
    go_to(server, "2027-05-18 09:00")
    assert shop.post("/v1/coupon_reservations/CARD-2", json={"integrationIDs": ["mia"]}).status_code == 201
    assert wallet(shop, "mia") == {"CARD-1": "used", "CARD-2": "expired", "SUMMER": "pending"}
    assert drink("mia", "CARD-2") == [refused("CARD-2", "CouponExpired")]
    later = {"batchID": batch, "usageLimit": 2, "expiryDate": "2027-06-30T00:00:00+02:00"}
    assert manager.put(COUPONS, json=later).status_code == 204
    assert wallet(shop, "mia") == {"CARD-1": "used", "CARD-2": "active", "SUMMER": "pending"}
    assert drink("mia", "CARD-2") == free("CARD-2")
    # Lee leaves the club while a cup is on the counter. The birthday card still is there.
    assert till.cart("lees", "lee", CUP, codes=["CLUB"]) == free("CLUB")
    assert shop.request("DELETE", CLUB, json={"integrationIDs": ["lee"]}).status_code == 204
    assert till.pay("lees") == [refused("CLUB", "CouponReservationRequired")]
    assert wallet(shop, "lee") == {"CARD-1": "used", "SUMMER": "pending", lees: "active"}
    assert drink("lee", lees) == free(lees)

    # Week 4. Closed for repairs: nothing can be used. Whoever drank, drank.
    go_to(server, "2027-05-24 09:00")
    change(manager, {"id": 1}, state="disabled")
    assert set(wallet(shop, "kim").values()) == {"disabled"}
    assert drink("kim", "REGULAR") == [refused("REGULAR", "CouponPartOfNotRunningCampaign")]

    # Week 5. Open again, and it is summer. REGULAR may be used three times a week now, each week.
    go_to(server, "2027-05-31 09:00")
    change(manager, {"id": 1}, state="enabled")
    regular = manager.get(f"{COUPONS}/REGULAR").json()
    assert manager.put(f"{COUPONS}/REGULAR", json=regular | {"limits": [WEEKLY | {"limit": 3}]}).status_code == 200
    assert [drink("kim", "REGULAR")[0][0] for _ in range(4)] == ["acceptCoupon"] * 3 + ["rejectCoupon"]
    assert drink("kim", "SUMMER") == free("SUMMER")
    assert wallet(shop, "kim") == {"REGULAR": "used", "CLUB": "used", "SUMMER": "used", kims: "active"}

    # The figures.
    assert figures(manager, {"id": 1}) == {"couponRedemption": 11, "discount": 38.5, "discountEffect": 11}
    uses = {row["value"]: row["usage_counter"] for row in server.sql("SELECT value, usage_counter FROM coupons")}
    assert uses == {
        "CARD-1": 2, "CARD-2": 1, "CARD-3": 0, "REGULAR": 5, "CLUB": 1, "SUMMER": 1, kims: 0, lees: 1
    }  # fmt: skip
    weeks = {key: used for key, used in counted(server, {"id": 1}).items() if key.endswith("W18")}
    assert weeks == {"redeemCoupon kim Y2027W18": 0, "redeemCoupon lee Y2027W18": 1, "redeemCoupon 4 kim Y2027W18": 2}
    assert [customer(shop, name) for name in ("kim", "lee", "mia")] == [(14, 49), (3, 10.5), (6, 21)]
    the_end(server, till)
