"""Builds what the engine takes from the short JSON of tests/engine/cases (engine/case.py has the defaults)."""

import json
from collections.abc import Mapping
from typing import Any

from guerdon.engine import Outcome, Program, compile_campaign, compile_program, read_case
from guerdon.engine.attributes import types_of
from guerdon.engine.case import NOW, make
from guerdon.engine.facts import AttributeDefinition, CartItem, Coupon, Profile, Session
from guerdon.engine.library import EMPTY, Library
from guerdon.engine.program import CampaignSource, Settings
from guerdon.wire.base import encode

__all__ = ["NOW", "Case", "campaign", "coupon", "exact", "found", "line", "profile", "program", "session", "settings"]


def settings(**given: Any) -> Settings:
    return make(Settings, given)


def campaign(**given: Any) -> CampaignSource:
    """A running campaign; `startTime` and the other names are those of the wire, `rules` is its ruleset."""
    return make(CampaignSource, given)


def program(
    sources: list[CampaignSource],
    attributes: list[AttributeDefinition],
    application: Settings,
    library: Library = EMPTY,
) -> Program:
    campaigns = [compile_campaign(source, types_of(attributes), library) for source in sources]
    return compile_program(1, application, attributes, campaigns, library=library)


def line(position: int, given: Mapping[str, Any]) -> CartItem:
    return make(CartItem, {"position": position, **given})


def session(**given: Any) -> Session:
    return make(Session, given)


def profile(**given: Any) -> Profile:
    return make(Profile, given)


def coupon(**given: Any) -> Coupon:
    return make(Coupon, given)


class Case:
    """A case file: what is given (engine/case.py), and what is expected: `why`, `effects` and, where named,
    `failures`, `triggered` and the other members of Outcome."""

    def __init__(self, text: str) -> None:
        case = read_case(text)
        self.program, self.facts, self.now = case.program, case.facts, case.now

    def wrapper(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """What an effect says about where it comes from, unless the case says it differently."""
        number = given.get("campaignId", 1)
        campaign = self.program.by_id.get(number)
        if campaign is None:
            return {"campaignId": number, "rulesetId": -1, "ruleIndex": 0, "ruleName": ""}
        source, index = campaign.source, given.get("ruleIndex", 0)
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
        number = where.pop("campaignId")
        return {
            "campaignID": number,
            "rulesetID": where.pop("rulesetId"),
            "campaignName": self.program.by_id[number].source.name,
            **where,
        }


def exact(text: str | bytes) -> Any:
    """JSON with its numbers as they are written, so that 10 and 10.0 differ."""
    return json.loads(text, parse_int="number {}".format, parse_float="number {}".format)


def found(outcome: Outcome) -> dict[str, Any]:
    """An outcome as a case states it: every member in camelCase, and the campaigns that fired as `triggered`."""
    members = {name: exact(encode(getattr(outcome, name))) for name in outcome.__struct_fields__}
    members["triggered"] = members.pop("triggered_campaign_ids")
    return {name[0] + name.title().replace("_", "")[1:]: value for name, value in members.items()}
