"""The promotions of a vector as campaigns, groups, coupons and counters of a case (engine/case.py)."""

from datetime import timedelta
from typing import Any

from guerdon.engine.case import NOW
from peers.conditions import condition
from peers.rewards import OF_UNITS, RuleDraft, add_reward
from peers.shop import Shop, Unknown, customer_id, number
from peers.units import GIVEN, UnitDraft

Promotion = dict[str, Any]
Case = dict[str, Any]
BASE, FIRST, REST = 1, 2, 3
LANES = ("pre", "default", "post")


def rewards(promotion: Promotion) -> list[dict[str, Any]]:
    """The rewards of a promotion."""
    found = promotion.get("reward", [])
    return found if isinstance(found, list) else [found]


def uses_units(promotion: Promotion) -> bool:
    """Whether units the promotion used are gone for later promotions."""
    return any(reward["type"] in OF_UNITS for reward in rewards(promotion))


def code_of(promotion: Promotion) -> str | None:
    """The code that a customer must give."""
    return promotion.get("code") if promotion.get("trigger", "code") == "code" else None


def set_up(shop: Shop, promotions: list[Promotion], customer: dict[str, Any] | None, policy: str) -> Case:
    """Campaigns, their groups, all coupons, and what limits have used up."""
    case: Case = {"campaigns": [], "groups": [], "coupons": [], "counters": []}
    sharing = [one for one in promotions if uses_units(one)]
    shared = len(sharing) > 1 and all("exclusive" not in one and "lane" not in one for one in promotions)
    for number_, promotion in enumerate(promotions, 1):
        together = shared and uses_units(promotion)
        if not together or promotion is sharing[0]:
            members = sharing if together else [promotion]
            case["campaigns"].append(campaign(shop, number_, members))
        owner = case["campaigns"][-1]["id"] if not together else _place(promotions, sharing[0])
        add_limits(case, promotion, number_, owner, customer)
    case["groups"] = arrange(case["campaigns"], promotions, policy)
    return case


def _place(promotions: list[Promotion], promotion: Promotion) -> int:
    return 1 + next(at for at, one in enumerate(promotions) if one is promotion)


def campaign(shop: Shop, number_: int, promotions: list[Promotion]) -> dict[str, Any]:
    """A campaign with a rule for each promotion; more than one share the units of the cart."""
    bindings: list[Any] = []
    rules = []
    available: Any = None
    for at, promotion in enumerate(promotions):
        draft = drafted(shop, promotion, f"P{at}_", available, shared=len(promotions) > 1)
        available = getattr(draft, "available", None)
        bindings += draft.bindings
        rules.append({"title": draft.name, "condition": ["and", True, *draft.conditions], "effects": draft.effects})
    first = promotions[0]
    found: dict[str, Any] = {
        "id": number_, "name": str(first.get("id", first.get("code"))), "bindings": bindings, "rules": rules,
        "position": first.get("priority_order", -first.get("priority", 0)), "limits": [],
    }  # fmt: skip
    if code_of(first) is None:
        found |= {
            name: moment(first[given])
            for name, given in (("startTime", "starts_at"), ("endTime", "ends_at"))
            if first.get(given)
        }
    return found


def drafted(shop: Shop, promotion: Promotion, prefix: str, available: Any, *, shared: bool) -> RuleDraft:
    """The rule of a promotion."""
    kind = UnitDraft if uses_units(promotion) else RuleDraft
    draft = kind(shop, str(promotion.get("id", promotion.get("code"))), prefix, promotion)
    if isinstance(draft, UnitDraft):
        draft.shared = shared
        draft.available = available or draft.available
    code = code_of(promotion)
    if code is not None:
        draft.require(["couponValid"])
        if shared:
            draft.require(["=", [".", "Coupon", "Value"], code])
    for one in promotion.get("when", []):
        draft.conditions += condition(shop, one)
    for at, reward in enumerate(rewards(promotion)):
        draft.alone = at == 0
        add_reward(draft, reward)
    return draft


