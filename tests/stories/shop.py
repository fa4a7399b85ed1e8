"""What the stories share: the calendar, the till, how receipts and figures are written, and the end of every story."""

from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

import make
from books import assert_books_balance, assert_limits_hold
from checkout import effects
from rerun import assert_same_again, events

BERLIN = ZoneInfo("Europe/Berlin")
CLOSING = ["=", [".", "Session", "State"], "closed"]
FIRST_ORDER = ["=", [".", "Profile", "ClosedSessions"], 0]


def go_to(server, moment, zone=BERLIN):
    """Travel to a time on the shop's clock, such as `2027-03-01 09:00`. Stories have dates of their own, because months
    and weeks begin on days of their own."""
    there = datetime.fromisoformat(moment).replace(tzinfo=zone)
    server.clock.travel(seconds=(there - server.clock()).total_seconds())


def settings(manager, **changes):
    """The Application is in Berlin, and as the story needs it."""
    answer = manager.put("/v1/applications/1", json=make.application(**changes))
    assert answer.status_code == 200, answer.text


def change(manager, campaign, **changes):
    """Change a campaign in the back office, which sends all of it again."""
    url = f"{make.CAMPAIGNS}/{campaign['id']}"
    answer = manager.put(url, json=manager.get(url).json() | changes)
    assert answer.status_code == 200, answer.text


class _Answer(msgspec.Struct):
    effects: msgspec.Raw


class Till:
    """The checkout of a shop. It keeps what each answer gave, to the byte, in the order of the requests."""

    def __init__(self, client):
        self.client, self.told = client, []

    def cart(self, order, customer=None, *items, codes=None, **members):
        """Change an order that is still open; its effects as (type, props)."""
        given = {"profileId": customer, "cartItems": list(items) or None, "couponCodes": codes} | members
        session = {name: value for name, value in given.items() if value is not None}
        return self.told_by(self.client.put(f"/v2/customer_sessions/{order}", json={"customerSession": session}))

    def pay(self, order, **members):
        """Close an order; its effects."""
        return self.cart(order, state="closed", **members)

    def buy(self, order, customer, *items, **members):
        """Put a cart together and pay in a second step; the effects of the last."""
        self.cart(order, customer, *items, **members)
        return self.pay(order)

    def cancel(self, order):
        """Cancel an order; what was taken back."""
        return self.cart(order, state="cancelled")

    def reopen(self, order):
        """Open a closed order again; what was taken back."""
        return self.told_by(self.client.put(f"/v2/customer_sessions/{order}/reopen"))

    def send_back(self, order, *lines, judge_again=False):
        """Return units of lines, each (position, quantity); what was taken back and given instead."""
        items = [{"position": position, "quantity": quantity} for position, quantity in lines]
        url = f"/v2/customer_sessions/{order}/returns"
        params = {"runRuleEngine": "true"} if judge_again else None
        return self.told_by(self.client.post(url, json={"return": {"returnedCartItems": items}}, params=params))

    def old_put(self, order, **session):
        """Send a session as clients of the first generation do; what it was given, each as [effect, argument, …]."""
        answer = self.client.put(f"/v1/customer_sessions/{order}", json=session)
        assert answer.status_code == 200, answer.text
        self.told.append(None)  # effects are written in another way
        return [effect[3] for effect in answer.json()["event"]["effects"]]

    def event(self, customer, kind, *, params=None, headers=None, **attributes):
        """Tell of something that a customer did, outside of any order; the effects."""
        body = {"profileId": customer, "type": kind, "attributes": attributes}
        asked = {"silent": "no"} | (params or {})
        return self.told_by(self.client.post("/v2/events", json=body, params=asked, headers=headers))

    def profile(self, customer, **attributes):
        """Tell what is known of a customer, and let the rules see it; the effects."""
        url = f"/v2/customer_profiles/{customer}"
        return self.told_by(self.client.put(url, json={"attributes": attributes}, params={"runRuleEngine": True}))

    def receipt(self, order):
        """What an order has been given and still holds, and its state."""
        answer = self.client.get(f"/v2/customer_sessions/{order}").json()
        return answer["customerSession"]["state"], effects(answer)

    def told_by(self, answer):
        """Keep what an answer gave; its effects."""
        assert answer.status_code in (200, 201), answer.text
        self.told.append(bytes(msgspec.json.decode(answer.content, type=_Answer).effects).decode())
        return effects(answer.json())


def the_end(server, till):
    """Every counter adds up and is within its limits, the log has what the till was told, and every request of the
    story gives the same bytes again."""
    assert_books_balance(server.sql)
    assert_limits_hold(server.sql)
    logged = [row["effects"] for row in events(server)]
    assert [mine or theirs for mine, theirs in zip(till.told, logged, strict=True)] == logged
    assert_same_again(server)


# --- receipts


def accepted(code):
    return ("acceptCoupon", {"value": code})


def refused(code, reason, **more):
    return ("rejectCoupon", {"value": code, "rejectionReason": reason} | more)


def off(name, value, **more):
    return ("setDiscount", {"name": name, "value": value} | more)


def off_item(name, value, position, **more):
    """An amount off a unit; its name has the position, as in effects."""
    return ("setDiscountPerItem", {"name": f"{name}#{position}", "value": value, "position": position} | more)


def code_back(code):
    return ("rollbackCoupon", {"value": code})


def money_back(name, value, **more):
    return ("rollbackDiscount", {"name": name, "value": value} | more)


# --- figures


def customer(client, name):
    """What the shop knows of a customer: (orders, sales)."""
    profile = inventory(client, name, "profile")
    return profile["closedSessions"], profile["totalSales"]


def inventory(client, name, of):
    """What a customer has of coupons, referrals and so on."""
    answer = client.get(f"/v1/customer_profiles/{name}/inventory", params={of: True})
    assert answer.status_code == 200, answer.text
    return answer.json()[of]


def wallet(client, name):
    """The coupons of a customer: {code: state}."""
    return {one["value"]: one["state"] for one in inventory(client, name, "coupons")}


def figures(manager, campaign):
    """The counters of a campaign that are not zero, by the names of the contract without `Count`."""
    found = manager.get(f"{make.CAMPAIGNS}/{campaign['id']}").json()
    return {name.removesuffix("Count"): found[name] for name in found if name.endswith("Count") and found[name]}


def budgets(manager, campaign):
    """What the limits of a campaign as a whole have counted, in their order."""
    found = manager.get(f"{make.CAMPAIGNS}/{campaign['id']}").json()
    return [(one["action"], one["counter"]) for one in found["budgets"]]


def counted(server, campaign):
    """All counters of the limits of a campaign: {action and whom and when: amount}."""
    rows = server.sql(
        "SELECT action, entities, period, used FROM limit_counters WHERE campaign_id = $1 ORDER BY id", campaign["id"]
    )
    return {" ".join([row["action"], *row["entities"][1::2], row["period"]]).strip(): row["used"] for row in rows}
