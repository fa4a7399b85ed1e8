"""Rules that count in attributes: what several server processes write at once is all there."""

import pytest

from checkout import coupon_rule, define, line, running, update
from crowd import close, session

GATES = ["", "coupons"]


def one_more(*path):
    """An effect that raises an attribute by one."""
    return ["updateAttribute", list(path), ["+", [".", *path], 1]]


@pytest.fixture
def counting(several):
    """Rules that count how often a customer and a code were seen."""
    define(several.manager, "CustomerProfile", "seen", "number")
    define(several.manager, "Coupon", "seen", "number")
    codes = [{"code": "CODE", "usageLimit": 0, "attributes": {"seen": 0}}]
    counters = [one_more("Profile", "Attributes", "seen"), one_more("Coupon", "Attributes", "seen")]
    running(several.manager, coupon_rule(*counters), codes=codes)
    profiles = [{"integrationId": name, "attributes": {"seen": 0}} for name in ("kim", "p0", "p1", "p2")]
    several.shop.put("/v2/customer_profiles", json={"customerProfiles": profiles}).raise_for_status()
    return lambda: (
        {row["integration_id"]: int(row["seen"]) for row in several.sql(
            "SELECT integration_id, attributes ->> 'seen' AS seen FROM profiles")},
        int(several.sql("SELECT attributes ->> 'seen' AS seen FROM coupons")[0]["seen"]),
    )  # fmt: skip


def accepted(answers):
    """How many of them happened."""
    assert {one.status_code for one in answers} <= {200, 409}, [one.text for one in answers]
    return sum(one.status_code == 200 for one in answers)


@pytest.mark.parametrize("gate", GATES)
@pytest.mark.parametrize("closing", [False, True])
def test_what_is_seen_of_one_customer(several, counting, gate, closing):
    requests = [
        (f"s{number}", {"profileId": "kim", "couponCodes": ["CODE"], "cartItems": [line()]}) for number in range(6)
    ]
    done = accepted(
        several.at_once(*[(close if closing else session)(name, **one) for name, one in requests], gate=gate)
    )
    assert done >= 1
    profiles, coupon = counting()
    assert (profiles["kim"], coupon) == (done, done)


@pytest.mark.parametrize("gate", GATES[1:])
@pytest.mark.parametrize("closing", [False, True])
def test_what_is_seen_of_one_code(several, counting, gate, closing):
    """Three customers at once, who have nothing in common but the code."""
    for number in range(3):
        update(several.shop, f"before{number}", {"profileId": f"p{number}"})
    members = {"couponCodes": ["CODE"], "cartItems": [line()]}
    send = close if closing else session
    requests = [send(f"s{number}", profileId=f"p{number}", **members) for number in range(3)]
    done = accepted(several.at_once(*requests, gate=gate))
    profiles, coupon = counting()
    assert (sum(profiles[f"p{number}"] for number in range(3)), coupon) == (done, done)
