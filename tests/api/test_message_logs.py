"""Messages sent to other systems: the list and its cursor. Nothing sends any yet, so the rows are put here."""

import base64
from datetime import UTC, datetime

import pytest

URL = "/v1/message_logs"
NEW = """
INSERT INTO message_logs (id, account_id, application_id, campaign_id, entity_type, service, change_type,
    notification_id, notification_name, webhook_id, url, request, requested, response, response_status, responded, created)
SELECT md5(n::text)::uuid, 1, 1 + n % 2, n, 'application', 'NotificationService', 'CouponCreated', n % 40, 'Codes', n,
    'https://example.com', '{"n":1}', t, CASE WHEN n % 3 > 0 THEN '\\xff'::bytea END,
    CASE n % 3 WHEN 1 THEN 200 WHEN 2 THEN 503 END, t, t
FROM generate_series(1, 250) n, LATERAL (SELECT '2026-01-01T00:00:00Z'::timestamptz + (n / 2) * interval '1 minute' AS t)
"""


@pytest.fixture(scope="module")
def manager(shared, shared_manager):
    shared.sql(NEW)
    return shared_manager


def found(manager, **params):
    answer = manager.get(URL, params={"entityType": "application"} | params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_pages_follow_each_other(manager):
    seen, cursor, sizes = [], {}, []
    while True:
        page = found(manager, **cursor)
        sizes.append(len(page["data"]))
        seen += [one["campaignId"] for one in page["data"]]
        if "nextCursor" not in page:
            break
        cursor = {"cursor": page["nextCursor"]}
    assert sizes == [100, 100, 50]
    assert sorted(seen) == list(range(1, 251))
    assert [number // 2 for number in seen] == sorted((number // 2 for number in seen), reverse=True)


def test_an_entry(manager):
    (entry,) = found(manager, campaignId=2)["data"]
    assert entry == {
        "id": entry["id"],
        "service": "NotificationService",
        "changeType": "CouponCreated",
        "notificationId": 2,
        "notificationName": "Codes",
        "webhookId": 2,
        "request": {"createdAt": "2026-01-01T00:01:00Z", "request": base64.b64encode(b'{"n":1}').decode()},
        "response": {"createdAt": "2026-01-01T00:01:00Z", "response": "/w==", "status": 503},
        "createdAt": "2026-01-01T00:01:00Z",
        "entityType": "application",
        "url": "https://example.com",
        "applicationId": 1,
        "campaignId": 2,
    }
    (unanswered,) = found(manager, campaignId=3)["data"]
    assert "response" not in unanswered


def test_filters(shared, manager):
    (entry,) = found(manager, campaignId=7)["data"]
    cases = [
        ({"messageID": entry["id"]}, [7]),
        ({"messageID": "7"}, []),
        ({"changeType": "CouponDeleted"}, []),
        ({"notificationIDs": "1,2", "createdBefore": "2026-01-01T00:10:00Z"}, [1, 2]),
        ({"webhookIDs": "5"}, [5]),
        ({"isSuccessful": "true", "createdBefore": "2026-01-01T00:04:00Z"}, [1, 4, 7]),
        ({"isSuccessful": "false", "createdBefore": "2026-01-01T00:04:00Z"}, [2, 5, 8]),
        ({"responseCode": 503, "createdAfter": "2026-01-01T02:04:00Z"}, [248]),
        ({"applicationId": 2, "createdBefore": "2026-01-01T00:01:00Z"}, [1, 3]),
        ({"loyaltyProgramId": 1}, []),
        ({"entityType": "webhook"}, []),
    ]
    for params, wanted in cases:
        assert sorted(one["campaignId"] for one in found(manager, **params)["data"]) == wanted, params
    shared.clock.offset = datetime(2026, 1, 1, 2, 10, tzinfo=UTC) - datetime.now(UTC)
    assert sorted(one["campaignId"] for one in found(manager, period="15m")["data"])[0] in (230, 231, 232)


@pytest.mark.parametrize(
    "params",
    [
        {"entityType": "user"},
        {"cursor": "x"},
        {"cursor": base64.b64encode(b"2026-01-01T00:00:00Z").decode()},
        {"cursor": base64.b64encode(b"2026 x").decode()},
        {"cursor": "ä"},
        {"period": "1w"},
        {"isSuccessful": "maybe"},
        {"changeType": "Update"},
        {"notificationIDs": "one"},
        {"webhookIDs": ",".join("1" * 31)},
        {"responseCode": "9" * 30},
        {"createdAfter": "then"},
    ],
)
def test_bad_questions(manager, params):
    assert manager.get(URL, params={"entityType": "application"} | params).status_code == 400


def test_what_is_of_others(shared, manager, shared_shop):
    assert manager.get(URL).status_code == 400
    assert shared_shop.get(URL, params={"entityType": "application"}).status_code == 401
    shared.sql("INSERT INTO accounts (name, created) VALUES ('Other', now())")
    shared.sql("UPDATE message_logs SET account_id = 2 WHERE campaign_id = 1")
    assert found(manager, campaignId=1)["data"] == []
