"""Customer profiles: the update of one, the bulk update, which never runs rules (core.md §9.2), and the inventory
(§9.4)."""

from datetime import datetime
from typing import Annotated, Any, Literal, cast

from litestar import Request, Response, get, put
from litestar.datastructures import State
from litestar.params import Parameter
from msgspec import UNSET

from guerdon.api import checks
from guerdon.api.auth import require_live
from guerdon.api.responses import ok
from guerdon.db import inventory, profiles, programs
from guerdon.db.keys import IntegrationKey
from guerdon.db.pool import Connection
from guerdon.engine.attributes import check_attributes
from guerdon.errors import Invalid, Problem, Unauthorized
from guerdon.flows.apply_event import Occasion, apply_event, put_profile
from guerdon.wire.customer_states import CustomerProfileIntegrationResponseV2
from guerdon.wire.customers import (
    CustomerProfileIntegrationRequestV2,
    MultipleCustomerProfileIntegrationRequest,
    MultipleCustomerProfileIntegrationResponseV2,
    ProfileState,
)
from guerdon.wire.inventory import CustomerInventory
from guerdon.wire.loyalty import Loyalty

Silent = Annotated[Literal["yes", "no"], Parameter(query="silent")]


@put("/v2/customer_profiles", operation_id="updateCustomerProfilesV2", tags=["Customer profiles"])
async def update_customer_profiles_v2(
    data: MultipleCustomerProfileIntegrationRequest,
    key: IntegrationKey,
    conn: Connection,
    now: datetime,
    state: State,
    silent: Silent = "yes",
) -> MultipleCustomerProfileIntegrationResponseV2:
    if key.type == "staging":  # test keys are for dry requests, which this is not (core.md §1.1)
        raise Unauthorized
    revision = await programs.revision(conn, key.application_id)
    program = await state.programs.at(conn, key.application_id, revision)
    found: dict[str, dict[str, Any]] = {}
    problems: list[Problem] = []
    for index, profile in enumerate(data.customer_profiles):
        attributes = profile.attributes or {}
        found.setdefault(profile.integration_id, {}).update(attributes)
        pointer = f"/customerProfiles/{index}/attributes"
        for one in check_attributes(attributes, "CustomerProfile", program.definitions, pointer):
            problems.append(Problem.at(one.pointer, one.title, one.details))
    if problems:
        raise Invalid(errors=problems)
    written = await profiles.put_profiles(conn, key.application_id, found, now)
    if silent == "yes":
        return cast("MultipleCustomerProfileIntegrationResponseV2", Response(b"", status_code=204))
    return MultipleCustomerProfileIntegrationResponseV2(
        integration_states=[ProfileState(customer_profile=profile) for profile in written]
    )


@put("/v2/customer_profiles/{integration_id:str}", operation_id="updateCustomerProfileV2", tags=["Customer profiles"])
async def update_customer_profile_v2(
    integration_id: str,
    request: Request[Any, Any, Any],
    data: CustomerProfileIntegrationRequestV2,
    key: IntegrationKey,
    connections: Any,
    now: datetime,
    state: State,
    run_rule_engine: Annotated[bool, Parameter(query="runRuleEngine")] = False,
    dry: bool = False,
) -> CustomerProfileIntegrationResponseV2:
    changes = data.audiences_changes
    occasion = Occasion(
        key=key,
        profile_id=checks.integration_id(request.scope["raw_path"], "/v2/customer_profiles/"),
        profile_attributes=data.attributes or {},
        audience_ids={} if changes is UNSET else {"adds": changes.adds, "deletes": changes.deletes},
        campaign_ids=None if data.evaluable_campaign_ids is UNSET else tuple(data.evaluable_campaign_ids),
        wanted=tuple(dict.fromkeys(data.response_content or ())),
        dry=dry or key.type == "staging",
        now=now,
        judged_at=key.clock(now),
    )
    if run_rule_engine:
        answer = (await apply_event(connections, state.programs, occasion)).state
    else:
        answer = await put_profile(connections, state.programs, occasion)
    return cast("CustomerProfileIntegrationResponseV2", ok(answer))


@get(
    "/v1/customer_profiles/{integration_id:str}/inventory",
    operation_id="getCustomerInventory",
    tags=["Customer profiles"],
)
async def get_customer_inventory(
    integration_id: str,
    key: IntegrationKey,
    conn: Connection,
    now: datetime,
    profile: bool = False,
    referrals: bool = False,
    coupons: bool = False,
    loyalty: bool = False,
    giveaways: bool = False,
    achievements: bool = False,
) -> CustomerInventory:
    """What the customer has; each parameter asks for a part of it. Of the last three there is nothing yet."""
    require_live(key)
    customer = await profiles.get_profile(conn, key.application_id, integration_id)
    found = CustomerInventory()
    if profile:
        found.profile = customer
    if referrals:
        found.referrals = await inventory.list_referrals(conn, key.application_id, integration_id)
    if coupons:
        found.coupons = await inventory.list_coupons(conn, key.application_id, customer, now)
    if loyalty:
        found.loyalty = Loyalty(programs={})
    if giveaways:
        found.giveaways = []
    if achievements:
        found.achievements = []
    return found


handlers: list[Any] = [update_customer_profiles_v2, update_customer_profile_v2, get_customer_inventory]