def add_limits(case: Case, promotion: Promotion, number_: int, owner: int, customer: dict[str, Any] | None) -> None:
    """The coupon of a promotion, its limits and its budget, and what is used up of them."""
    given = next(one for one in case["campaigns"] if one["id"] == owner)
    limits, budget, code = promotion.get("limits", {}), promotion.get("budget"), code_of(promotion)
    counted = "redeemCoupon" if code is not None else "customEffect"
    if code is not None:
        coupon = {"id": number_, "campaignId": owner, "code": code}
        if limits.get("total") is not None:
            coupon |= {"usageLimit": limits["total"], "usageCounter": limits.get("used", 0)}
        for name, when in (("startDate", "starts_at"), ("expiryDate", "ends_at")):
            if promotion.get(when):
                coupon[name] = moment(promotion[when])
        case["coupons"].append(coupon)
    elif limits.get("total") is not None:
        limit(case, given, counted, limits["total"], limits.get("used", 0))
    if limits.get("per_customer") is not None and customer is not None:
        entities = [["Profile", customer_id(customer)]]
        limit(case, given, counted, limits["per_customer"], limits.get("used_by_customer", 0), entities)
    if budget is not None and budget.get("limit") is not None:
        action = {"spend": "setDiscount", "usage": counted}.get(budget["type"])
        if action is None:
            raise Unknown(f"budget {budget['type']}")
        limit(case, given, action, budget["limit"], budget.get("used", 0))
    if any(one["action"] == "customEffect" for one in given["limits"]):
        for rule in given["rules"]:
            rule["effects"].insert(0, ["customEffect", GIVEN])


def limit(case: Case, given: dict[str, Any], action: str, most: Any, used: Any, entities: Any = ()) -> None:
    """A limit of a campaign and what is used up of it."""
    names = [name for name, _ in entities]
    given["limits"].append({"action": action, "limit": number(most), "entities": names})
    case["counters"].append(
        {"campaignId": given["id"], "action": action, "entities": list(entities), "used": number(used)}
    )


def moment(text: str) -> str:
    """A time such as `now+1d`, or one that is written out."""
    if not text.startswith("now"):
        return text
    days = int(text.removeprefix("now").removesuffix("d") or 0)
    return (NOW + timedelta(days=days)).isoformat()


def arrange(campaigns: list[dict[str, Any]], promotions: list[Promotion], policy: str) -> list[dict[str, Any]]:
    """The groups of the evaluation tree: shelf prices first, exclusive promotions before the rest, lanes in order.

    The campaigns get their group and place in it.
    """
    first_of = dict(enumerate(promotions, 1))
    lanes = lane_order(promotions)
    groups: dict[int, dict[str, Any]] = {BASE: {"id": BASE, "name": "All"}}
    if "best" in policy:
        groups[BASE] |= {"mode": "highestDiscount", "scope": "cartItem"}
    exclusive = any(one.get("exclusive") for one in promotions)
    if exclusive:
        groups[FIRST] = {"id": FIRST, "name": "First", "parentId": BASE, "mode": "listOrder"}
        groups[REST] = {"id": REST, "name": "Rest", "parentId": FIRST, "position": 1_000_000}
    for lane in lanes:
        groups[10 + lanes.index(lane)] = {
            "id": 10 + lanes.index(lane), "name": str(lane), "parentId": BASE, "position": lanes.index(lane),
            "mode": "highestDiscount", "scope": "cartItem",
        }  # fmt: skip
    for one in campaigns:
        promotion = first_of[one["id"]]
        if lanes:
            one["groupId"] = 10 + lanes.index(promotion.get("lane", "default"))
        elif exclusive:
            one["groupId"] = FIRST if promotion.get("exclusive") else REST
        if promotion.get("trigger") == "catalog" and any(other.get("trigger") != "catalog" for other in promotions):
            one["position"] -= 1_000_000
    return list(groups.values())


def lane_order(promotions: list[Promotion]) -> list[Any]:
    """The lanes there are, in the order in which they are run."""
    found = {one.get("lane", "default") for one in promotions} if any("lane" in one for one in promotions) else set()
    known = [lane for lane in LANES if lane in found]
    return known + sorted(found - set(known))
