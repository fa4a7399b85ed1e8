"""Many requests at once reserve a coupon and take it back: the counter is always the number of reservations."""

from concurrent.futures import ThreadPoolExecutor

import httpx

import make
from conftest import INTEGRATION_KEY

URL = "/v1/coupon_reservations/TEN"
COUNTED = """
SELECT c.reservation_counter AS counter, (SELECT count(*) FROM coupon_reservations r WHERE r.coupon_id = c.id) AS rows
FROM coupons c
"""


def test_reserving_and_taking_back_at_once(server, manager):
    make.new_campaign(manager)
    make.new_coupons(manager, 1, couponPattern="TEN")
    names = [f"p{number}" for number in range(8)]

    def send(turn):
        headers = {"Authorization": f"ApiKey-v1 {INTEGRATION_KEY}"}
        found = []
        with httpx.Client(base_url=server.url, headers=headers, timeout=30) as client:
            for step in range(10):
                some = names[step % 3 : step % 3 + 4]
                body = {"integrationIDs": some if turn % 2 else some[::-1]}
                found.append(client.request("DELETE" if (step + turn) % 3 == 0 else "POST", URL, json=body).status_code)
                [row] = server.sql(COUNTED)
                assert row["counter"] == row["rows"]
        return found

    with ThreadPoolExecutor(4) as threads:
        statuses = {status for found in threads.map(send, range(4)) for status in found}
    assert statuses == {201, 204}
    [row] = server.sql(COUNTED)
    assert row["counter"] == row["rows"]
