"""The story of `guerdon demo`, lived through against the demo shop."""

from collections import Counter
from decimal import Decimal

import pytest
from rich.console import Console

from guerdon.demo.shop import demo_shop
from guerdon.demo.stage import Stage
from guerdon.demo.story import DemoError, Till, story


def create(manager, shop):
    """The demo shop through the Management API, in Application 1."""
    for attribute in shop["attributes"]:
        created = manager.post("/v1/attributes", json=attribute)
        assert created.status_code == 201, created.text
    for entry in shop["campaigns"]:
        campaign = manager.post("/v1/applications/1/campaigns", json=entry["campaign"])
        assert campaign.status_code == 201, campaign.text
        path = f"/v1/applications/1/campaigns/{campaign.json()['id']}"
        ruleset = manager.post(f"{path}/rulesets", json=entry["ruleset"])
        assert ruleset.status_code == 201, ruleset.text
        for coupons in entry["coupons"]:
            assert manager.post(f"{path}/coupons", json=coupons).status_code == 204


@pytest.fixture
def till(server, shop):
    till = Till(server.url, shop.headers["Authorization"].removeprefix("ApiKey-v1 "))
    yield till
    till.close()


def kinds(scene):
    return Counter(effect["effectType"] for effect in scene.effects)


def test_the_story(server, manager, till):
    create(manager, demo_shop())
    uses = []
    scenes = []
    for scene in story(till, "test"):
        scenes.append(scene)
        uses.append(used(server))
    beans, filters, espresso, grinder, coupon, wrong, closed, refused, cancelled, again = scenes
    assert uses == [0, 0, 0, 0, 0, 0, 1, 1, 0, 0]  # only closing uses the code, and cancelling gives it back

    assert kinds(beans) == {"setDiscountPerItem": 1}
    assert (beans.receipt.total, beans.receipt.to_pay) == (Decimal("14.00"), Decimal("11.90"))
    assert kinds(filters) == {"setDiscountPerItem": 1, "showNotification": 1}
    assert filters.receipt.words == ["Only 17 more and shipping is free."]
    assert kinds(espresso) == {"setDiscountPerItem": 2, "customEffect": 1}
    assert espresso.receipt.words == ["Shipping is free."]
    assert kinds(grinder) == {"setDiscountPerItem": 2, "customEffect": 1, "addFreeItem": 1}
    assert grinder.receipt.gifts == ["A mug on us"]
    assert (grinder.receipt.total, grinder.receipt.to_pay) == (Decimal("106.00"), Decimal("100.30"))

    assert kinds(coupon) == kinds(grinder) + Counter(acceptCoupon=1, setDiscount=1)
    assert coupon.receipt.codes == [("WELCOME10", "")]
    assert (coupon.receipt.saved, coupon.receipt.to_pay) == (Decimal("16.30"), Decimal("89.70"))
    assert kinds(wrong) == kinds(coupon) + Counter(rejectCoupon=1)
    assert sorted(wrong.receipt.codes) == [("SPRING25", "it has expired"), ("WELCOME10", "")]
    assert wrong.receipt.to_pay == coupon.receipt.to_pay

    assert kinds(closed) == kinds(coupon)
    assert refused.receipt.codes == [("WELCOME10", "this order does not meet its conditions")]
    assert kinds(cancelled) == {"rollbackCoupon": 1, "rollbackDiscount": 3}
    assert sum(
        Decimal(each["props"]["value"]) for each in cancelled.effects if each["effectType"] == "rollbackDiscount"
    ) == Decimal("16.30")
    assert again.receipt.codes == [("WELCOME10", "")]
    assert again.receipt.to_pay == Decimal("18.00")


def used(server):
    return server.sql("SELECT usage_counter FROM coupons WHERE value = 'WELCOME10'")[0][0]


def test_it_can_be_told_any_number_of_times(server, manager, till, capsys):
    create(manager, demo_shop())
    stage = Stage(Console(width=130), moving=False)
    for token in ("one", "two"):
        for scene in story(till, token):
            stage.show(scene)
    assert stage.scenes == 20
    assert used(server) == 0
    printed = capsys.readouterr().out
    assert "SPRING25: it has expired" in printed
    assert "rollbackCoupon  WELCOME10" in printed


def test_friends_of_the_house_and_the_limited_code(manager, shop):
    create(manager, demo_shop())
    profile = {"customerProfiles": [{"integrationId": "ada", "attributes": {"tier": "vip"}}]}
    assert shop.put("/v2/customer_profiles", json=profile).status_code == 204
    cart = [{"sku": "GRINDER-1", "name": "Hand grinder", "quantity": 1, "price": 60, "category": "brewing"}]
    session = {"profileId": "ada", "cartItems": cart, "couponCodes": ["TASTING"]}
    effects = shop.put("/v2/customer_sessions/s1", json={"customerSession": session}).json()["effects"]
    amounts = {each["props"]["name"]: each["props"]["value"] for each in effects if each["effectType"] == "setDiscount"}
    assert amounts == {"5 off": 5, "Friend of the house, 5% off": 3}


def test_a_server_without_the_demo_shop_says_so(till):
    with pytest.raises(DemoError, match="This server has no demo shop"):
        list(story(till, "test"))
