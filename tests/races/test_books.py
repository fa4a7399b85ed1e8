"""The books themselves: they balance after a life of everything, and whatever is wrong in the database they see."""

import asyncio

import asyncpg
import pytest

from books import Books, assert_books_balance, assert_limits_hold
from checkout import coupon_rule, line, running, update


@pytest.fixture(scope="module")
def business(shared, shared_shop, shared_manager):
    """A shop after some business."""
    rule = coupon_rule(["setDiscount", "Ten", 10.5], ["addFreeItem", "Mug", "MUG"])
    running(shared_manager, rule, codes=[{"code": "FIVE", "usageLimit": 5, "discountLimit": 60}])
    session = {"couponCodes": ["FIVE"], "cartItems": [line(price=19.99)]}
    for number in range(4):
        update(shared_shop, f"s{number}", session | {"profileId": f"p{number % 2}"})
        update(shared_shop, f"s{number}", {"state": "closed"})
    update(shared_shop, "s3", {"state": "cancelled"})
    update(shared_shop, "open", session | {"profileId": "p1"})
    update(shared_shop, "never", session)
    update(shared_shop, "never", {"state": "cancelled"})
    update(shared_shop, "at once", session | {"state": "closed"})
    return shared


@pytest.fixture
def sql(business):
    """Looks at its database, and may write into it what is gone after the test."""
    with asyncio.Runner() as runner:
        conn = runner.run(asyncpg.connect(business.database))
        runner.run(conn.execute("BEGIN"))
        yield lambda statement, *values: runner.run(conn.fetch(statement, *values))
        runner.run(conn.close())


def test_a_shop_in_order(sql):
    assert_books_balance(sql)
    assert_limits_hold(sql)
    assert [tuple(row) for row in sql("SELECT usage_counter, discount_counter FROM coupons")] == [(4, 42)]


@pytest.mark.parametrize(
    ("statement", "finding"),
    [
        ("UPDATE coupons SET usage_counter = 5", "coupon FIVE: usage_counter is 5, by the log 4"),
        ("UPDATE coupons SET discount_counter = 42.01", "coupon FIVE: discount_counter is 42.01, by the log 42.0"),
        ("UPDATE coupons SET reservation_counter = 1", "coupon FIVE: reservation_counter is 1, by the log 0"),
        ("UPDATE campaigns SET discount_count = 0", "discount_count is 0, by the log 42.0"),
        ("UPDATE campaigns SET discount_effect_count = 5", "discount_effect_count is 5, by the log 4"),
        ("UPDATE campaigns SET coupon_redemption_count = 3", "coupon_redemption_count is 3, by the log 4"),
        ("UPDATE campaigns SET add_free_item_effect_count = 4", "add_free_item_effect_count is 4, by the log 5"),
        ("UPDATE campaigns SET coupon_creation_count = 1", "coupon_creation_count is 1, by the log 0"),
        ("UPDATE profiles SET closed_sessions = 0 WHERE integration_id = 'p0'", "closed_sessions is 0, by the log 2"),
        ("UPDATE profiles SET total_sales = 40 WHERE integration_id = 'p0'", "total_sales is 40, by the log 39.98"),
        ("UPDATE customer_sessions SET update_count = 3 WHERE id = 1", "its log has 2 entries"),
        ("UPDATE customer_sessions SET state = 'open' WHERE id = 1", "is open, its log ends in closed"),
        ("UPDATE customer_sessions SET total = 5 WHERE id = 1", "total_sales is 39.98, by the log 24.99"),
        ("UPDATE customer_sessions SET total_discounts = 1 WHERE id = 1", "total_discounts is 1, it holds 10.5"),
        ("UPDATE customer_sessions SET effects = '[]' WHERE id = 1", "its last entry gave"),
        ("UPDATE customer_sessions SET effects = (SELECT effects FROM customer_sessions WHERE id = 1) WHERE id = 4",
         "holds discounts {(1, 1): Decimal('10.5')}, by its log {}"),
        ("DELETE FROM events WHERE session_id = 1 AND type = 'talon_session_closed'", "its log ends in open"),
        ("DELETE FROM events WHERE session_id = 4 AND type = 'talon_session_revoked'", "its log ends in closed"),
        ("INSERT INTO events (application_id, type, session_id, revision, judged_at, facts, effects, created) "
         "SELECT 1, type, 1, 0, now(), '{}', effects, now() FROM events WHERE type = 'talon_session_closed' LIMIT 1",
         "talon_session_closed in state closed"),
        ("UPDATE events SET effects = '[]' WHERE session_id = 4 AND type = 'talon_session_revoked'",
         "is cancelled, but {(1, 1): Decimal('10.5')} was not taken back"),
        ("DELETE FROM coupon_redemptions WHERE session_id = 1", "Coupon redemptions []"),
        ("UPDATE coupon_redemptions SET rolled_back_at = now() WHERE session_id = 1", "usage_counter is 4, by the log 3"),
        ("UPDATE coupon_redemptions SET rolled_back_at = NULL WHERE session_id = 4", "usage_counter is 4, by the log 5"),
        ("INSERT INTO coupon_redemptions SELECT session_id, coupon_id, 1, 1, 1, now(), NULL FROM coupon_redemptions "
         "WHERE session_id = 1", "session s0: Coupon redemptions"),
        ("INSERT INTO referrals (application_id, campaign_id, value, advocate_integration_id, usage_limit, usage_counter, "
         "created) VALUES (1, 1, 'REF', 'p0', 0, 1, now())", "referral REF: usage_counter is 1, by the log 0"),
        ("INSERT INTO limit_counters (application_id, campaign_id, action, entities, period, used) "
         "VALUES (1, 1, 'redeemCoupon', '{Profile,p0}', '', 1)", "'redeemCoupon', ('Profile', 'p0'), '') is 1"),
        ("""UPDATE customer_sessions SET charged = '[{"campaign_id": 1, "action": "setDiscount", "amount": 9}]'
         WHERE id = 1""", "limit counter (1, 'setDiscount', (), ''): there is none, by the sessions 9"),
    ],
)  # fmt: skip
def test_whatever_is_wrong_is_found(sql, statement, finding):
    sql(statement)
    found = Books(sql).wrong()
    assert any(finding in one for one in found), found


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE coupons SET usage_counter = -1",
        "UPDATE coupons SET usage_limit = 3",
        "UPDATE coupons SET discount_limit = 41.99",
        "UPDATE coupons SET discount_counter = -0.01",
        "INSERT INTO limit_counters (application_id, campaign_id, action, entities, period, used) "
        "VALUES (1, 1, 'redeemCoupon', '{Profile,p0}', 'Y2026M11', 3)",
        "INSERT INTO limit_counters (application_id, campaign_id, action, entities, period, used) "
        "VALUES (1, 1, 'anything', '{}', '', -1)",
    ],
)
def test_limits_that_do_not_hold_are_found(sql, statement):
    sql(
        """UPDATE campaigns SET limits =
        '[{"action": "redeemCoupon", "limit": 2, "entities": ["Profile"], "period": "monthly"}]'"""
    )
    assert_limits_hold(sql)
    sql(statement)
    with pytest.raises(AssertionError, match="limits do not hold"):
        assert_limits_hold(sql)
