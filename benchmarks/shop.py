"""The shop that the bench fills through the Management API, its requests, and the server process."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg
from msgspec import Struct

from guerdon.db import programs

INTEGRATION_KEY = "ab" * 32
MANAGEMENT_KEY = "cd" * 32
SESSIONS = 200
MATCHING = 3
EXPECTED = {"acceptCoupon": 1, "setDiscount": 2, "setDiscountPerItem": 2}
MUST_HOLD = ['"acceptCoupon"', '"setDiscount"', '"setDiscountPerItem"']

CART: list[dict[str, Any]] = [
    {"sku": "SHIRT-1", "name": "Linen shirt", "quantity": 1, "price": 49.9, "category": "shirts"},
    {"sku": "SHIRT-2", "name": "Oxford shirt", "quantity": 1, "price": 59.9, "category": "shirts"},
    {"sku": "SOCKS-1", "name": "Wool socks", "quantity": 3, "price": 9.95, "category": "socks"},
    {"sku": "BELT-1", "name": "Leather belt", "quantity": 1, "price": 35, "category": "accessories"},
    {"sku": "HAT-1", "name": "Straw hat", "quantity": 1, "price": 24.5, "category": "accessories"},
]


class Server(Struct):
    """A running server process."""

    url: str
    address: tuple[str, int]
    database_url: str
    pid: int


def _percent_of(path: list[str], percent: int) -> list[Any]:
    return ["*", [".", *path], ["/", percent, 100]]


def _category(name: str) -> dict[str, Any]:
    same = ["catch", False, ["=", [".", "Item", "Category"], name]]
    items = ["filter", [".", "Session", "CartItems"], [["Item"], same]]
    return {"name": "Wanted", "type": "cartItemFilter", "expression": items}


def _ruleset(condition: list[Any], effect: list[Any], bindings: list[dict[str, Any]]) -> dict[str, Any]:
    rule = {"title": "Rule", "condition": condition, "effects": [effect]}
    return {"rules": [rule], "bindings": bindings, "activate": True}


def _by_coupon() -> dict[str, Any]:
    return _ruleset(["and", ["couponValid"]], ["setDiscount", "10% off", _percent_of(["Session", "Total"], 10)], [])


def _by_category(name: str) -> dict[str, Any]:
    effect = ["setDiscountPerItem", "15% off", [".", "Wanted"], [["Item"], _percent_of(["Item", "Price"], 15)]]
    return _ruleset(["and", [">", ["count", [".", "Wanted"]], 0]], effect, [_category(name)])


def _by_total(least: int) -> dict[str, Any]:
    return _ruleset(["and", [">=", [".", "Session", "Total"], least]], ["setDiscount", "5 off", 5], [])


def _by_profile(least: int) -> dict[str, Any]:
    return _ruleset(["and", [">=", [".", "Profile", "ClosedSessions"], least]], ["setDiscount", "Loyal", 3], [])


CAMPAIGNS: list[dict[str, Any]] = [
    _by_coupon(),
    _by_category("shirts"),
    _by_total(100),
    _by_category("shoes"),
    _by_category("trousers"),
    _by_category("coats"),
    _by_total(1000),
    _by_total(5000),
    _by_profile(10),
    _by_coupon(),
]
"""The first three match: one by coupon, two by cart. The last one's coupon is another than the sessions carry."""


def more_campaigns(count: int) -> Iterator[tuple[str, str]]:
    """Rules and bindings of so many further campaigns that do not match, as JSON, of three kinds in turn."""
    for number in range(count):
        kinds = (_by_category(f"category-{number}"), _by_total(1000 + number), _by_profile(10 + number))
        ruleset = kinds[number % 3]
        yield json.dumps(ruleset["rules"]), json.dumps(ruleset["bindings"])


NEW_CAMPAIGN = """
INSERT INTO campaigns (application_id, user_id, name, state, evaluation_group_id, created, updated)
SELECT a.id, 1, 'Another campaign', 'enabled', a.default_evaluation_group_id, now(), now()
FROM applications a WHERE a.id = 1 RETURNING id
"""
NEW_RULESET = """
INSERT INTO rulesets (application_id, campaign_id, user_id, rules, bindings, rb_version, activate, activated_at,
    created)
VALUES (1, $1, 1, $2, $3, 'v2', true, now(), now()) RETURNING id
"""
ACTIVATE = "UPDATE campaigns SET active_ruleset_id = $2 WHERE id = $1"


async def add_campaigns(database_url: str, count: int) -> None:
    """Further campaigns straight into the database, as the server would have written them."""
    conn = await asyncpg.connect(database_url)
    async with conn.transaction():
        for rules, bindings in more_campaigns(count):
            campaign = await conn.fetchval(NEW_CAMPAIGN)
            ruleset = await conn.fetchval(NEW_RULESET, campaign, rules, bindings)
            await conn.execute(ACTIVATE, campaign, ruleset)
            await programs.record_campaign(conn, 1, campaign)
    await conn.execute("ANALYZE")
    await conn.close()


