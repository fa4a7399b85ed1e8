"""Custom events (core.md §9.1): track one, and read one that has an id of the shop's own."""

from datetime import datetime
from typing import Annotated, Any, Literal, cast

from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import Parameter
from msgspec import UNSET, structs

from guerdon.api import checks
from guerdon.api.auth import require_live
from guerdon.api.responses import no_content, ok
from guerdon.db import events
from guerdon.db.keys import IntegrationKey
from guerdon.db.pool import Connection
from guerdon.errors import Invalid, Problem
from guerdon.flows.apply_event import Applied, Occasion, apply_event
from guerdon.wire.customer_states import IntegrationEventV2Response, IntegrationEventV3Response
from guerdon.wire.events import EventV3, IntegrationEventV2Request, IntegrationEventV3Request

TAGS = ["Events"]
SILENT = {204: ResponseSpec(None, description="Done; the answer to silent=yes")}
Silent = Annotated[Literal["yes", "no"], Parameter(query="silent")]
Complete = Annotated[bool, Parameter(query="forceCompleteEvaluation")]


@post("/v2/events", operation_id="trackEventV2", tags=TAGS, status_code=200, responses=SILENT)
async def track_event_v2(
    data: IntegrationEventV2Request,
    key: IntegrationKey,
    connections: Any,
    now: datetime,
    state: State,
    silent: Silent = "yes",
    dry: bool = False,
    complete: Complete = False,
) -> IntegrationEventV2Response:
    if data.profile_id is UNSET:
        raise Invalid(errors=[Problem.at("/profileId", "required", "profileId is required")])
    occasion = _occasion(data, key, now, dry=dry, complete=complete)
    applied = await apply_event(connections, state.programs, occasion)
    return cast("IntegrationEventV2Response", _answer(applied, silent))


@post("/v3/events", operation_id="trackEventV3", tags=TAGS, status_code=200, responses=SILENT)
async def track_event_v3(
    data: IntegrationEventV3Request,
    key: IntegrationKey,
    connections: Any,
    now: datetime,
    state: State,
    silent: Silent = "yes",
    dry: bool = False,
    complete: Complete = False,
) -> IntegrationEventV3Response:
    occasion = structs.replace(
        _occasion(data, key, now, dry=dry, complete=complete),
        integration_id=data.integration_id,
        session_id=data.connected_session_id or data.connected_session_id_of_25 or "",
        previous_event_id=data.previous_event_id or "",
    )
    applied = await apply_event(connections, state.programs, occasion)
    return cast("IntegrationEventV3Response", _answer(applied, silent))


@get("/v3/events/{integration_id:str}", operation_id="getEventV3", tags=TAGS)
async def get_event_v3(
    integration_id: str, request: Request[Any, Any, Any], key: IntegrationKey, conn: Connection
) -> EventV3:
    require_live(key)
    named = checks.integration_id(request.scope["raw_path"], "/v3/events/")
    return await events.get_advanced(conn, key.application_id, named)


def _occasion(
    data: IntegrationEventV2Request | IntegrationEventV3Request,
    key: IntegrationKey,
    now: datetime,
    *,
    dry: bool,
    complete: bool,
) -> Occasion:
    """What both kinds of events have; all requests of a test key are dry."""
    dry = dry or key.type == "staging"
    if complete and not dry:
        details = "forceCompleteEvaluation goes with dry=true only"
        raise Invalid(errors=[Problem.in_query("forceCompleteEvaluation", "Invalid value", details)])
    return Occasion(
        key=key,
        profile_id=data.profile_id or "",
        type=data.type,
        event_attributes=data.attributes or {},
        store_integration_id=data.store_integration_id or "",
        loyalty_cards=tuple(data.loyalty_cards or ()),
        campaign_ids=None if data.evaluable_campaign_ids is UNSET else tuple(data.evaluable_campaign_ids),
        complete=complete,
        wanted=tuple(dict.fromkeys(data.response_content or ())),
        dry=dry,
        now=now,
        judged_at=key.clock(now),
    )


def _answer(applied: Applied, silent: str) -> Response[Any]:
    return no_content() if silent == "yes" else ok(applied.state)


handlers: list[Any] = [track_event_v2, track_event_v3, get_event_v3]
