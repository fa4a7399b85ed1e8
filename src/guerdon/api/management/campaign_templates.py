"""Campaign templates: create, list, change, and campaigns made of them (management.md §19, rules.md §7.3)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, Literal

from litestar import get, post, put
from litestar.params import Parameter
from msgspec import UNSET
from msgspec.structs import replace

from guerdon.api import campaign_checks, checks, rule_checks
from guerdon.api.lists import PageSize, Skip, Sort, page
from guerdon.db import applications, campaign_copies, campaign_templates, campaigns, collections, rulesets
from guerdon.db.keys import Caller
from guerdon.db.pool import Connection
from guerdon.engine.talang.typed_bindings import PARAMETER
from guerdon.errors import Invalid, NotFound, Problem
from guerdon.flows.programs import Programs
from guerdon.wire.base import MorePage
from guerdon.wire.campaign_templates import (
    CampaignTemplate,
    CampaignTemplateParams,
    CreateTemplateCampaign,
    CreateTemplateCampaignResponse,
    NewCampaignTemplate,
    UpdateCampaignTemplate,
)
from guerdon.wire.campaigns import NewCampaign
from guerdon.wire.collections import NewCampaignCollection
from guerdon.wire.rulesets import Binding, NewRuleset, Ruleset

TAGS = ["Campaign templates"]
ALL = "/v1/campaign_templates"
ONE = "/v1/campaign_templates/{campaign_template_id:int}"
# What the value of a parameter is, as bindings have it; a time is any expression that gives one.
VALUE_TYPES = {
    "string": "string", "number": "number", "boolean": "boolean", "percent": "number", "(list string)": "string",
    "(list number)": "number",
}  # fmt: skip
# What a campaign calls a member, and what the request to make one of a template does.
MEMBERS = {"/attributes": "/campaignAttributesOverrides", "/limits": "/limitOverrides"}


def _check(data: NewCampaignTemplate) -> None:
    problems = checks.limits(data.limits)
    named = {
        "templateParams": [one.name for one in data.template_params or ()],
        "campaignCollections": [one.name for one in data.campaign_collections or ()],
    }
    for member, names in named.items():
        for place, name in enumerate(names):
            if name in names[:place]:
                problems.append(Problem.at(f"/{member}/{place}/name", "uniqueItems", "The name stands there already"))
    checks.refuse(problems)


@post(ALL, operation_id="createCampaignTemplate", tags=TAGS)
async def create_campaign_template(
    data: NewCampaignTemplate, caller: Caller, conn: Connection, now: datetime
) -> CampaignTemplate:
    """Without rules and Applications at first."""
    _check(data)
    return await campaign_templates.add_template(conn, (caller.account_id, caller.user_id), data, now)


@get(ALL, operation_id="getCampaignTemplates", tags=TAGS)
async def get_campaign_templates(
    caller: Caller,
    conn: Connection,
    page_size: PageSize = 1000,
    skip: Skip = 0,
    sort: Sort = "",
    template_state: Annotated[Literal["draft", "enabled", "disabled"] | None, Parameter(query="state")] = None,
    name: str | None = None,
    tags: str | None = None,
    user_id: Annotated[int | None, Parameter(query="userId")] = None,
) -> MorePage[CampaignTemplate]:
    wanted: dict[str, Any] = {
        "state": template_state,
        "name": name,
        "tags": [tag for tag in tags.split(",") if tag] or None if tags else None,
        "userId": user_id,
    }
    found, more = await campaign_templates.list_templates(conn, caller.account_id, wanted, page(page_size, skip, sort))
    return MorePage(has_more=more, data=found)


@put(ONE, operation_id="updateCampaignTemplate", tags=TAGS)
async def update_campaign_template(
    campaign_template_id: int, data: UpdateCampaignTemplate, caller: Caller, conn: Connection, now: datetime
) -> CampaignTemplate:
    """Replaces all but the rules, which stay where no others are named."""
    _check(data)
    owner = (caller.account_id, caller.user_id)
    return await campaign_templates.change_template(conn, owner, campaign_template_id, data, now)


@post(ONE + "/rulesets", operation_id="createCampaignTemplateRuleset", tags=TAGS)
async def create_campaign_template_ruleset(
    campaign_template_id: int,
    data: NewRuleset,
    caller: Caller,
    conn: Connection,
    now: datetime,
) -> Ruleset:
    """A revision of the template's rules; an operation of Guerdon's own. Bindings of the type `templateParameter` stand
    for values that a campaign brings; so the rules are checked when one is made, for its Application."""
    rulesets.complete(data.rules)
    owner = (caller.account_id, caller.user_id)
    return await campaign_templates.add_ruleset(conn, owner, campaign_template_id, data, now)


@post(
    "/v1/applications/{application_id:int}/create_campaign_from_template",
    operation_id="createCampaignFromTemplate",
    tags=TAGS,
)
async def create_campaign_from_template(
    application_id: int,
    data: CreateTemplateCampaign,
    caller: Caller,
    conn: Connection,
    programs: Programs,
    now: datetime,
) -> CreateTemplateCampaignResponse:
    """The campaign is disabled, with its ruleset active and its collections empty."""
    application = await applications.get_application(conn, caller.account_id, application_id)
    template, ruleset = await _usable(conn, caller, application_id, data.template_id)
    wanted = _campaign(template, data)
    problems = [_renamed(one) for one in await campaign_checks.problems(conn, application, wanted)]
    filled, values = _filled(ruleset, template.template_params or [], data.template_param_values or [])
    found = await rule_checks.problems(
        conn,
        programs,
        (caller.account_id, application_id, 0),
        filled,
        features=wanted.features,
        item_only=wanted.type == "cartItem",
        collections=[one.name for one in template.campaign_collections or ()],
    )
    checks.refuse(problems + [_of_values(one, values) for one in found])
    owner = (caller.account_id, caller.user_id)
    campaign = await campaigns.add_campaign(conn, owner, application_id, wanted, now, template_id=template.id)
    place = (caller.account_id, application_id, campaign.id)
    made = [
        await collections.add_collection(
            conn, place, caller.user_id, NewCampaignCollection(name=one.name, description=one.description), now
        )
        for one in template.campaign_collections or ()
    ]
    saved = await rulesets.add_ruleset(conn, place, caller.user_id, filled, now)
    campaign = await campaigns.get_campaign(conn, *place, now)
    return CreateTemplateCampaignResponse(campaign=campaign, ruleset=saved, collections=made)


async def _usable(
    conn: Connection, caller: Caller, application_id: int, template_id: int
) -> tuple[CampaignTemplate, Ruleset]:
    """The template with its active ruleset; raises Invalid when no campaign of the Application can be made of it."""
    try:
        template = await campaign_templates.get_template(conn, caller.account_id, template_id)
    except NotFound:
        raise _refused(f"The account has no campaign template {template_id}") from None
    if template.state != "enabled":
        raise _refused("The template is not enabled")
    if application_id not in template.applications_ids:
        raise _refused("The template is not for this Application")
    if template.active_ruleset_id is UNSET:
        raise _refused("The template has no rules")
    active = template.active_ruleset_id
    return template, await campaign_templates.get_ruleset(conn, caller.account_id, template_id, active)


def _refused(details: str) -> Invalid:
    return Invalid(errors=[Problem.at("/templateId", "Invalid value", details)])


def _campaign(template: CampaignTemplate, data: CreateTemplateCampaign) -> NewCampaign:
    """The campaign as the template and the request say, who wins where both do."""
    given = data.campaign_attributes_overrides or {}
    default = template.default_campaign_group_id
    groups = [] if default is UNSET else [default]
    return NewCampaign(
        name=data.name,
        description=data.description,
        attributes={**(template.campaign_attributes or {}), **given},
        state="disabled",
        tags=(template.tags or []) if data.tags is UNSET else data.tags,
        reevaluate_on_return=template.reevaluate_on_return,
        features=template.features or [],  # type: ignore[arg-type]
        coupon_settings=template.coupon_settings,
        referral_settings=template.referral_settings,
        limits=(template.limits or []) if data.limit_overrides is UNSET else data.limit_overrides,
        campaign_groups=groups if data.campaign_groups is UNSET else data.campaign_groups,
        type=template.campaign_type,
        linked_store_ids=data.linked_store_ids,
        coupon_attributes=template.coupon_attributes,
        evaluation_group_id=data.evaluation_group_id,
    )


def _renamed(problem: Problem) -> Problem:
    pointer = str(problem.source.pointer)
    for member, given in MEMBERS.items():
        if pointer.startswith(member):
            return Problem.at(given + pointer.removeprefix(member), problem.title, str(problem.details))
    return problem


def _filled(
    ruleset: Ruleset, params: Iterable[CampaignTemplateParams], given: list[Binding]
) -> tuple[NewRuleset, dict[int, int]]:
    """The template's rules with values for all parameters, and which binding (by place) has which of the values; raises
    Invalid for parameters without a value, and for values without a parameter."""
    found = campaign_copies.copied_rules(ruleset, {}, activate=True)
    types = {one.name: one.type for one in params}
    names = [one.name for one in given]
    bound = {one.name: place for place, one in enumerate(found.bindings) if one.type == PARAMETER}
    for name in types.keys() - bound.keys():
        bound[name] = len(found.bindings)
        found.bindings.append(Binding(name=name, type=PARAMETER, expression=[]))
    problems = [
        Problem.at("/templateParamValues", "required", f'The parameter "{name}" has no value')
        for name in sorted(bound)
        if name not in names
    ]
    for place, name in enumerate(names):
        if name not in bound or name in names[:place]:
            details = "The template has no such parameter, or it has a value already"
            problems.append(Problem.at(f"/templateParamValues/{place}/name", "Unknown", details))
    checks.refuse(problems)
    for name, place in bound.items():
        old = found.bindings[place]
        kind = VALUE_TYPES.get(types.get(name, ""), old.value_type)
        new = given[names.index(name)].expression
        found.bindings[place] = replace(old, expression=new, value_type=kind)
    return found, {place: names.index(name) for name, place in bound.items()}


def _of_values(problem: Problem, values: dict[int, int]) -> Problem:
    """A problem of the filled ruleset as one of the request: of a value, or of the template."""
    pointer = str(problem.source.pointer)
    for place, index in values.items():
        if pointer.startswith(f"/bindings/{place}/"):
            rest = pointer.removeprefix(f"/bindings/{place}")
            return Problem.at(f"/templateParamValues/{index}{rest}", problem.title, str(problem.details))
    return Problem.at("/templateId", problem.title, f"{pointer}: {problem.details}")


handlers: list[Any] = [
    create_campaign_template,
    get_campaign_templates,
    update_campaign_template,
    create_campaign_template_ruleset,
    create_campaign_from_template,
]
