"""Builds what the engine takes from the short JSON of tests/engine/cases: whatever a case does not name has a default.

A campaign has id 1, ruleset 11 and group 1; a session has no items; a coupon is unlimited and belongs to campaign 1.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from guerdon.engine import Facts, Outcome, Program, compile_campaign, compile_program
from guerdon.engine.facts import AttributeDefinition, CartItem, Coupon, Profile, Session
from guerdon.engine.money import totals
from guerdon.engine.program import CampaignSource, Settings
from guerdon.wire.base import decoder, encode

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
SNAKE = str.maketrans({chr(code): f"_{chr(code + 32)}" for code in range(65, 91)})


def moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def snake(names: Mapping[str, Any]) -> dict[str, Any]:
    return {name.translate(SNAKE): value for name, value in names.items()}


def settings(**changes: Any) -> Settings:
    return Settings(**{"id": 1, "account_id": 1, "name": "Shop", "timezone": "UTC", "currency": "EUR"} | changes)


def campaign(**given: Any) -> CampaignSource:
    """A running campaign; `startTime` and the other names are those of the wire, `rules` is its ruleset."""
    fields = {"id": 1, "name": "Summer", "state": "enabled", "group_id": 1, "bindings": []} | snake(given)
    fields = {"ruleset_id": 10 + fields["id"], "rules": []} | fields
    for name in ("start_time", "end_time"):
        fields[name] = moment(fields.get(name))
    return CampaignSource(**fields)


def program(sources: list[CampaignSource], attributes: list[AttributeDefinition], application: Settings) -> Program:
    types = {(one.entity, one.name): one.type for one in attributes}
    return compile_program(1, application, attributes, [compile_campaign(source, types) for source in sources])


def amounts(values: Mapping[str, Any]) -> dict[str, Decimal]:
    return {name: Decimal(value) for name, value in values.items()}


def line(position: int, given: Mapping[str, Any]) -> CartItem:
    fields = {"sku": f"SKU-{position}", "quantity": 1, "price": 10} | snake(given)
    for name in {"price", "weight", "height", "width", "length"} & fields.keys():
        fields[name] = Decimal(fields[name])
    fields["additional_costs"] = amounts(fields.get("additional_costs", {}))
    return CartItem(position=position, **fields)


def session(**given: Any) -> Session:
    fields = snake(given)
    items = tuple(line(position, item) for position, item in enumerate(fields.pop("cart_items", [])))
    costs = amounts(fields.pop("additional_costs", {}))
    sums = totals(items, costs.values())
    defaults = {
        "integration_id": "S-1", "state": "open", "profile_id": "", "store_integration_id": "", "referral_code": "",
        "coupon_codes": (), "identifiers": (), "loyalty_cards": (), "attributes": {}, "first_session": True,
        "created": NOW, "updated": NOW,
    }  # fmt: skip
    for name in ("coupon_codes", "identifiers", "loyalty_cards"):
        fields[name] = tuple(fields.get(name, ()))
    return Session(
        **defaults | fields,
        cart_items=items,
        additional_costs=costs,
        cart_item_total=sums.cart_items,
        additional_cost_total=sums.additional_costs,
        cart_item_additional_cost_total=sums.cart_item_additional_costs,
        total=sums.total,
    )


def profile(**given: Any) -> Profile:
    defaults = {
        "integration_id": "jane", "created": NOW, "last_activity": NOW, "closed_sessions": 0,
        "total_sales": Decimal(0), "attributes": {},
    }  # fmt: skip
    return Profile(**defaults | snake(given))


def coupon(**given: Any) -> Coupon:
    defaults = {
        "id": 7, "campaign_id": 1, "code": "SAVE", "usage_limit": 0, "usage_counter": 0, "discount_limit": None,
        "discount_counter": Decimal(0), "recipient_integration_id": None, "is_reservation_mandatory": False,
        "implicitly_reserved": False, "batch_id": None, "attributes": {},
    }  # fmt: skip
    fields = defaults | snake(given)
    fields["value"] = fields.get("value", fields["code"])
    fields["start_date"], fields["expiry_date"] = moment(fields.get("start_date")), moment(fields.get("expiry_date"))
    if fields["discount_limit"] is not None:
        fields["discount_limit"] = Decimal(fields["discount_limit"])
    fields["discount_counter"] = Decimal(fields["discount_counter"])
    return Coupon(**fields)


class Case:
    """A case file: `why`, what is given (application, attributes, campaigns, session, profile, coupons, now,
    campaignIds, explain) and what is expected (effects and, where named, failures, triggered, couponUses,
    campaignUses, attributeChanges)."""

    def __init__(self, text: str) -> None:
        given = decoder(dict[str, Any]).decode(text)
        attributes = [AttributeDefinition(*one) for one in given.get("attributes", [])]
        self.sources = [campaign(**one) for one in given["campaigns"]]
        self.program = program(self.sources, attributes, settings(**snake(given.get("application", {}))))
        coupons = [coupon(**one) for one in given.get("coupons", [])]
        session_given = {"couponCodes": [one.code for one in coupons]} | given.get("session", {})
        self.now = moment(given.get("now")) or NOW
        ids = given.get("campaignIds")
        self.facts = Facts(
            event=given.get("event", "talon_session_updated"),
            session=session(**session_given),
            profile=profile(**given["profile"]) if "profile" in given else None,
            coupons=tuple(coupons),
            campaign_ids=None if ids is None else tuple(ids),
            explain=given.get("explain", True),
        )

    def wrapper(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """What an effect says about where it comes from, unless the case says it differently."""
        number = given.get("campaignId", 1)
        source = next((one for one in self.sources if one.id == number), None)
        if source is None:
            return {"campaignId": number, "rulesetId": -1, "ruleIndex": 0, "ruleName": ""}
        index = given.get("ruleIndex", 0)
        return {
            "campaignId": number,
            "rulesetId": source.ruleset_id,
            "ruleIndex": index,
            "ruleName": source.rules[index]["title"],
            "evaluationGroupID": source.group_id,
            "evaluationGroupMode": source.group_mode,
        }

    def failed(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The same for the reason why a rule failed; the names are those of the wire, with capital ID."""
        where = self.wrapper({name.replace("campaignID", "campaignId"): value for name, value in given.items()})
        source = next(one for one in self.sources if one.id == where["campaignId"])
        return {
            "campaignID": where.pop("campaignId"),
            "rulesetID": where.pop("rulesetId"),
            "campaignName": source.name,
            **where,
        }


def exact(text: str | bytes) -> Any:
    """JSON with its numbers as they are written, so that 10 and 10.0 differ."""
    return json.loads(text, parse_int="number {}".format, parse_float="number {}".format)


def found(case: Case, outcome: Outcome) -> dict[str, Any]:
    """An outcome as a case states it."""
    return {
        "effects": exact(encode(outcome.effects)),
        "failures": exact(encode(outcome.failures)),
        "triggered": exact(encode(outcome.triggered_campaign_ids)),
        "couponUses": exact(encode(outcome.coupon_uses)),
        "campaignUses": exact(encode(outcome.campaign_uses)),
        "attributeChanges": exact(encode(outcome.attribute_changes)),
    }
