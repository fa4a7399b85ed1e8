"""A session from its closing on, as the server leads it: each request finds what the one before left, every amount
goes through JSON, and all counters are kept. Pure: nothing but the engine."""

from collections import defaultdict
from decimal import Decimal
from typing import Any

from msgspec.structs import asdict, replace

import judge
from guerdon.engine import Facts, Outcome, Program
from guerdon.engine import judge as decide
from guerdon.engine.effects import Effect
from guerdon.engine.facts import Counter, KeptCode, ReturnedLine
from guerdon.engine.money import totals
from guerdon.engine.outcome import LimitUse
from guerdon.engine.standing import Redemption, ReferralRedemption, Standing
from guerdon.wire.base import decoder, encode

EVENTS = {
    "close": "talon_session_closed", "cancel": "talon_session_revoked", "reopen": "talon_session_reopened",
    "return": "talon_session_partially_returned",
}  # fmt: skip
STATES = {"close": "closed", "cancel": "cancelled", "reopen": "open", "return": "partially_returned"}


class Life:
    """`books` holds what every counter stands at: of a campaign, a coupon, a referral or a limit."""

    def __init__(self, program: Program, facts: Facts, now: Any = judge.NOW) -> None:
        self.program, self.facts, self.now = program, facts, now
        self.books: dict[Any, Decimal] = defaultdict(Decimal)
        self.limits: dict[Any, Decimal] = {}
        self.standing = Standing()

    def close(self) -> Outcome:
        return self._happens("close")

    def cancel(self) -> Outcome:
        return self._happens("cancel")

    def reopen(self) -> Outcome:
        return self._happens("reopen")

    def give_back(self, *lines: tuple[int, int], run_rules: bool = False) -> Outcome:
        """Return so many units of lines, each (position, count)."""
        session, returned = self.facts.session, []
        items = list(session.cart_items)
        for position, count in lines:
            line = items[position]
            returned.append(ReturnedLine(position, line.returned_quantity, count))
            items[position] = replace(line, returned_quantity=line.returned_quantity + count)
        left = totals(items, session.additional_costs.values())
        session = replace(
            session, cart_items=tuple(items), total=left.total, cart_item_total=left.cart_items,
            cart_item_additional_cost_total=left.cart_item_additional_costs,
        )  # fmt: skip
        self.facts = replace(self.facts, session=session)
        return self._happens("return", returned=tuple(returned), run_rules=run_rules)

    def _happens(self, what: str, **more: Any) -> Outcome:
        session = replace(self.facts.session, state=STATES[what])
        standing = None if what == "close" else self.standing
        facts = replace(self._counted(), event=EVENTS[what], session=session, standing=standing, **more)
        logged = decoder(Facts).decode(encode(facts))
        assert logged == facts
        outcome = decide(self.program, facts, self.now)
        assert encode(decide(self.program, logged, self.now)) == encode(outcome)
        self._count(outcome)
        kept = [
            KeptCode(
                kind=one.kind,
                ruleset_id=one.ruleset_id,
                rule_index=one.rule_index,
                code=one.code,
                recipient=one.recipient,
            )
            for one in outcome.created_codes
            if one.in_session
        ]
        self.facts = replace(self.facts, kept_codes=(*self.facts.kept_codes, *kept))
        return outcome

    def _counted(self) -> Facts:
        """The facts with all counters as the session left them."""
        facts, books = self.facts, self.books
        counters = {(one.campaign_id, one.action, one.entities, one.period): one.used for one in facts.counters}
        for key, amount in self.limits.items():
            counters[key] = counters.get(key, Decimal(0)) + amount
        return replace(
            facts,
            counters=tuple(
                Counter(campaign_id=key[0], action=key[1], entities=key[2], period=key[3], used=used)
                for key, used in sorted(counters.items())
            ),
            coupons=tuple(
                replace(
                    one,
                    usage_counter=one.usage_counter + int(books["coupon", one.id, "redemptions"]),
                    discount_counter=one.discount_counter + books["coupon", one.id, "discount"],
                )
                for one in facts.coupons
            ),
            referral=facts.referral
            and replace(
                facts.referral,
                usage_counter=facts.referral.usage_counter + int(books["referral", facts.referral.id, "redemptions"]),
                already_referred=bool(self.standing.referrals),
            ),
        )

    def _count(self, outcome: Outcome) -> None:
        redemptions, referrals = set(self.standing.redemptions), set(self.standing.referrals)
        for use in outcome.coupon_uses:
            redeemed = Redemption(use.coupon_id, use.campaign_id)
            _change(redemptions, redeemed, use.redemptions)
            self._add("coupon", use.coupon_id, redemptions=use.redemptions, discount=use.discount)
        for use in outcome.referral_uses:
            _change(referrals, ReferralRedemption(use.referral_id, use.campaign_id), use.redemptions)
            self._add("referral", use.referral_id, redemptions=use.redemptions)
        for use in (*outcome.campaign_uses, *outcome.immediate_uses):
            self._add("campaign", use.campaign_id, **{k: v for k, v in asdict(use).items() if k != "campaign_id"})
        for use in outcome.limit_uses:
            key = (use.campaign_id, use.action, use.entities, use.period)
            self.limits[key] = self.limits.get(key, Decimal(0)) + use.amount
        self.standing = Standing(
            effects=decoder(tuple[Effect, ...]).decode(encode(outcome.holding)),
            redemptions=tuple(sorted(redemptions, key=lambda one: one.coupon_id)),
            referrals=tuple(referrals),
            charged=decoder(tuple[LimitUse, ...]).decode(encode(outcome.charged)),
        )

    def _add(self, what: str, of: int, **amounts: Any) -> None:
        for name, amount in amounts.items():
            self.books[what, of, name] += amount


def _change(kept: set[Any], one: Any, count: int) -> None:
    if count > 0:
        assert one not in kept
        kept.add(one)
    elif count < 0:
        kept.remove(one)
