"""A flash weekend in three stores of a chain: it begins and ends by the clock on the wall in Berlin, each store has its
own money for each day, and nobody comes twice with another name: an order counts for its e-mail address."""

import make
from checkout import coupon_rule, line, percent, running
from stories.shop import (
    Till,
    accepted,
    change,
    code_back,
    counted,
    figures,
    go_to,
    money_back,
    off,
    refused,
    settings,
    the_end,
)  # fmt: skip

NAME = "Flash, 25%"
BUDGETS = "/v1/applications/1/campaigns/1/stores/budgets"
FRIDAY, SUNDAY = "2027-10-29T18:00:00+02:00", "2027-10-31T23:00:00+01:00"  # the clocks go back on Sunday


def set_up(manager):
    """A quarter off from Friday, six in the evening, to Sunday, eleven at night, in Mitte and Kreuzberg; each address
    once. With FLASH there is a mug, for two addresses in each store."""
    settings(manager)
    names = {"mitte": "Mitte", "x-berg": "Kreuzberg", "online": "Online"}
    stores = {one: make.new_store(manager, name=name, integrationId=one)["id"] for one, name in names.items()}
    flash, _ = running(
        manager,
        make.rule(title="Flash", effects=[["setDiscount", NAME, percent(25), {"partial": True}]]),
        name="Flash", startTime=FRIDAY, endTime=SUNDAY, linkedStoreIds=[stores["mitte"], stores["x-berg"]],
        limits=[{"action": "setDiscountEffect", "limit": 1, "entities": ["Identifier"]}],
    )  # fmt: skip
    daily = [{"storeId": stores["mitte"], "limit": 100}, {"storeId": stores["x-berg"], "limit": 40}]
    budget = {"action": "setDiscount", "period": "daily", "storeLimits": daily}
    assert manager.post(BUDGETS, json=budget).status_code == 201
    mugs, _ = running(
        manager, coupon_rule(["addFreeItem", "A mug", "MUG"]), name="Mugs", startTime=FRIDAY, endTime=SUNDAY,
        codes=[{"code": "FLASH", "usageLimit": 0}],
        limits=[
            {"action": "redeemCoupon", "limit": 1, "entities": ["Identifier"]},
            {"action": "redeemCoupon", "limit": 2, "entities": ["Store"]},
        ],
    )  # fmt: skip
    return flash, mugs, stores


def quarter(value, of=None):
    return [off(NAME, value, desiredValue=value if of is None else of)]


MUG = [accepted("FLASH"), ("addFreeItem", {"sku": "MUG", "name": "A mug"})]


