"""What rules name, set up with the vendor's SDK for Python (talon-one-sdk 26.2); its models accept every answer."""

import pytest
import talon_one
from talon_one import models
from talon_one.exceptions import BadRequestException, ConflictException, NotFoundException

import make
from checkout import update
from conftest import MANAGEMENT_KEY

NAME = "A ]B"
"""The SDK's pattern for the names of collections is no Python: it takes hardly any other."""


@pytest.fixture
def sdk(server):
    configuration = talon_one.Configuration(
        host=server.url,
        api_key={"management_key": MANAGEMENT_KEY},
        api_key_prefix={"management_key": "ManagementKey-v1"},
    )
    return talon_one.ManagementApi(talon_one.ApiClient(configuration))


def test_collections_of_the_account(sdk):
    made = sdk.create_account_collection(models.NewCollection(name=NAME, subscribed_applications_ids=[1]))
    assert (made.name, made.payload, made.subscribed_applications_ids) == (NAME, [], [1])
    with pytest.raises(ConflictException):
        sdk.create_account_collection(models.NewCollection(name=NAME))
    taken = sdk.import_account_collection(made.id, up_file="item\nA\nB\n")
    assert (taken.entity, taken.amount) == ("Collection", 2)
    assert sdk.get_account_collection(made.id).payload == ["A", "B"]
    items = sdk.get_collection_items(made.id, page_size=1)
    assert (items.has_more, [one.item for one in items.data]) == (True, ["A"])
    assert sdk.export_account_collection_items(made.id) == "item\nA\nB\n"
    changed = sdk.update_account_collection(made.id, models.UpdateCollection(description="d"))
    assert (changed.description, changed.modified_by) == ("d", 1)
    listed = sdk.list_account_collections(with_total_result_size=True, name=NAME)
    assert (listed.total_result_size, listed.has_more, listed.data[0].id) == (1, False, made.id)
    assert sdk.delete_account_collection(made.id) is None
    with pytest.raises(NotFoundException):
        sdk.get_account_collection(made.id)


def test_collections_of_a_campaign(sdk, manager):
    make.new_campaign(manager)
    made = sdk.create_collection(1, 1, models.NewCampaignCollection(name=NAME, description="d"))
    assert (made.application_id, made.campaign_id, made.payload) == (1, 1, [])
    assert sdk.import_collection(1, 1, made.id, up_file="item\nA\n").amount == 1
    assert sdk.get_collection(1, 1, made.id).payload == ["A"]
    assert sdk.export_collection_items(1, 1, made.id) == "item\nA\n"
    changed = sdk.update_collection(1, 1, made.id, models.UpdateCampaignCollection(description="e"))
    assert changed.description == "e"
    assert [one.id for one in sdk.list_collections(1, 1).data] == [made.id]
    assert [one.id for one in sdk.list_collections_in_application(1).data] == [made.id]
    assert sdk.delete_collection(1, 1, made.id) is None


def test_additional_costs(sdk):
    body = models.NewAdditionalCost(name="shipping", title="Shipping", description="", type="both")
    made = sdk.create_additional_cost(body)
    assert (made.name, made.type, made.account_id) == ("shipping", "both", 1)
    assert sdk.get_additional_cost(made.id) == made
    assert sdk.get_additional_costs(page_size=5).data == [made]
    body.description = "d"
    assert sdk.update_additional_cost(made.id, body).description == "d"


