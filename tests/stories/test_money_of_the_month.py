"""Nine months of a marketing budget: a hundred euros a month by the calendar of the shop in Berlin, where a month may
end on the night in which the clocks change. What comes back goes to the month that it was spent in."""

import make
from checkout import line, percent, running
from stories.shop import Till, budgets, change, counted, customer, figures, go_to, money_back, off, settings, the_end

NAME = "Spring, 20%"


def limit(amount):
    return [{"action": "setDiscount", "limit": amount, "entities": [], "period": "monthly"}]


def spring(value, wanted=None):
    return [off(NAME, value) if wanted is None else off(NAME, value, desiredValue=wanted)]


class Month:
    """The budget as the back office and the database see it."""

    def __init__(self, server, manager, campaign):
        self.server, self.manager, self.campaign = server, manager, campaign

    def __call__(self, name):
        """What was spent in a month, such as `M3`."""
        return counted(self.server, self.campaign).get(f"setDiscount Y2027{name}", 0)

    def now(self):
        """What the back office shows as spent."""
        [(action, counter)] = budgets(self.manager, self.campaign)
        assert action == "setDiscount"
        return counter


def test_nine_months(shop, manager, server):
    till = Till(shop)
    go_to(server, "2027-02-28 23:50")
    settings(manager)
    campaign, _ = running(
        manager,
        make.rule(title="Spring", effects=[["setDiscount", NAME, percent(20)]]),
        name="Spring",
        limits=limit(100),
    )
    spent = Month(server, manager, campaign)

    # The last minutes of February, and the first of March: each month has its own money.
    assert till.buy("february", "kim", line(price=200)) == spring(40)
    assert (spent.now(), spent("M2")) == (40, 40)
    server.clock.travel(minutes=20)
    assert spent.now() == 0
    assert till.buy("march-1", "kim", line(price=200)) == spring(40)
    go_to(server, "2027-03-15 10:00")
    assert till.buy("march-2", "lee", line(price=200)) == spring(40)
    assert (spent.now(), spent("M2"), spent("M3")) == (80, 40, 80)

    # Twenty minutes around the hour that there is not: it is the same month. What is left is not enough for 10, and
    # the shop gives all or nothing, until the owner says that some is better than nothing.
    go_to(server, "2027-03-28 01:50")
    assert till.buy("march-3", "mia", line(price=75)) == spring(15)
    server.clock.travel(minutes=20)
    assert till.cart("march-4", "noa", line(price=50)) == []
    settings(manager, enablePartialDiscounts=True)
    assert till.pay("march-4") == spring(5, wanted=10)
    assert spent.now() == 100
    assert till.cart("march-5", "ola", line(price=100)) == []

    # An order of February comes back: its money is February's. One of March comes back: now there is some again.
    assert till.cancel("february") == [money_back(NAME, 40)]
    assert (spent("M2"), spent("M3")) == (0, 100)
    assert till.cart("march-5") == []
    assert till.cancel("march-2") == [money_back(NAME, 40)]
    assert till.pay("march-5") == spring(20, wanted=20)
    assert spent("M3") == 80

    # The last minutes of March, in summer time. Two carts are open; one pays before midnight, one after.
    go_to(server, "2027-03-31 23:50")
    for order in ("march-6", "april-1"):
        assert till.cart(order, "pam", line(price=300)) == spring(20, wanted=60)
    assert till.pay("march-6") == spring(20, wanted=60)
    assert till.cart("april-1") == []
    assert spent.now() == 100
    server.clock.travel(minutes=20)
    assert till.pay("april-1") == spring(60, wanted=60)
    assert (spent.now(), spent("M3"), spent("M4")) == (60, 100, 60)

    # April. An order of March is cancelled, and one is opened again and paid anew: that is April's now.
    go_to(server, "2027-04-14 10:00")
    assert till.cancel("march-6") == [money_back(NAME, 20)]
    assert till.reopen("march-5") == [money_back(NAME, 20)]
    assert (spent("M3"), spent("M4")) == (60, 60)
    assert till.pay("march-5") == spring(20, wanted=20)
    assert (spent("M3"), spent("M4")) == (60, 80)
    # The owner gives more: what was spent stays spent. Then less than that: nothing is given, and nothing breaks.
    change(manager, campaign, limits=limit(110.5))
    assert till.buy("april-2", "ray", line(price=1000)) == spring(30.5, wanted=200)
    change(manager, campaign, limits=limit(90))
    assert till.buy("april-3", "ray", line(price=10)) == []
    assert spent.now() == 110.5
    assert till.cancel("april-2") == [money_back(NAME, 30.5)]
    assert till.cart("april-4", "ray", line(price=1000)) == spring(10, wanted=200)

    # October ends with the day of 25 hours: half past two comes twice, and midnight comes late.
    go_to(server, "2027-10-31 02:30")
    assert till.buy("october-1", "sue", line(price=100)) == spring(20, wanted=20)
    server.clock.travel(hours=1)
    assert till.buy("october-2", "sue", line(price=100)) == spring(20, wanted=20)
    go_to(server, "2027-10-31 23:50")
    assert till.buy("october-3", "sue", line(price=1000)) == spring(50, wanted=200)
    assert (spent.now(), spent("M10")) == (90, 90)
    server.clock.travel(minutes=20)
    assert (spent.now(), spent("M10")) == (0, 90)
    # The cart of April, when it is paid at last, is November's, and so is nothing else.
    assert till.pay("april-4") == spring(90, wanted=200)

    # The figures.
    months = {name: spent(name) for name in ("M2", "M3", "M4", "M10", "M11")}
    assert months == {"M2": 0, "M3": 60, "M4": 80, "M10": 90, "M11": 90}
    assert figures(manager, campaign) == {"discount": 320, "discountEffect": 9}
    people = {name: customer(shop, name) for name in ("kim", "lee", "mia", "noa", "ola", "pam", "ray", "sue")}
    assert people == {
        "kim": (1, 200), "lee": (0, 0), "mia": (1, 75), "noa": (1, 50), "ola": (1, 100), "pam": (1, 300),
        "ray": (2, 1010), "sue": (3, 1200),
    }  # fmt: skip
    the_end(server, till)