def test_the_weekend(shop, manager, server):
    till = Till(shop)
    go_to(server, "2027-10-25 09:00")
    flash, mugs, stores = set_up(manager)

    def visit(order, store, price, *hashes, **members):
        """Somebody without a name puts a cart together in a store, known by hashes of their addresses."""
        cart = {"storeIntegrationId": store, "identifiers": list(hashes)} | members
        return till.cart(order, "", line(price=price), **cart)

    def state():
        return manager.get(f"{make.CAMPAIGNS}/{flash['id']}").json()["frontendState"]

    def spent(*names):
        """What these stores have given on each of the three days."""
        found = counted(server, flash)
        return [[found.get(f"setDiscount {name} Y2027M10D{day}", 0) for day in (29, 30, 31)] for name in names]

    # Monday to Friday evening: everything is prepared, and the first ones are at the door.
    assert state() == "scheduled"
    go_to(server, "2027-10-29 17:50")
    assert visit("early", "mitte", 80, "a1", codes=["FLASH"]) == [refused("FLASH", "CouponPartOfNotRunningCampaign")]
    server.clock.travel(minutes=20)
    assert state() == "running"
    assert till.cart("early") == [*quarter(20), *MUG]
    # Not online, nor in an order that is of no store, or of one that nobody knows.
    assert visit("web", "online", 80, "b2") == []
    assert till.cart("no-store", "", line(price=80), identifiers=["b2"]) == []
    assert visit("web", "hamburg", 80, "b2") == []
    assert visit("web", "x-berg", 80, "b2") == quarter(20)
    assert visit("b2", "mitte", 80, "b2") == quarter(20)
    assert till.pay("early") == [*quarter(20), *MUG]
    # The same address again, in the other store: nothing more. Two addresses, one of them used: nothing. No address at
    # all: the open cart shows the price, but nobody pays it.
    assert visit("again", "x-berg", 80, "a1", codes=["FLASH"]) == [refused("FLASH", "CampaignLimitReached")]
    assert visit("two", "x-berg", 80, "c3", "a1") == []
    assert visit("none", "x-berg", 80) == quarter(20)
    assert till.pay("none") == []
    assert till.pay("b2") == quarter(20)
    # Kreuzberg has 40 for Friday. It gives what it has; Mitte has its own.
    assert till.cart("web", codes=["FLASH"]) == MUG  # and no discount, for b2 has had one in Mitte
    assert till.buy("x-1", "", line(price=100), storeIntegrationId="x-berg", identifiers=["d4"]) == quarter(25)
    assert till.buy("x-2", "", line(price=100), storeIntegrationId="x-berg", identifiers=["e5"]) == quarter(15, of=25)
    assert visit("x-3", "x-berg", 100, "f6") == []
    assert till.cart("x-3", storeIntegrationId="mitte") == quarter(25)
    assert till.cart("x-3", storeIntegrationId="x-berg") == []
    assert spent("mitte", "x-berg") == [[40, 0, 0], [40, 0, 0]]

    # Saturday. Ten minutes before midnight there is nothing, ten minutes after there is. What comes back on Saturday was
    # Friday's, and whoever sent it may come again.
    go_to(server, "2027-10-29 23:50")
    assert till.cart("x-3") == []
    server.clock.travel(minutes=20)
    assert till.pay("x-3") == quarter(25)
    assert till.cancel("x-1") == [money_back(NAME, 25)]
    assert till.buy("x-4", "", line(price=40), storeIntegrationId="x-berg", identifiers=["d4"]) == quarter(10)
    assert visit("x-5", "x-berg", 100, "g7") == quarter(5, of=25)
    # The owner gives both stores more for each day, from a file: what was spent stays spent.
    file = {"upFile": ("budgets.csv", "store_integration_id,limit\nx-berg,60\nmitte,260\n")}
    assert manager.post(f"{BUDGETS}/import", params={"period": "daily"}, files=file).status_code == 201
    assert till.pay("x-5") == quarter(25)
    assert till.buy("m-1", "", line(price=1000), storeIntegrationId="mitte", identifiers=["h8"]) == quarter(250)
    # Mugs: two in each store. One was given on Friday; two carts want the other.
    for order, address in (("mug-1", "i9"), ("mug-2", "j10")):
        assert visit(order, "mitte", 5, address, codes=["FLASH"]) == [*quarter(1.25), *MUG]
    assert till.pay("mug-1") == [*quarter(1.25), *MUG]
    assert till.pay("mug-2") == [refused("FLASH", "CampaignLimitReached"), *quarter(1.25)]
    assert till.pay("web") == MUG

    # Sunday has 25 hours, and one day's money. Nobody is in a hurry at half past two, or at half past two.
    go_to(server, "2027-10-31 02:30")
    assert till.buy("n-1", "", line(price=100), storeIntegrationId="x-berg", identifiers=["k11"]) == quarter(25)
    server.clock.travel(hours=1)
    assert till.buy("n-2", "", line(price=200), storeIntegrationId="x-berg", identifiers=["l12"]) == quarter(35, of=50)
    # Mitte was sold out and closes; it is not linked any more.
    change(manager, flash, linkedStoreIds=[stores["x-berg"]])
    assert visit("m-2", "mitte", 100, "m13") == []
    assert manager.delete(f"/v1/applications/1/stores/{stores['x-berg']}").status_code == 400
    # Eleven at night by the clock on the wall, which is an hour later than it was on Saturday. There is something left,
    # because an order came back.
    go_to(server, "2027-10-31 22:50")
    assert visit("last", "x-berg", 100, "n14", codes=["FLASH"]) == MUG
    assert till.cancel("n-2") == [money_back(NAME, 35)]
    assert (state(), till.cart("last")) == ("running", [*quarter(25), *MUG])
    server.clock.travel(minutes=20)
    assert state() == "expired"
    assert till.pay("last") == [refused("FLASH", "CouponPartOfNotRunningCampaign")]
    # After it is over, orders still come back.
    assert till.cancel("early") == [money_back(NAME, 20), code_back("FLASH")]

    # The figures.
    assert [figures(manager, one) for one in (flash, mugs)] == [
        {"discount": 372.5, "discountEffect": 9}, {"couponRedemption": 2, "addFreeItemEffect": 3}
    ]  # fmt: skip
    assert spent("mitte", "x-berg") == [[20, 252.5, 0], [15, 60, 25]]
    addresses = {key: used for key, used in counted(server, flash).items() if key.startswith("setDiscountEffect")}
    assert {key.split()[1] for key, used in addresses.items() if used} == {
        "b2", "d4", "e5", "f6", "g7", "h8", "i9", "j10", "k11"
    }  # fmt: skip
    assert counted(server, mugs) == {
        "redeemCoupon a1": 0, "redeemCoupon b2": 1, "redeemCoupon i9": 1, "redeemCoupon mitte": 1, "redeemCoupon x-berg": 1
    }  # fmt: skip
    assert server.sql("SELECT id FROM profiles") == []
    the_end(server, till)
