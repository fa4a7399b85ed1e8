"""Three weeks of a budget that the owner takes away and gives again: the new one begins at nothing (core.md §8.1), and
orders from before it was given are none of its business."""

import make
from checkout import line, percent, running
from stories.shop import Till, budgets, change, figures, go_to, money_back, off, settings

LIMIT = [{"action": "setDiscount", "limit": 100, "entities": []}]


def half(value):
    return [off("Half", value)]


def test_three_weeks(shop, manager, server):
    till = Till(shop)
    go_to(server, "2027-05-03 09:00")
    settings(manager)
    effect = ["setDiscount", "Half", percent(50)]
    campaign, _ = running(manager, make.rule(title="Half", effects=[effect]), name="Half", limits=LIMIT)

    # Week 1. The first hundred, nearly.
    assert till.buy("first", "kim", line(price=120)) == half(60)
    assert till.buy("second", "lee", line(price=60)) == half(30)
    assert budgets(manager, campaign) == [("setDiscount", 90)]
    # Week 2. No limit at all, then a new hundred.
    go_to(server, "2027-05-10 09:00")
    change(manager, campaign, limits=[])
    assert till.buy("third", "mia", line(price=1000)) == half(500)
    assert till.cancel("second") == [money_back("Half", 30)]
    change(manager, campaign, limits=LIMIT)
    assert budgets(manager, campaign) == [("setDiscount", 0)]
    assert till.buy("fourth", "noa", line(price=100)) == half(50)
    # Week 3. The first order comes back. It was of the old hundred.
    go_to(server, "2027-05-17 09:00")
    assert till.cancel("third") == [money_back("Half", 500)]
    assert budgets(manager, campaign) == [("setDiscount", 50)]
    assert till.cancel("first") == [money_back("Half", 60)]
    assert figures(manager, campaign) == {"discount": 50, "discountEffect": 1}
    assert budgets(manager, campaign) == [("setDiscount", 50)]
