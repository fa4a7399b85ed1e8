"""Evaluation groups and the tree of an Application (management.md §20, rules.md §5.7)."""

from datetime import datetime
from typing import Any

from litestar import delete, get, post, put

from guerdon.api.lists import PageSize, Skip, Sort, page
from guerdon.db import applications, campaign_sets, evaluation_groups
from guerdon.db.keys import Caller
from guerdon.db.pool import Connection
from guerdon.errors import Invalid, Problem
from guerdon.wire.base import TotalPage
from guerdon.wire.evaluation_groups import (
    CampaignEvaluationGroup,
    CampaignSet,
    NewCampaignEvaluationGroup,
    NewCampaignSet,
    UpdateCampaignEvaluationGroup,
)

TAGS = ["Applications"]
ALL = "/v1/applications/{application_id:int}/evaluation_groups"
ONE = "/v1/applications/{application_id:int}/evaluation_groups/{evaluation_group_id:int}"
SET = "/v1/applications/{application_id:int}/campaign_set"


@post(ALL, operation_id="createCampaignEvaluationGroup", tags=TAGS)
async def create_campaign_evaluation_group(
    application_id: int, data: NewCampaignEvaluationGroup, caller: Caller, conn: Connection, now: datetime
) -> CampaignEvaluationGroup:
    await applications.get_application(conn, caller.account_id, application_id)
    return await evaluation_groups.add_group(conn, application_id, data, now)


@get(ALL, operation_id="getCampaignEvaluationGroups", tags=TAGS)
async def get_campaign_evaluation_groups(
    application_id: int, caller: Caller, conn: Connection, page_size: PageSize = 1000, skip: Skip = 0, sort: Sort = ""
) -> TotalPage[CampaignEvaluationGroup]:
    await applications.get_application(conn, caller.account_id, application_id)
    found, total = await evaluation_groups.list_groups(conn, application_id, page(page_size, skip, sort))
    return TotalPage(total_result_size=total, data=found)


@get(ONE, operation_id="getCampaignEvaluationGroup", tags=TAGS)
async def get_campaign_evaluation_group(
    application_id: int, evaluation_group_id: int, caller: Caller, conn: Connection
) -> CampaignEvaluationGroup:
    await applications.get_application(conn, caller.account_id, application_id)
    return await evaluation_groups.get_group(conn, application_id, evaluation_group_id)


@put(ONE, operation_id="updateCampaignEvaluationGroup", tags=TAGS)
async def update_campaign_evaluation_group(
    application_id: int,
    evaluation_group_id: int,
    data: UpdateCampaignEvaluationGroup,
    caller: Caller,
    conn: Connection,
) -> CampaignEvaluationGroup:
    """A group that gets another parent is the last in it."""
    await applications.get_application(conn, caller.account_id, application_id)
    return await evaluation_groups.change_group(conn, application_id, evaluation_group_id, data)


@delete(ONE, operation_id="deleteCampaignEvaluationGroup", tags=TAGS)
async def delete_campaign_evaluation_group(
    application_id: int, evaluation_group_id: int, caller: Caller, conn: Connection
) -> None:
    """Only an empty one."""
    await applications.get_application(conn, caller.account_id, application_id)
    await evaluation_groups.remove_group(conn, application_id, evaluation_group_id)


@get(SET, operation_id="getCampaignSet", tags=TAGS)
async def get_campaign_set(application_id: int, caller: Caller, conn: Connection) -> CampaignSet:
    """The whole tree, in the order in which it is evaluated."""
    return await campaign_sets.get_set(conn, caller.account_id, application_id)


@put(SET, operation_id="updateCampaignSet", tags=TAGS)
async def update_campaign_set(
    application_id: int, data: NewCampaignSet, caller: Caller, conn: Connection
) -> CampaignSet:
    """Replaces the tree. `version` is that of the tree that was read, plus one."""
    if data.application_id != application_id:
        raise Invalid(errors=[Problem.at("/applicationId", "Invalid value", "It is not that of the path")])
    return await campaign_sets.change_set(conn, (caller.account_id, caller.user_id), application_id, data)


handlers: list[Any] = [
    create_campaign_evaluation_group,
    get_campaign_evaluation_groups,
    get_campaign_evaluation_group,
    update_campaign_evaluation_group,
    delete_campaign_evaluation_group,
    get_campaign_set,
    update_campaign_set,
]
