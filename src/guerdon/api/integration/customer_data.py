"""Erasing a customer's data (core.md §9.3)."""

from datetime import datetime
from typing import Any

from litestar import delete

from guerdon.api.auth import require_live
from guerdon.db.customer_data import erase_customer
from guerdon.db.keys import IntegrationKey
from guerdon.db.pool import Connection


@delete("/v1/customer_data/{integration_id:str}", operation_id="deleteCustomerData", tags=["Customer profiles"])
async def delete_customer_data(integration_id: str, key: IntegrationKey, conn: Connection, now: datetime) -> None:
    """Attributes and identifiers are gone, in all Applications of the environment; ids, totals and effects stay."""
    require_live(key)
    await erase_customer(conn, key.application_id, integration_id, now)


handlers: list[Any] = [delete_customer_data]
