"""Rules that go by how often a code was used: however many close at once, each use is the next one."""

from checkout import COUPON_VALID, effects, running
from crowd import close

USED = [".", "Coupon", "UsageCounter"]


def test_the_first_ten_get_more(several):
    rule = {
        "title": "Early birds",
        "condition": ["and", COUPON_VALID],
        "effects": [["setDiscount", "Early", ["if", ["<", USED, 10], 20, 5]]],
    }
    running(several.manager, rule, codes=[{"code": "BIRD", "usageLimit": 0}])
    cart = [{"sku": "A", "quantity": 1, "price": 100}]
    closings = [close(f"s{n}", profileId=f"p{n}", couponCodes=["BIRD"], cartItems=cart) for n in range(30)]
    answers = several.at_once(*closings)
    assert {answer.status_code for answer in answers} == {200}
    given = sorted(
        props["value"] for answer in answers for kind, props in effects(answer.json()) if kind == "setDiscount"
    )
    assert given == [5] * 20 + [20] * 10