def test_stores_with_links_and_budgets(sdk, manager):
    body = models.NewStore(name="Berlin", description="", integration_id="B-1")
    made = sdk.create_store(1, body)
    assert (made.integration_id, made.linked_campaign_ids) == ("B-1", [])
    with pytest.raises(ConflictException):
        sdk.create_store(1, body)
    body.name = "Mitte"
    assert sdk.update_store(1, str(made.id), body).name == "Mitte"
    make.new_campaign(manager)
    assert sdk.import_campaign_stores(1, 1, up_file="store_integration_id\nB-1\n").amount == 1
    assert sdk.get_campaign(1, 1).stores_imported is True
    assert sdk.export_campaign_stores(1, 1) == "store_integration_id\nB-1\n"
    listed = sdk.list_stores(1, campaign_id=1, query="mit", with_total_result_size=True)
    assert (listed.total_result_size, listed.data[0].linked_campaign_ids) == (1, [1])
    with pytest.raises(BadRequestException):
        sdk.delete_store(1, str(made.id))

    limit = models.NewCampaignStoreBudgetStoreLimit(store_id=made.id, limit=100)
    budget = models.NewCampaignStoreBudget(action="setDiscount", store_limits=[limit], period="daily")
    assert sdk.create_campaign_store_budget(1, 1, budget) is None
    [kept] = manager.get(f"{make.CAMPAIGNS}/1/stores/budgets").json()["data"]  # the SDK forgets an import here
    assert models.ListCampaignStoreBudgetsStore.from_dict(kept["store"]).integration_id == "B-1"
    model = models.ListCampaignStoreBudgets(**kept)
    assert (model.limit, model.action, model.period) == (100, "setDiscount", "daily")
    text = "store_integration_id,limit\nB-1,7\n"
    assert sdk.import_campaign_store_budget(1, 1, action="setDiscount", period="overall", up_file=text).amount == 1
    assert sdk.export_campaign_store_budgets(1, 1, period="overall") == text
    summary = sdk.summarize_campaign_store_budget(1, 1).data
    assert [(one.period, one.store_count, one.imported) for one in summary] == [
        ("daily", 1, False),
        ("overall", 1, True),
    ]
    assert sdk.delete_campaign_store_budgets(1, 1, period="daily") is None
    assert len(sdk.summarize_campaign_store_budget(1, 1).data) == 1

    assert sdk.disconnect_campaign_stores(1, 1) is None
    assert sdk.delete_store(1, str(made.id)) is None
    with pytest.raises(NotFoundException):
        sdk.get_store(1, str(made.id))


def test_value_maps(sdk, manager):
    make.new_campaign(manager)
    url = f"{make.CAMPAIGNS}/1/value_maps"
    made = manager.post(url, json={}).json()
    assert models.ValueMap.from_dict(made).campaign_id == 1
    text = "identifier,value\nA,12.5\n"
    manager.post(f"{url}/1/import", files={"upFile": ("a.csv", text)}).raise_for_status()
    assert sdk.get_campaign(1, 1).value_maps_ids == [1]


def test_cart_item_filters(manager):
    url = "/v1/applications/1/cart_item_filters"
    body = models.NewApplicationCIF(name="Premium", description="d").to_dict()
    assert models.ApplicationCIF.from_dict(manager.post(url, json=body).json()).name == "Premium"
    expression = ["take", 2, [".", "Session", "CartItems"]]
    body = models.NewApplicationCIFExpression(expression=expression).to_dict()
    made = models.ApplicationCIFExpression.from_dict(manager.post(f"{url}/1/expressions", json=body).json())
    body = models.UpdateApplicationCIF(active_expression_id=made.id).to_dict()
    manager.put(f"{url}/1", json=body).raise_for_status()
    listed = manager.get(url, params={"name": "Premium"}).json()
    kept = models.ApplicationCIF.from_dict(listed["data"][0])
    assert (kept.active_expression_id, kept.application_id) == (made.id, 1)
    shown = manager.get(f"{url}/1/expressions/{made.id}").json()
    assert models.ApplicationCIFExpression.from_dict(shown).expression == expression


def test_event_types(sdk, manager, shop):
    body = models.NewEventType(title="Survey", name="survey").to_dict()
    made = models.EventType.from_dict(manager.post("/v1/event_types", json=body).json())
    assert sdk.get_event_types(name="survey").data == [made]
    update(shop, "s", {})
    assert sdk.get_application_event_types(1).data == ["talon_session_created"]
