"""The vendor's SDK for Python (talon-one-sdk 26.2) reads the logs; its strict models accept every answer."""

from datetime import UTC, datetime

import pytest
import talon_one

import checkout
import make
from conftest import MANAGEMENT_KEY

START, END = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture
def server(logging_server):
    return logging_server


@pytest.fixture
def sdk(server):
    key, prefix = {"management_key": MANAGEMENT_KEY}, {"management_key": "ManagementKey-v1"}
    configuration = talon_one.Configuration(host=server.url, api_key=key, api_key_prefix=prefix)
    return talon_one.ManagementApi(talon_one.ApiClient(configuration))


def test_changes(sdk, manager):
    store = make.new_store(manager)
    manager.put(f"/v1/applications/1/stores/{store['id']}", json=make.store(name="Hamburg"))
    page = sdk.get_changes(
        page_size=1,
        sort="-created",
        application_id=1,
        entity_path="STORES",
        user_id=1,
        created_before=END,
        created_after=START,
        with_total_result_size=True,
        management_key_id=1,
        include_old=True,
    )
    (change,) = page.data
    assert (page.total_result_size, page.has_more) == (2, True)
    assert (change.user_id, change.application_id, change.management_key_id) == (1, 1, 1)
    assert (change.entity, change.old["name"], change.new["name"]) == (
        f"/v1/applications/1/stores/{store['id']}", "Berlin", "Hamburg",
    )  # fmt: skip


def test_access_logs(sdk, shop):
    checkout.update(shop, "s1", {})
    filters = {"path": "sessions", "method": "put", "status": "success", "sort": "-time", "page_size": 10}
    page = sdk.get_access_logs_without_total_count(1, START, END, **filters)
    (entry,) = page.data
    assert (page.has_more, entry.status, entry.request_uri) == (False, 200, "/v2/customer_sessions/s1")


def test_health(sdk, shop):
    assert sdk.get_application_api_health(1).summary == "NONE"
    checkout.update(shop, "s1", {})
    assert sdk.get_application_api_health(1).summary == "OK"


def test_message_logs(server, sdk):
    server.sql(
        "INSERT INTO message_logs (id, account_id, application_id, entity_type, service, change_type, request, requested,"
        " response, response_status, responded, created) VALUES (gen_random_uuid(), 1, 1, 'application', 'S',"
        " 'CouponCreated', 'a', now(), 'b', 200, now(), now())"
    )
    found = sdk.get_message_logs("application", period="15m", is_successful=True, application_id=1, response_code=200)
    (entry,) = found.data
    assert (entry.service, entry.response.status) == ("S", 200)
