"""The books of the shop: everything in the database that must add up, added up.

`assert_books_balance(sql)` is for any test that has closed, cancelled, returned or reopened sessions, however it did:
one after the other, at once, or with the server killed in between. It reads the log and the stored sessions, works out
from them alone what every counter must be, and compares. `sql` is what the `server` fixture has (or
`processes.look_at(url)`), and nothing may be written while it looks.

What must hold (core.md §3, §6.5, §8.2; ADR 0017):

- a session: its log is a legal life that ends in its state; `update_count` is the number of its log entries; what it
  holds is what its last entry gave, and what was taken back is what had been given, to the last digit.
- `coupon_redemptions`, `referral_redemptions`: a row for each code accepted by a closing, standing exactly as long as
  that closing does.
- `coupons`: `usage_counter` counts the standing redemptions, `discount_counter` sums the discounts they hold,
  `reservation_counter` counts the rows of `coupon_reservations`.
- `referrals`: `usage_counter` counts the standing redemptions.
- `campaigns`: redemptions and discounts are those that stand; free items and custom effects all that closings and
  events gave, since nobody takes them back; created codes, new reservations and calls all that there were.
- `profiles`: `closed_sessions` counts the closed sessions and `total_sales` sums their totals.
- `limit_counters`: `used` is the sum of what the standing sessions were charged, for what can be given back.

`assert_limits_hold(sql)` is the other half: no counter is beyond its limit. It is apart because the back office may
lower a limit below what is used already.
"""

import json
import re
from collections import Counter, defaultdict
from decimal import Decimal

DISCOUNTS = {
    "setDiscount", "setDiscountPerItem", "setDiscountPerAdditionalCost", "setDiscountPerAdditionalCostPerItem",
}  # fmt: skip
GIVEN_BACK = {
    "redeemCoupon", "redeemReferral", "setDiscount", "setDiscountEffect", "createLoyaltyPoints",
    "createLoyaltyPointsEffect", "redeemLoyaltyPoints", "redeemLoyaltyPointsEffect",
}  # fmt: skip
CLOSED, REVOKED, REOPENED = "talon_session_closed", "talon_session_revoked", "talon_session_reopened"
RETURNED = "talon_session_partially_returned"
LIFE = {  # (state before, event): state after
    (None, "talon_session_created"): "open",
    (None, CLOSED): "closed",
    ("open", "talon_session_updated"): "open",
    ("open", CLOSED): "closed",
    ("open", "talon_session_cancelled"): "cancelled",
    ("closed", REVOKED): "cancelled",
    ("partially_returned", REVOKED): "cancelled",
    ("closed", RETURNED): "partially_returned",
    ("partially_returned", RETURNED): "partially_returned",
    ("closed", REOPENED): "open",
}
COUNTED = ("closed", "partially_returned")  # the states of sessions that hold what they were given

SESSIONS = """
SELECT id, integration_id, state, profile_id, update_count, total, total_discounts, effects, charged
FROM customer_sessions
"""
EVENTS = "SELECT session_id, type, effects, created FROM events ORDER BY id"
REDEMPTIONS = """
SELECT session_id, coupon_id AS code_id, campaign_id, redeemed_at, rolled_back_at FROM coupon_redemptions
"""
REFERRALS_REDEEMED = """
SELECT session_id, referral_id AS code_id, campaign_id, redeemed_at, rolled_back_at FROM referral_redemptions
"""


def assert_books_balance(sql, *, only_checked=(), same_limits=True):
    """Fail with everything that does not add up. `only_checked` are codes, as they were sent, that some rule accepts
    without redeeming them; `same_limits` is false when limits were taken away, after which counting starts anew."""
    wrong = Books(sql, only_checked, same_limits).wrong()
    assert not wrong, "the books do not balance:\n" + "\n".join(wrong)


