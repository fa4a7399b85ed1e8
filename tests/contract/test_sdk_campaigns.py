"""Campaigns and what belongs to them, through the vendor's SDK for Python (talon-one-sdk 26.2); its models accept every
answer."""

import pytest
import talon_one
from talon_one import models
from talon_one.exceptions import BadRequestException

import make
from checkout import define, rules_of
from conftest import MANAGEMENT_KEY


@pytest.fixture
def sdk(server):
    configuration = talon_one.Configuration(
        host=server.url,
        api_key={"management_key": MANAGEMENT_KEY},
        api_key_prefix={"management_key": "ManagementKey-v1"},
    )
    return talon_one.ManagementApi(talon_one.ApiClient(configuration))


def test_copies_of_a_campaign(sdk, manager):
    rules_of(manager, make.new_campaign(manager), make.rule())
    copies = sdk.copy_campaign_to_applications(1, 1, models.CampaignCopy(application_ids=[1], name="Twin"))
    assert (copies.total_result_size, copies.data[0].name, copies.data[0].state) == (1, "Twin", "disabled")
    with pytest.raises(BadRequestException):
        sdk.copy_campaign_to_applications(1, 1, models.CampaignCopy(application_ids=[9]))


def test_campaigns_by_attributes(sdk, manager):
    define(manager, "Campaign", "season")
    make.new_campaign(manager, attributes={"season": "summer"})
    make.new_campaign(manager)
    search = models.CampaignSearch(attributes={"season": "summer"})
    assert [one.id for one in sdk.get_campaign_by_attributes(1, search, campaign_state="running").data] == [1]


def test_campaign_groups(sdk, manager):
    made = make.new_campaign_group(manager)
    make.new_campaign(manager, campaignGroups=[made["id"]])
    group = sdk.get_campaign_group(made["id"])
    assert (group.name, group.campaign_ids) == ("Germany", [1])
    assert sdk.get_campaign_groups(page_size=5).data == [group]
    assert [one.id for one in sdk.get_campaigns(1, campaign_group_id=made["id"]).data] == [1]


def test_attributes_with_an_allowed_list(sdk, manager):
    made = define(manager, "Coupon", "channel", restrictedBySuggestions=True)
    taken = sdk.import_allowed_list(made["id"], up_file="item\nweb\napp\n")
    assert (taken.entity, taken.amount) == ("AttributeAllowedList", 2)
    assert sdk.get_attribute(made["id"]).has_allowed_list is True
    built_in = sdk.get_attributes(kind="builtin", entity="Coupon").data
    assert (built_in[0].id, built_in[0].name, built_in[0].editable) == (0, "Value", False)
    assert sdk.get_attributes().total_result_size > len(built_in) + 1


def test_campaigns_of_templates(sdk, manager):
    """The rules have no effects, which the SDK's model takes for objects (rules.md §1.3)."""
    parameter = {"name": "value", "type": "number", "description": "d"}
    body = {"name": "Off", "description": "", "instructions": "", "state": "enabled", "campaignType": "advanced"}
    made = manager.post("/v1/campaign_templates", json=body | {"templateParams": [parameter]}).json()
    rule = make.rule(condition=["and", [">", [".", "value"], 1]], effects=[])
    manager.post("/v1/campaign_templates/1/rulesets", json=make.ruleset(rule) | {"activate": True}).raise_for_status()
    changed = body | {"templateParams": [parameter], "applicationsIds": [1], "campaignCollections": []}
    manager.put("/v1/campaign_templates/1", json=changed).raise_for_status()
    [template] = sdk.get_campaign_templates(state="enabled", name="off", user_id=1).data
    assert (template.id, template.valid_application_ids, template.template_params[0].name) == (made["id"], [1], "value")
    value = models.Binding(name="value", expression=["identity", 5])
    wanted = models.CreateTemplateCampaign(name="Five off", template_id=1, template_param_values=[value])
    created = sdk.create_campaign_from_template(1, wanted)
    assert (created.campaign.template_id, created.ruleset.bindings[0].name, created.collections) == (1, "value", [])
