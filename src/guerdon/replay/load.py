"""Puts the shop in place: Application, key, attributes, campaigns, coupons, households. What is there stays."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct

from guerdon.replay import offers
from guerdon.replay.client import Client
from guerdon.replay.dataset import Coupon, Dataset, Household
from guerdon.replay.errors import ReplayError
from guerdon.replay.offers import Json

KEY_TITLE = "guerdon replay"
KEY_LIFE = timedelta(days=7)
HOUSEHOLDS_AT_ONCE = 1000

Say = Callable[[str], None]


class Shop(Struct, frozen=True):
    """What the play needs to know: where, and with which Integration key (`key_id` is for giving it back)."""

    application_id: int
    key: str
    key_id: int
    made: int
    """How many things had to be created: 0 when everything was there."""


async def load(client: Client, data: Dataset, say: Say) -> Shop:
    """Create what is missing, found by its name, and a fresh Integration key for this run."""
    made = await _attributes(client)
    application_id, is_new = await _application(client, data)
    made += is_new
    say("campaigns and their rules")
    ids, new = await _campaigns(client, application_id, data)
    made += new
    say("coupons")
    for mailing in data.mailings:
        own = [coupon for coupon in data.coupons if coupon.campaign_id == mailing.campaign_id]
        path = f"/v1/applications/{application_id}/campaigns/{ids[offers.campaign_name(mailing)]}/coupons"
        made += await _coupons(client, path, own)
    expires = offers.rfc3339(datetime.now(UTC) + KEY_LIFE)  # house: a client has only its own clock
    key = await client.do(
        "POST",
        f"/v1/applications/{application_id}/api_keys",
        {"title": KEY_TITLE, "expires": expires},
    )
    return Shop(application_id, key["key"], key["id"], made)


async def give_back_key(client: Client, shop: Shop) -> None:
    """The key was for this run only."""
    await client.ask("DELETE", f"/v1/applications/{shop.application_id}/api_keys/{shop.key_id}")


async def _application(client: Client, data: Dataset) -> tuple[int, int]:
    for existing in await client.everything("/v1/applications"):
        if existing["name"] == offers.APPLICATION:
            return existing["id"], 0
    created = await client.do("POST", "/v1/applications", offers.application(data.zone))
    return created["id"], 1


async def _attributes(client: Client) -> int:
    existing = {(each["entity"], each["name"]): each["type"] for each in await client.everything("/v1/attributes")}
    made = 0
    for attribute in offers.attributes():
        kind = existing.get((attribute["entity"], attribute["name"]))
        if kind is None:
            await client.do("POST", "/v1/attributes", attribute)
            made += 1
        elif kind != attribute["type"]:
            raise ReplayError(
                f"The attribute {attribute['name']} of {attribute['entity']} exists with the type {kind};"
                f" the replay needs {attribute['type']}"
            )
    return made


async def _campaigns(client: Client, application_id: int, data: Dataset) -> tuple[dict[str, int], int]:
    """The campaigns' ids by name, and how many things were created."""
    path = f"/v1/applications/{application_id}/campaigns"
    existing = {each["name"]: each for each in await client.everything(path)}
    made = await _campaign(client, path, existing, offers.everybodys_campaign(), offers.everybodys_ruleset())
    for mailing in data.mailings:
        own = [coupon for coupon in data.coupons if coupon.campaign_id == mailing.campaign_id]
        rules = offers.ruleset(mailing, own, data.zone)
        made += await _campaign(client, path, existing, offers.campaign(mailing), rules)
    return {name: each["id"] for name, each in existing.items()}, made


async def _campaign(client: Client, path: str, existing: dict[str, Any], new: Json, rules: Json) -> int:
    """Create the campaign and its ruleset unless they are there; how many of the two were not."""
    made = 0
    campaign = existing.get(new["name"])
    if campaign is None:
        campaign = existing[new["name"]] = await client.do("POST", path, new)
        made += 1
    if "activeRulesetId" not in campaign:
        await client.do("POST", f"{path}/{campaign['id']}/rulesets", rules)
        made += 1
    return made


async def _coupons(client: Client, path: str, coupons: Sequence[Coupon]) -> int:
    existing = {each["value"] for each in await client.everything(f"{path}/no_total")}
    names = offers.product_sets(coupons)
    missing = [coupon for coupon in coupons if coupon.code not in existing]
    for coupon in missing:
        await client.do("POST", path, offers.coupon(coupon, names[coupon.products]))
    return len(missing)


async def load_households(client: Client, households: Sequence[Household]) -> None:
    """Write all customer profiles; the same values again change nothing. `client` has the Integration key."""
    for start in range(0, len(households), HOUSEHOLDS_AT_ONCE):
        part = households[start : start + HOUSEHOLDS_AT_ONCE]
        await client.do("PUT", "/v2/customer_profiles", {"customerProfiles": [_profile(each) for each in part]})


def _profile(household: Household) -> dict[str, Any]:
    attributes: dict[str, Any] = dict(household.attributes)
    if household.campaigns:
        attributes["campaigns"] = list(household.campaigns)
    return {"integrationId": household.household_id, "attributes": attributes}