def assert_limits_hold(sql):
    """Fail with every counter that is negative or beyond its limit."""
    wrong = [
        f"{row['what']} {row['name']}: {row['used']} of {row['most']}"
        for row in sql("""
            SELECT 'uses of coupon' AS what, value AS name, usage_counter AS used, usage_limit AS most FROM coupons
            WHERE usage_counter < 0 OR usage_counter > usage_limit AND usage_limit > 0
            UNION ALL SELECT 'discounts of coupon', value, discount_counter, discount_limit FROM coupons
            WHERE discount_counter < 0 OR discount_counter > discount_limit
            UNION ALL SELECT 'uses of referral', value, usage_counter, usage_limit FROM referrals
            WHERE usage_counter < 0 OR usage_counter > usage_limit AND usage_limit > 0
        """)
    ]
    limits = defaultdict(list)
    for row in sql("SELECT id, limits FROM campaigns"):
        for limit in json.loads(row["limits"], parse_float=Decimal):
            key = (row["id"], limit["action"], tuple(sorted(limit.get("entities", ()))), limit.get("period") or "")
            limits[key].append(limit["limit"])
    for row in sql("SELECT campaign_id, action, entities, period, used FROM limit_counters"):
        kind = PERIODS[re.sub(r"\d", "", row["period"])]
        most = limits.get((row["campaign_id"], row["action"], tuple(row["entities"][::2]), kind), [])
        if row["used"] < 0 or any(row["used"] > one for one in most):
            wrong.append(f"limit of campaign {dict(row)}: at most {most}")
    assert not wrong, "limits do not hold:\n" + "\n".join(wrong)


PERIODS = {"": "", "Y": "yearly", "YM": "monthly", "YMD": "daily", "YW": "weekly"}  # labels are like Y2026M8


