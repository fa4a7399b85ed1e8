"""Customer sessions as the back office reads them (core.md §2.5). They are written in customer_sessions.py."""

from typing import Any

from guerdon.db.paging import Listing, Page, substring
from guerdon.db.pool import Connection, Row, first
from guerdon.engine.effects import Effect
from guerdon.engine.money import plain
from guerdon.wire.base import Number, decoder
from guerdon.wire.customer_sessions import ApplicationSession

# Only sessions that a V1 client wrote last show their discounts.
SELECT_ALL = """
SELECT *, (
    SELECT v.discounts FROM v1_sessions v
    WHERE v.application_id = $1 AND v.session_id = s.id AND v.update_count = s.update_count
) AS discounts
FROM customer_sessions s WHERE application_id = $1
"""
SELECT = f"{SELECT_ALL} AND id = $2"
LIST = Listing(
    select=SELECT_ALL,
    filters={
        "state": "state = ?",
        "createdBefore": "created < ?",
        "createdAfter": "created > ?",
        "profile": """profile_id = (
            SELECT p.id FROM profiles p JOIN applications a ON a.account_id = p.account_id AND a.sandbox = p.sandbox
            WHERE a.id = $1 AND p.integration_id = ?)""",
        # What the indexes leave out is named again: they are of sessions that have a code, or a store.
        "coupon": "coupon_codes @> ARRAY[?::text] AND coupon_codes <> '{}'",
        "referral": "referral_code = ? AND referral_code <> ''",
        "integrationId": "integration_id = ?",
        "storeIntegrationId": "store_integration_id = ? AND store_integration_id <> ''",
        "profilePart": "profile_integration_id ILIKE ?",
        "couponPart": "EXISTS (SELECT FROM unnest(coupon_codes) AS code WHERE code ILIKE ?)",
        "referralPart": "referral_code ILIKE ?",
        "integrationIdPart": "integration_id ILIKE ?",
        "storeIntegrationIdPart": "store_integration_id ILIKE ?",
    },
    sorts={
        "id": "id",
        "created": "created",
        "integrationId": "integration_id",
        "state": "state",
        "total": "total",
    },
)
SHORTEST_PART = 3

OPTIONAL = {
    "store_integration_id": "store_integration_id",
    "profile_id": "profile_id",
    "profileintegrationid": "profile_integration_id",
}


def _session(row: Row) -> ApplicationSession:
    content = decoder(Any).decode(row["content"])
    return ApplicationSession(
        id=row["id"],
        created=row["created"],
        integration_id=row["integration_id"],
        application_id=row["application_id"],
        coupon=next(iter(row["coupon_codes"]), ""),
        referral=row["referral_code"],
        state=row["state"],
        cart_items=content.get("cartItems", []),
        discounts=decoder(dict[str, Number]).decode(row["discounts"] or "{}"),
        total_discounts=plain(row["total_discounts"]),
        total=plain(row["total"]),
        attributes=content.get("attributes", {}),
        **{name: row[column] for name, column in OPTIONAL.items() if row[column]},
    )


async def get_session(conn: Connection, application_id: int, session_id: int) -> ApplicationSession:
    """The session with this internal id, with its effects; raises NotFound."""
    row = first(await conn.fetchrow(SELECT, application_id, session_id), "Session")
    found = _session(row)
    found.effects = decoder(list[Effect]).decode(row["effects"])
    return found


async def list_sessions(
    conn: Connection, application_id: int, wanted: dict[str, Any], terms: dict[str, str | None], page: Page
) -> tuple[list[ApplicationSession], bool]:
    """One page of the Application's sessions and whether more follow; `terms` are the texts to look for.

    When there is more than one session, their discounts are shown as 0 (core.md §2.5).
    """
    rows, more = await LIST.fetch(conn, [application_id], {**wanted, **terms}, page)
    found = [_session(row) for row in rows]
    if len(found) > 1:
        for session in found:
            session.total_discounts = session.total_discounts * 0
    return found, more


def partial(terms: dict[str, str | None]) -> dict[str, str | None]:
    """The same terms found anywhere and in any case; those that are too short must still match as a whole."""
    return {
        name if term is None or len(term) < SHORTEST_PART else f"{name}Part": (
            term if term is None or len(term) < SHORTEST_PART else substring(term)
        )
        for name, term in terms.items()
    }
