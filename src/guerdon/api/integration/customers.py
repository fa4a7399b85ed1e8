"""Customer profiles: the bulk update (core.md §9.2). It never runs rules."""

from datetime import datetime
from typing import Annotated, Any, Literal, cast

from litestar import Response, put
from litestar.datastructures import State
from litestar.params import Parameter

from guerdon.db import profiles, programs
from guerdon.db.keys import IntegrationKey
from guerdon.db.pool import Connection
from guerdon.engine.attributes import check_attributes
from guerdon.errors import Invalid, Problem, Unauthorized
from guerdon.wire.customers import (
    MultipleCustomerProfileIntegrationRequest,
    MultipleCustomerProfileIntegrationResponseV2,
    ProfileState,
)

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


handlers: list[Any] = [update_customer_profiles_v2]
