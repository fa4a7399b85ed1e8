"""One session moved in several directions at once, by several server processes: it goes one way, and its books with it."""

import pytest

from checkout import coupon_rule, line, refusal, running, update
from crowd import cancel, close, reopen, session, take_back

BUSY = refusal("Too many requests are updating this session at the same time", status=409)
GATES = ["", "customer_sessions"]
WHOLE = [line(quantity=2, price=50)]


@pytest.fixture
def bought(several):
    """Make sessions of one customer in a state, with a code that takes 10 off the cart and 5 off each unit."""
    per_unit = ["setDiscountPerItem", "Five", [".", "Session", "CartItems"], [["Item"], 5]]
    running(
        several.manager, coupon_rule(["setDiscount", "Ten", 10], per_unit), codes=[{"code": "CODE", "usageLimit": 0}]
    )

    def make(session_id, state="closed"):
        members = {"profileId": "kim", "couponCodes": ["CODE"], "cartItems": WHOLE, "state": state}
        update(several.shop, session_id, members)
        return session_id

    return make


def statuses(answers):
    """How often each status, conflicts apart: whoever came too early is told so."""
    assert all(one.json() == BUSY for one in answers if one.status_code == 409), [one.text for one in answers]
    found = [one.status_code for one in answers if one.status_code != 409]
    assert set(found) <= {200, 201, 400}, [one.text for one in answers]
    return sorted(found)


def stored(several, session_id):
    """The state of a session, and how many events it has had."""
    [row] = several.sql("SELECT state, update_count FROM customer_sessions WHERE integration_id = $1", session_id)
    return tuple(row)


def counted(several):
    """Uses and discounts of the code; closed sessions and sales of the customer."""
    [row] = several.sql("SELECT usage_counter, discount_counter, closed_sessions, total_sales FROM coupons, profiles")
    return tuple(row)


@pytest.mark.parametrize("gate", GATES)
def test_a_double_close(several, bought, gate):
    bought("s1", "open")
    answers = several.at_once(*[close("s1")] * 6, gate=gate)
    assert statuses(answers).count(200) == 1
    refused = {one.json()["message"] for one in answers if one.status_code == 400}
    assert refused <= {'Cannot move session to state "closed" from state "closed"'}
    assert stored(several, "s1") == ("closed", 2)
    assert counted(several) == (1, 20, 1, 100)


def test_a_new_session_closed_twice(several, bought):
    """Both create it."""
    members = {"profileId": "kim", "couponCodes": ["CODE"], "cartItems": WHOLE}
    bought("s0", "closed")
    answers = several.at_once(*[close("s1", **members)] * 6, gate="customer_sessions")
    assert statuses(answers).count(200) == 1
    assert stored(several, "s1") == ("closed", 1)
    assert counted(several) == (2, 40, 2, 200)


@pytest.mark.parametrize("gate", GATES)
def test_a_double_cancel(several, bought, gate):
    bought("s1")
    answers = several.at_once(*[cancel("s1")] * 6, gate=gate)
    assert statuses(answers).count(200) == 1
    assert stored(several, "s1") == ("cancelled", 2)
    assert counted(several) == (0, 0, 0, 0)


@pytest.mark.parametrize("gate", GATES)
def test_close_against_cancel(several, bought, gate):
    """Either way it ends as the last that was accepted says."""
    for number in range(3):
        session_id = bought(f"s{number}", "open")
        closed, cancelled = several.at_once(close(session_id), cancel(session_id), gate=gate)
        done = statuses([closed, cancelled]).count(200)
        assert done >= 1
        assert stored(several, session_id) == ("cancelled" if cancelled.status_code == 200 else "closed", 1 + done)
        if cancelled.status_code == 200:
            taken = [one["effectType"] for one in cancelled.json()["effects"]]
            assert taken == (["rollbackCoupon", *["rollbackDiscount"] * 3] if closed.status_code == 200 else [])


def test_close_against_changes_of_the_cart(several, bought):
    bought("s1", "open")
    change = session("s1", cartItems=[line(price=30)])
    answers = several.at_once(*[change, close("s1"), change, close("s1"), change], gate="customer_sessions")
    closed = statuses(answers[1::2]).count(200)
    assert closed <= 1
    done = [one.status_code for one in answers].count(200)
    assert done >= 1
    assert stored(several, "s1") == ("closed" if closed else "open", 1 + done)
    if not closed:
        update(several.shop, "s1", {"state": "closed"})


@pytest.mark.parametrize("gate", GATES)
def test_return_against_cancel(several, bought, gate):
    for number in range(3):
        session_id = bought(f"s{number}")
        returned, cancelled = several.at_once(take_back(session_id), cancel(session_id), gate=gate)
        done = statuses([returned, cancelled])
        assert 400 not in done or cancelled.status_code == 200
        state = "cancelled" if cancelled.status_code == 200 else "partially_returned"
        assert stored(several, session_id) == (state, 1 + len([one for one in done if one != 400]))


def test_the_last_units_are_returned_once(several, bought):
    bought("s1")
    left = 2
    for _ in range(4):
        answers = several.at_once(*[take_back("s1")] * 4, gate="customer_sessions")
        done = [one for one in statuses(answers) if one != 400]
        assert len(done) == min(left, 1) or len(done) <= left
        left -= len(done)
    [item] = several.shop.get("/v2/customer_sessions/s1").json()["customerSession"]["cartItems"]
    assert (item["returnedQuantity"], item["remainingQuantity"], left) == (2, 0, 0)
    assert several.sql("SELECT count(*) AS n FROM returns ")[0]["n"] == 2


@pytest.mark.parametrize("gate", GATES)
def test_return_against_reopening(several, bought, gate):
    for number in range(3):
        session_id = bought(f"s{number}")
        returned, opened = several.at_once(take_back(session_id), reopen(session_id), gate=gate)
        assert len([one for one in statuses([returned, opened]) if one != 400]) == 1
        assert stored(several, session_id) == ("open" if opened.status_code == 200 else "partially_returned", 2)


@pytest.mark.parametrize("gate", GATES)
def test_a_double_reopening(several, bought, gate):
    bought("s1")
    assert statuses(several.at_once(*[reopen("s1")] * 5, gate=gate)).count(200) == 1
    assert stored(several, "s1") == ("open", 2)
    assert counted(several) == (0, 0, 0, 0)


def test_reopening_against_cancel_and_close(several, bought):
    for number in range(4):
        session_id = bought(f"s{number}")
        requests = [reopen(session_id), cancel(session_id), close(session_id), reopen(session_id)]
        answers = several.at_once(*requests, gate="customer_sessions")
        done = statuses(answers).count(200)
        assert done >= 1
        assert stored(several, session_id)[1] == 1 + done
