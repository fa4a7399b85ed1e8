"""Customer profiles: the bulk update (core.md §9.2), which never runs rules, and the inventory (§9.4)."""

from datetime import datetime
from typing import Annotated, Any, Literal, cast

from litestar import Response, get, put
from litestar.datastructures import State
from litestar.params import Parameter

from guerdon.api.auth import require_live
from guerdon.db import inventory, profiles, programs
from guerdon.db.keys import IntegrationKey
from guerdon.db.pool import Connection
from guerdon.engine.attributes import check_attributes
from guerdon.errors import Invalid, Problem, Unauthorized
from guerdon.wire.customers import (
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


handlers: list[Any] = [update_customer_profiles_v2, get_customer_inventory]