def call(url: str, method: str, path: str, body: Any, key: str) -> Any:
    """One request; anything but success ends the bench."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": key, "Content-Type": "application/json"}
    request = urllib.request.Request(url + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            text = answer.read()
    except urllib.error.HTTPError as error:
        raise SystemExit(f"{method} {path}: {error.code} {error.read().decode()}") from None
    return json.loads(text) if text else None


class Shop:
    """Ten campaigns, a coupon for each session, and the requests that update the sessions."""

    def __init__(self, url: str, connections: int, lines: int = len(CART)) -> None:
        self.url = url
        self.cart = [dict(CART[place % len(CART)], sku=f"SKU-{place}") for place in range(len(CART), lines)]
        self.connections = connections
        self.codes: list[str] = []
        self.matching: set[int] = set()

    def _manage(self, path: str, body: Any) -> Any:
        return call(self.url, "POST", path, body, f"ManagementKey-v1 {MANAGEMENT_KEY}")

    def create(self) -> None:
        """Campaigns, rulesets and coupons through the Management API."""
        for number, ruleset in enumerate(CAMPAIGNS):
            features = ["coupons"] if "couponValid" in str(ruleset) else []
            new = {"name": f"Campaign {number}", "state": "enabled", "tags": [], "features": features, "limits": []}
            campaign = self._manage("/v1/applications/1/campaigns", new)["id"]
            path = f"/v1/applications/1/campaigns/{campaign}"
            self._manage(f"{path}/rulesets", ruleset)
            if number < MATCHING:
                self.matching.add(campaign)
            if features:
                wanted = {"usageLimit": 0, "numberOfCoupons": SESSIONS if number == 0 else 1}
                made = self._manage(f"{path}/coupons?silent=no", wanted)
                self.codes = self.codes or [coupon["value"] for coupon in made["data"]]

    def body(self, number: int, variant: int) -> dict[str, Any]:
        """The request body of one session; variants differ in a quantity, so that there is something to write."""
        cart = [dict(line) for line in CART]
        cart[2]["quantity"] = 3 + variant
        cart += [line | {"category": "accessories"} for line in self.cart]
        session = {
            "profileId": f"customer-{number}",
            "state": "open",
            "couponCodes": [self.codes[number]],
            "cartItems": cart,
        }
        return {"customerSession": session}

    def requests(self, host: str) -> list[list[str]]:
        """For each connection the requests for its own sessions, as they go over the wire."""
        return [
            [
                self._request(host, number, variant)
                for variant in (0, 1)
                for number in range(own, SESSIONS, self.connections)
            ]
            for own in range(self.connections)
        ]

    def _request(self, host: str, number: int, variant: int) -> str:
        body = json.dumps(self.body(number, variant), separators=(",", ":"))
        return (
            f"PUT /v2/customer_sessions/session-{number} HTTP/1.1\r\nHost: {host}\r\n"
            f"Authorization: ApiKey-v1 {INTEGRATION_KEY}\r\nContent-Type: application/json\r\n"
            f"Accept: application/json\r\nContent-Length: {len(body.encode())}\r\n\r\n{body}"
        )

    def verify(self) -> None:
        """The answer holds the expected effects of exactly the three campaigns; else the bench would measure errors."""
        key = f"ApiKey-v1 {INTEGRATION_KEY}"
        answer = call(self.url, "PUT", "/v2/customer_sessions/verify", self.body(0, 0), key)
        kinds: dict[str, int] = {}
        for effect in answer["effects"]:
            kinds[effect["effectType"]] = kinds.get(effect["effectType"], 0) + 1
        found = {effect["campaignId"] for effect in answer["effects"]}
        if kinds != EXPECTED or found != self.matching:
            raise SystemExit(f"unexpected effects {kinds} of campaigns {found}:\n{json.dumps(answer, indent=1)}")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def start_server(folder: Path, **settings: str) -> Iterator[Server]:
    """A real `guerdon serve` with one worker on an empty database; `settings` are more of its environment."""
    port = _free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GUERDON_")} | {
        "GUERDON_DATA": str(folder),
        "GUERDON_PORT": str(port),
        "GUERDON_WORKERS": "1",
        "GUERDON_DEMO": "0",
        "GUERDON_INTEGRATION_KEY": INTEGRATION_KEY,
        "GUERDON_MANAGEMENT_KEY": MANAGEMENT_KEY,
        **settings,
    }
    command = [str(Path(sys.executable).parent / "guerdon"), "serve"]
    with (folder / "serve.log").open("w") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(url, process, folder / "serve.log")
        yield Server(url, ("127.0.0.1", port), _database_url(folder / "postgresql"), process.pid)
    finally:
        process.terminate()
        process.wait(30)


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"the server did not start:\n{log.read_text()}")


def _database_url(pgdata: Path) -> str:
    """PostgreSQL writes where its socket is into line 5 of postmaster.pid."""
    socket_folder = (pgdata / "postmaster.pid").read_text().splitlines()[4]
    return f"postgresql://postgres:@/postgres?host={socket_folder}"


def worker_memory(pid: int) -> float:
    """Resident memory in MB of the worker: the largest Python process of the server."""
    return max(_resident(each) for each in _family(pid))


def _family(pid: int) -> Iterator[int]:
    """The process and the processes under it, without PostgreSQL's."""
    if Path(f"/proc/{pid}/comm").read_text().strip() == "postgres":
        return
    yield pid
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield from _family(int(child))


def _resident(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:"))
