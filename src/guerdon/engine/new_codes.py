"""Codes that rules make, and coupons that they reserve (core.md §5.1, §3.5)."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import product
from typing import Any

from guerdon.engine.attributes import check_attributes
from guerdon.engine.durations import written
from guerdon.engine.outcome import CodeFamily, CreatedCode
from guerdon.engine.program import CampaignSource
from guerdon.engine.props import CouponCreated, ReferralCreated, ReserveCoupon
from guerdon.engine.talang.values import EvaluationError, text
from guerdon.engine.writes import as_json

DEFAULT_PATTERN = "############"
DEFAULT_CHARACTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # none that look like another
PATTERN = re.compile(r"[A-Za-z0-9._%+@#-]{3,100}")
MOST_USES = 999_999
LARGEST_DISCOUNT = Decimal(10) ** 15
MOST_TRIES = 40
MOST_TURNS = 1_000_000  # of one evaluation; the tries after the first are turns beyond
FEW = 1000  # codes of a pattern of which each is found, however many exist


class Codes:
    """What one evaluation made. `created` holds new codes, in order; those of earlier updates of the session that
    are given out again are not among them."""

    def __init__(self, frame: Any) -> None:
        self.frame = frame
        self.created: dict[int, CreatedCode] = {}
        self._again: dict[int, bool] = {}
        self._reserved: dict[tuple[int, str], bool] = {}

    def create_coupon(self, *, recipient_id: str = "", **options: Any) -> None:
        """A new coupon, or the one that this rule made before for the session."""
        kept = self._kept("coupon", recipient_id, options)
        if kept is None:
            self.frame.limits.take("createCoupon", what="the coupon")
            kept = self._create("coupon", recipient_id, **options)
        self.frame.emit(CouponCreated(value=kept, profile_id=recipient_id))

    def create_referral(self, **options: Any) -> None:
        """A new referral of the customer, or the one that this rule made before for the session."""
        advocate = self.frame.known_profile().integration_id
        kept = self._kept("referral", advocate, options)
        if kept is None:
            self.frame.limits.take("createReferral", what="the referral")
            kept = self._create("referral", advocate, **options)
        self.frame.emit(ReferralCreated(value=kept))

    def reserve(self) -> None:
        """Reserve the coupon at hand for the customer; a second reservation changes nothing."""
        coupon, profile = self.frame.current_coupon(), self.frame.known_profile()
        if not coupon.reservation or coupon.recipient_integration_id:
            raise EvaluationError(f"the coupon {coupon.code!r} is personal and cannot be reserved")
        place = (coupon.id, profile.integration_id)
        new = not coupon.reserved and place not in self._reserved
        if new:
            if coupon.reservation_limit and coupon.reservation_counter >= coupon.reservation_limit:
                raise EvaluationError(f"the coupon {coupon.code!r} is reserved as often as it may be")
            self.frame.limits.take("reserveCoupon", what="the reservation")
            self.frame.put(self._reserved, place, True)
        self.frame.emit(
            ReserveCoupon(
                coupon_value=coupon.code, profile_integration_id=profile.integration_id, is_new_reservation=new
            )
        )

    def _kept(self, kind: str, recipient: str, options: Mapping[str, Any]) -> str | None:
        """The next code of this rule that an earlier update of the session made for the same recipient and that was
        not given out yet."""
        if not options.get("store_in_session", True):
            return None
        ruleset = self.frame.campaign.source.known_ruleset_id
        for place, one in enumerate(self.frame.facts.kept_codes):
            made_here = (one.kind, one.ruleset_id, one.rule_index) == (kind, ruleset, self.frame.rule.index)
            if made_here and one.recipient == recipient and place not in self._again:
                self.frame.put(self._again, place, True)
                return str(one.code)
        return None

    def _create(self, kind: str, recipient: str, **options: Any) -> str:
        source = self._campaign(options.get("campaign_id"))
        start, expiry = options.get("start_date"), options.get("expiry_date")
        if start is not None and expiry is not None and expiry <= start:
            raise EvaluationError(f"the {kind} would expire before it starts")
        family = self._family(kind, source, options)
        created = CreatedCode(
            kind=kind,
            campaign_id=source.id,
            code=self._code(kind, family),
            recipient=recipient,
            friend=options.get("friend_id", ""),
            usage_limit=_uses(options.get("usage_limit", Decimal(1))),
            discount_limit=_discount(options.get("discount_limit")),
            start_date=written(start),
            expiry_date=written(expiry),
            attributes=self._attributes(kind, options.get("attributes") or {}),
            in_session=options.get("store_in_session", True),
            ruleset_id=self.frame.campaign.source.known_ruleset_id,
            rule_index=self.frame.rule.index,
            family=family if _size(family) <= FEW else None,
        )
        self.frame.put(self.created, len(self.created), created)
        return created.code

    def _campaign(self, campaign_id: Decimal | None) -> CampaignSource:
        if campaign_id is None:
            own: CampaignSource = self.frame.campaign.source
            return own
        found = (
            self.frame.program.by_id.get(int(campaign_id)) if campaign_id == campaign_id.to_integral_value() else None
        )
        if found is None:
            raise EvaluationError(f"there is no campaign {text(campaign_id)}")
        other: CampaignSource = found.source
        return other

    def _family(self, kind: str, source: CampaignSource, options: Mapping[str, Any]) -> CodeFamily:
        coupon = kind == "coupon"
        pattern = options.get("pattern") or (source.coupon_pattern if coupon else source.referral_pattern)
        characters = options.get("valid_characters") or (
            source.coupon_characters if coupon else source.referral_characters
        )
        pattern = pattern or DEFAULT_PATTERN
        if "#" not in pattern or not PATTERN.fullmatch(pattern):
            raise EvaluationError("the pattern of a code has a # among 3 to 100 letters, digits and ._%+@-")
        fold = self.frame.program.settings.fold
        folded = dict.fromkeys(fold(one) for one in characters or DEFAULT_CHARACTERS)
        return CodeFamily(pattern=fold(pattern), characters="".join(folded))

    def _code(self, kind: str, family: CodeFamily) -> str:
        """A code that does not exist, as far as the facts say."""
        taken = {*self.frame.facts.taken_codes, *(one.code for one in self.created.values() if one.kind == kind)}
        turn, draw = self.frame.turn(), self.frame.generators.code
        code: str
        for attempt in range(1 if _size(family) <= FEW else MOST_TRIES):
            code = draw(turn + attempt * MOST_TURNS, family.pattern, family.characters)
            if code not in taken:
                return code
        left = [one for one in every_code(family) if one not in taken] if _size(family) <= FEW else []
        if left:
            return left[int(draw(turn + MOST_TURNS, "########", "0123456789")) % len(left)]
        raise EvaluationError(f"too few codes are left of the pattern {family.pattern!r}")

    def _attributes(self, kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
        attributes: dict[str, Any] = as_json(self.frame, given)
        entity = "Coupon" if kind == "coupon" else "Referral"
        problems = check_attributes(attributes, entity, self.frame.program.definitions)
        if problems:
            raise EvaluationError(problems[0].details)
        return attributes


def every_code(family: CodeFamily) -> Iterator[str]:
    """All codes of a family, in order."""
    parts = family.pattern.split("#")
    for drawn in product(family.characters, repeat=len(parts) - 1):
        yield "".join(part + char for part, char in zip(parts, (*drawn, ""), strict=True))


def _size(family: CodeFamily) -> int:
    size: int = len(family.characters) ** family.pattern.count("#")
    return size


def _uses(limit: Decimal) -> int:
    if limit != limit.to_integral_value() or not 0 <= limit <= MOST_USES:
        raise EvaluationError(f"usageLimit is a whole number from 0 (no limit) to {MOST_USES}")
    return int(limit)


def _discount(limit: Decimal | None) -> Decimal | None:
    if limit is not None and not 0 <= limit <= LARGEST_DISCOUNT:
        raise EvaluationError(f"discountLimit is a number from 0 to {LARGEST_DISCOUNT:f}")
    return limit