class Books:
    """What the log says, beside what the counters say."""

    def __init__(self, sql, only_checked=(), same_limits=True):
        self.sql, self.only_checked, self.same_limits = sql, set(only_checked), same_limits
        self.sessions = {row["id"]: row for row in sql(SESSIONS)}
        self.life = defaultdict(list)
        self.events = []  # profile updates and custom events: nothing closes later, and nobody takes back
        for row in sql(EVENTS):
            of_session = row["type"].startswith("talon_session_")
            (self.life[row["session_id"]] if of_session else self.events).append(Entry(row))
        self.holds = {one["id"]: effects_of(one["effects"]) for one in self.sessions.values()}
        self.coupons = [Redemption(row) for row in sql(REDEMPTIONS)]
        self.referrals = [Redemption(row) for row in sql(REFERRALS_REDEEMED)]

    def wrong(self):
        """A sentence for everything that does not add up."""
        found = []
        for session in self.sessions.values():
            found += [f"session {session['integration_id']}: {one}" for one in self._of_session(session)]
        for check in (self._of_coupons, self._of_referrals, self._of_campaigns, self._of_profiles):
            found += check()
        return [*found, *(self._of_limits() if self.same_limits else ())]

    def _of_session(self, session):
        entries, holds = self.life[session["id"]], self.holds[session["id"]]
        state = None
        for entry in entries:
            if (state, entry.type) not in LIFE:
                yield f"{entry.type} in state {state}"
            state = LIFE.get((state, entry.type), state)
        if state != session["state"]:
            yield f"is {session['state']}, its log ends in {state}"
        if session["update_count"] != len(entries):
            yield f"update_count is {session['update_count']}, its log has {len(entries)} entries"
        if entries and entries[-1].type in (CLOSED, "talon_session_created", "talon_session_updated"):
            if holds != entries[-1].effects:
                yield f"holds {holds}, its last entry gave {entries[-1].effects}"
            if session["total_discounts"] != sum(money(holds).values()):
                yield f"total_discounts is {session['total_discounts']}, it holds {sum(money(holds).values())}"
        if session["state"] == "open" and not (entries and entries[-1].type == REOPENED):
            return
        given = standing(entries)
        kept = without_zero(money(holds))
        if kept != given:
            yield f"holds discounts {kept}, by its log {given}"
        if session["state"] not in COUNTED and given:
            yield f"is {session['state']}, but {given} was not taken back"
        yield from self._of_codes(session, entries)

    def _of_codes(self, session, entries):
        """A redemption for each accepted code of each closing, which stands until that closing is taken back."""
        for rows, kind in ((self.coupons, "Coupon"), (self.referrals, "Referral")):
            expected = []
            for number, entry in enumerate(entries):
                if entry.type == CLOSED:
                    undone = [one.at for one in entries[number:] if one.type in (REVOKED, REOPENED)]
                    codes = [one for one in entry.effects if one["effectType"] == f"accept{kind}"]
                    codes = [one for one in codes if one["props"]["value"] not in self.only_checked]
                    ids = [one.get("triggeredByCoupon") if kind == "Coupon" else None for one in codes]
                    expected += [(code, entry.at, undone[0] if undone else None) for code in ids]
            found = [
                (row.code_id if kind == "Coupon" else None, row.at, row.undone)
                for row in rows
                if row.session_id == session["id"]
            ]
            if Counter(found) != Counter(expected):
                yield f"{kind} redemptions {found}, by its log {expected}"

    def _of_coupons(self):
        used = Counter(row.code_id for row in self.coupons if row.undone is None)
        given = defaultdict(Decimal)
        for row in self.coupons:
            if row.undone is None:
                for (_, coupon), amount in money(self.holds[row.session_id]).items():
                    if coupon == row.code_id:
                        given[coupon] += amount
        reserved = Counter(row["coupon_id"] for row in self.sql("SELECT coupon_id FROM coupon_reservations"))
        for row in self.sql("SELECT * FROM coupons"):
            name, code = f"coupon {row['value']}", row["id"]
            yield from differs(f"{name}: usage_counter", row["usage_counter"], used[code])
            yield from differs(f"{name}: discount_counter", row["discount_counter"], given[code])
            yield from differs(f"{name}: reservation_counter", row["reservation_counter"], reserved[code])

    def _of_referrals(self):
        used = Counter(row.code_id for row in self.referrals if row.undone is None)
        for row in self.sql("SELECT id, value, usage_counter FROM referrals"):
            yield from differs(f"referral {row['value']}: usage_counter", row["usage_counter"], used[row["id"]])

    def _of_campaigns(self):
        expected = defaultdict(Counter)
        for row in self.coupons:
            expected[row.campaign_id]["coupon_redemption_count"] += row.undone is None
        for row in self.referrals:
            expected[row.campaign_id]["referral_redemption_count"] += row.undone is None
        for effect in self._held_by_counted():
            if effect["effectType"] in DISCOUNTS:
                expected[effect["campaignId"]]["discount_count"] += effect["props"]["value"]
                expected[effect["campaignId"]]["discount_effect_count"] += 1
        for effect in self._given_at_closings():
            if name := FOR_GOOD.get(effect["effectType"]):
                expected[effect["campaignId"]][name] += 1
        for campaign_id, name in self._done_at_once():
            expected[campaign_id][name] += 1
        for row in self.sql("SELECT * FROM campaigns"):
            for name in CAMPAIGN_COUNTERS:
                yield from differs(f"campaign {row['name']}: {name}", row[name], expected[row["id"]][name])

    def _held_by_counted(self):
        counted = [one["id"] for one in self.sessions.values() if one["state"] in COUNTED]
        return (effect for session_id in counted for effect in self.holds[session_id])

    def _given_at_closings(self):
        closings = [entry for life in self.life.values() for entry in life if entry.type == CLOSED]
        return (effect for entry in (*closings, *self.events) for effect in entry.effects)

    def _done_at_once(self):
        """(campaign id, counter) of what counts when it is done. A code that is kept with its session is told of at
        every update, and was made once."""
        made = set()
        for effect in (one for life in (*self.life.values(), self.events) for entry in life for one in entry.effects):
            kind, props = effect["effectType"], effect["props"]
            if kind in CREATED:
                made.add((effect["campaignId"], CREATED[kind], props["value"]))
            elif kind == "triggerWebhook" or (kind == "reserveCoupon" and props["isNewReservation"]):
                yield effect["campaignId"], AT_ONCE[kind]
        yield from ((campaign_id, name) for campaign_id, name, _ in made)

    def _of_profiles(self):
        closed, sales = Counter(), defaultdict(Decimal)
        for session in self.sessions.values():
            if session["state"] in COUNTED:
                closed[session["profile_id"]] += 1
                sales[session["profile_id"]] += session["total"]
        for row in self.sql("SELECT id, integration_id, closed_sessions, total_sales FROM profiles"):
            name = f"profile {row['integration_id']}"
            yield from differs(f"{name}: closed_sessions", row["closed_sessions"], closed[row["id"]])
            yield from differs(f"{name}: total_sales", row["total_sales"], sales[row["id"]])

    def _of_limits(self):
        charged = defaultdict(Decimal)
        for session in self.sessions.values():
            for use in effects_of(session["charged"]) if session["state"] in COUNTED else ():
                if use["action"] in GIVEN_BACK:
                    entities = tuple(part for pair in use.get("entities", ()) for part in pair)
                    key = (use["campaign_id"], use["action"], entities, use.get("period", ""))
                    charged[key] += Decimal(use["amount"])
        for row in self.sql("SELECT campaign_id, action, entities, period, used FROM limit_counters"):
            key = (row["campaign_id"], row["action"], tuple(row["entities"]), row["period"])
            if row["action"] in GIVEN_BACK:
                yield from differs(f"limit counter {key}", row["used"], charged.pop(key, 0))
        for key, amount in charged.items():
            if amount and self.sql("SELECT FROM campaigns WHERE id = $1", key[0]):
                yield f"limit counter {key}: there is none, by the sessions {amount}"


