"""What a server needs before it can serve: a current schema and, the first time, account, administrator and keys."""

import secrets
from datetime import datetime, timedelta
from typing import Any, cast

import httpx

from guerdon.api.app import build_app
from guerdon.api.auth import hash_password
from guerdon.db import accounts, applications, pool
from guerdon.db.migrate import migrate
from guerdon.demo.shop import demo_shop
from guerdon.settings import Settings
from guerdon.wire.applications import CreateApplicationAPIKey, NewApplication

TEN_YEARS = timedelta(days=3652)


class FirstRun:
    """What a first run created; printed once and stored only as hashes."""

    def __init__(self, settings: Settings) -> None:
        self.email = settings.admin_email or "admin@guerdon.local"
        self.password = settings.admin_password or secrets.token_urlsafe(12)
        self.integration_key = settings.integration_key or secrets.token_hex(32)
        self.management_key = settings.management_key or secrets.token_hex(32)


async def prepare(url: str, settings: Settings, now: datetime) -> FirstRun | None:
    """Migrate the database and, the first time, create what a server cannot do without."""
    conn = await pool.connect(url)
    try:
        await migrate(conn, now)
        async with conn.transaction():
            if await accounts.has_account(conn):
                return None
            return await _first_run(conn, FirstRun(settings), settings, now)
    finally:
        await conn.close()


async def _first_run(conn: pool.Connection, made: FirstRun, settings: Settings, now: datetime) -> FirstRun:
    account_id = await accounts.add_account(conn, "My shop", now)
    user_id = await accounts.add_admin(conn, account_id, made.email, hash_password(made.password), now)
    name = "Demo shop" if settings.demo else "My shop"
    new = NewApplication(name=name, timezone="UTC", currency="EUR", enable_flattened_cart_items=True)
    application = await applications.add_application(conn, account_id, new, now)
    expires = now + TEN_YEARS
    key = CreateApplicationAPIKey(title="First key", expires=expires)
    await applications.add_key(conn, (account_id, user_id), application.id, key, secret=made.integration_key, now=now)
    await accounts.add_management_key(
        conn, account_id, "First key", made.management_key, user_id=user_id, now=now, expires=expires
    )
    return made


async def open_demo_shop(url: str, made: FirstRun) -> None:
    """Create the demo shop the way any client would: through the Management API, only without a network."""
    connections = await pool.open_pool(url, 2)
    headers = {"Authorization": f"ManagementKey-v1 {made.management_key}"}
    transport = httpx.ASGITransport(cast("Any", build_app({"pool": connections})))
    shop = demo_shop()
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://guerdon", headers=headers) as client:
            for attribute in shop["attributes"]:
                (await client.post("/v1/attributes", json=attribute)).raise_for_status()
            for entry in shop["campaigns"]:
                created = (await client.post("/v1/applications/1/campaigns", json=entry["campaign"])).raise_for_status()
                campaign = f"/v1/applications/1/campaigns/{created.json()['id']}"
                (await client.post(f"{campaign}/rulesets", json=entry["ruleset"])).raise_for_status()
                for coupons in entry["coupons"]:
                    (await client.post(f"{campaign}/coupons", json=coupons)).raise_for_status()
    finally:
        await connections.close()