FOR_GOOD = {"addFreeItem": "add_free_item_effect_count", "customEffect": "custom_effect_count"}
CREATED = {"couponCreated": "coupon_creation_count", "referralCreated": "referral_creation_count"}
AT_ONCE = {"triggerWebhook": "call_api_effect_count", "reserveCoupon": "reserve_coupon_effect_count"}
CAMPAIGN_COUNTERS = (
    "coupon_redemption_count", "referral_redemption_count", "discount_count", "discount_effect_count",
    *FOR_GOOD.values(), *CREATED.values(), *AT_ONCE.values(),
)  # fmt: skip


class Entry:
    """An entry of the log of a session."""

    def __init__(self, row):
        self.type, self.at, self.effects = row["type"], row["created"], effects_of(row["effects"])


class Redemption:
    """A code that a closing redeemed; `undone` is when it was taken back."""

    def __init__(self, row):
        self.session_id, self.code_id, self.campaign_id = row["session_id"], row["code_id"], row["campaign_id"]
        self.at, self.undone = row["redeemed_at"], row["rolled_back_at"]


def effects_of(text):
    """Stored effects (or charges), amounts exact."""
    return json.loads(text, parse_float=Decimal)


def money(effects):
    """What these effects give, less what they take back: {(campaign id, coupon id or None): amount}."""
    found = defaultdict(Decimal)
    for effect in effects:
        sign = 1 if effect["effectType"] in DISCOUNTS else -1 if effect["effectType"] == "rollbackDiscount" else 0
        if sign:
            found[effect["campaignId"], effect.get("triggeredByCoupon")] += sign * Decimal(effect["props"]["value"])
    return found


def standing(entries):
    """The discounts that a closed session was given and nobody took back, by its log alone."""
    total = Counter()
    for entry in entries:
        if entry.type in (CLOSED, RETURNED, REVOKED, REOPENED):
            total.update(money(entry.effects))
    return without_zero(total)


def without_zero(amounts):
    """Only what there is some of."""
    return {key: amount for key, amount in amounts.items() if amount}


def differs(what, found, expected):
    """A sentence where the two are not the same."""
    return [] if found == expected else [f"{what} is {found}, by the log {expected}"]
