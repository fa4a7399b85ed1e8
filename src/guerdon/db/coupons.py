"""Coupons (management.md §6). Codes are folded as the Application compares them; new ones come from codes.py.

Nothing here raises the program revision: coupons are read with each request, they are no part of the program.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import UNSET, Struct, structs

from guerdon.db.campaigns import CAMPAIGNS
from guerdon.db.paging import Listing, Page, substring
from guerdon.db.pool import Connection, Row, changed, first, row_id
from guerdon.engine.money import plain
from guerdon.wire.base import decoder, encode_text
from guerdon.wire.coupons import Coupon, UpdateCoupon, UpdateCouponBatch

INSERT = """
INSERT INTO coupons (application_id, campaign_id, value, recipient_integration_id, reservation, usage_limit,
    discount_limit, reservation_limit, start_date, expiry_date, limits, attributes, is_reservation_mandatory,
    implicitly_reserved, batch_id, created)
SELECT $1, $2, code, recipient, recipient IS NULL, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15
FROM unnest($3::text[], $4::text[]) WITH ORDINALITY AS new (code, recipient, place)
ORDER BY place
"""
INSERT_AND_SHOW = INSERT + " RETURNING *"
INSERT_FREE = INSERT + " ON CONFLICT ON CONSTRAINT coupons_value_key DO NOTHING"
LAST_ID = "SELECT last_value FROM coupons_id_seq"

OF_CAMPAIGN = "FROM coupons WHERE application_id = $1 AND campaign_id = ANY (ARRAY[$2::bigint])"
OF_APPLICATION = "FROM coupons WHERE application_id = ANY (ARRAY[$1::bigint])"
LIST = Listing(
    select="SELECT * " + OF_CAMPAIGN,
    hold="SELECT id " + OF_CAMPAIGN,
    write="DELETE FROM coupons USING held WHERE coupons.id = held.id RETURNING coupons.id",
    within={"": ("campaign_id",), "batchId": ("batch_id",)},
    filters={
        "idAfter": "id > ?",
        "idUntil": "id <= ?",
        "exactValue": "lower(value) = lower(?)",
        # As people write codes: without the separators, in any case.
        "looseValue": "regexp_replace(lower(value), '[^a-z0-9]', '', 'g') LIKE ?",
        "value": "value ILIKE ?",
        "createdBefore": "created < ?",
        "createdAfter": "created > ?",
        "startsBefore": "start_date < ?",
        "startsAfter": "start_date > ?",
        "expiresBefore": "expiry_date < ?",
        "expiresAfter": "expiry_date > ?",
        "expired": "expiry_date <= ?",
        "validNow": "COALESCE(start_date <= ?, true) AND COALESCE(expiry_date > ?, true)",
        "validFuture": "start_date > ?",
        "usable": "(usage_limit = 0 OR usage_counter < usage_limit) = ?",
        "redeemed": "(usage_counter > 0) = ?",
        "referralId": "referral_id = ?",
        "recipientIntegrationId": "recipient_integration_id = ?",
        "batchId": "batch_id = ANY (ARRAY[?])",
        # The first is what the index of attributes is for: lists may hold more than what is asked for.
        "attributes": "attributes <> '{}' AND attributes @> ?",
        "sameAttributes": """NOT EXISTS (SELECT FROM jsonb_each(?) AS asked
            WHERE attributes -> asked.key IS DISTINCT FROM nullif(asked.value, 'null'))""",
    },
    sorts={
        "id": "id",
        "created": "created",
        "value": "value",
        "usageLimit": "usage_limit",
        "usageCounter": "usage_counter",
        "startDate": "start_date",
        "expiryDate": "expiry_date",
        "batchId": "batch_id",
    },
)
LIST_OF_APPLICATION = structs.replace(
    LIST,
    select="SELECT * " + OF_APPLICATION,
    hold="",
    write="",
    within={"": ("application_id",), "batchId": ("application_id", "batch_id")},
    sorts={**LIST.sorts, "value": ("application_id", "value")},
    filters={**LIST.filters, "campaignIds": "campaign_id = ANY (?)"},
)

# $1 account, $2 Application, $3 now, $4 the state.
SELECT_CAMPAIGNS = "SELECT id FROM (" + CAMPAIGNS + " AND frontend_state = $4) AS campaign ORDER BY id"

# $1 campaign, $2 an id or null, $3 a folded code. A code that looks like an id gives way to the id.
SELECT = """
SELECT * FROM coupons WHERE campaign_id = $1 AND (id = $2 OR value = $3)
ORDER BY id = $2 DESC NULLS LAST LIMIT 1
"""
# start_date, expiry_date and recipient are nulled when left out, the rest keeps its value (management.md §6).
UPDATE = """
UPDATE coupons SET start_date = $3, expiry_date = $4, usage_limit = COALESCE($5, usage_limit),
    discount_limit = COALESCE($6, discount_limit), reservation_limit = COALESCE($7, reservation_limit),
    attributes = COALESCE($8, attributes), limits = COALESCE($9, limits), recipient_integration_id = $10,
    reservation = $10::text IS NULL, is_reservation_mandatory = COALESCE($11, is_reservation_mandatory),
    implicitly_reserved = COALESCE($12, implicitly_reserved)
WHERE application_id = $1 AND id = $2
RETURNING *
"""
LIST_TO_CHANGE = structs.replace(
    LIST,
    write="""
UPDATE coupons SET start_date = $3, expiry_date = $4, usage_limit = COALESCE($5, usage_limit),
    discount_limit = COALESCE($6, discount_limit), reservation_limit = COALESCE($7, reservation_limit),
    attributes = COALESCE($8, attributes)
FROM held WHERE coupons.id = held.id
RETURNING coupons.id
""",
)
DELETE = "DELETE FROM coupons WHERE application_id = $1 AND id = $2"

HIDDEN = ("application_id",)


class Batch(Struct, frozen=True, kw_only=True):
    """What all coupons of one request share."""

    usage_limit: int
    discount_limit: Decimal | None
    reservation_limit: int | None
    start_date: datetime | None
    expiry_date: datetime | None
    limits: list[Any]
    attributes: dict[str, Any]
    is_reservation_mandatory: bool
    implicitly_reserved: bool
    batch_id: str

    def columns(self) -> tuple[Any, ...]:
        """What the INSERTs take of it."""
        return (
            self.usage_limit,
            self.discount_limit,
            self.reservation_limit,
            self.start_date,
            self.expiry_date,
            encode_text(self.limits),
            encode_text(self.attributes),
            self.is_reservation_mandatory,
            self.implicitly_reserved,
            self.batch_id,
        )


def coupon_of(row: Row) -> Coupon:
    values: dict[str, Any] = {name: value for name, value in row.items() if name not in HIDDEN and value is not None}
    values["limits"] = decoder(Any).decode(values["limits"])
    values["attributes"] = decoder(Any).decode(values["attributes"])
    values["reservation_counter"] = Decimal(values["reservation_counter"])
    values["discount_counter"] = plain(values["discount_counter"])
    if "discount_limit" in values:
        values["discount_limit"] = plain(values["discount_limit"])
        values["discount_remainder"] = plain(values["discount_limit"] - values["discount_counter"])
    return Coupon(**values)


def _code_only(row: Row) -> Coupon:
    """The code and no more than the contract requires."""
    kept = ("id", "created", "campaign_id", "value", "usage_limit", "usage_counter")
    return Coupon(**{name: row[name] for name in kept})


async def add_coupons(
    conn: Connection,
    campaign: tuple[int, int],
    codes: Sequence[str],
    recipients: Sequence[str | None],
    batch: Batch,
    now: datetime,
    *,
    show: bool,
) -> list[Coupon]:
    """Create a coupon of `campaign` = (Application id, campaign id) for each folded code and its recipient.

    Returns them only to `show`. Raises Conflict when a code is taken.
    """
    values = (*campaign, codes, recipients, *batch.columns(), now)
    if not show:
        await conn.execute(INSERT, *values)
        return []
    return [coupon_of(row) for row in await conn.fetch(INSERT_AND_SHOW, *values)]


async def add_free_coupons(
    conn: Connection, campaign: tuple[int, int], codes: Sequence[str], batch: Batch, now: datetime
) -> int:
    """Create a coupon without a recipient for each of these folded codes that is not taken; returns how many."""
    status = await conn.execute(INSERT_FREE, *campaign, codes, [None] * len(codes), *batch.columns(), now)
    return changed(status)


async def get_coupon(conn: Connection, campaign_id: int, coupon_id: str, code: str) -> Coupon:
    """The coupon with this id or, failing that, this folded code. Raises NotFound."""
    return coupon_of(first(await conn.fetchrow(SELECT, campaign_id, row_id(coupon_id), code), "Coupon"))


async def change_coupon(conn: Connection, application_id: int, coupon_id: int, new: UpdateCoupon) -> Coupon:
    """Change a coupon. Left out dates and recipient are cleared, other members keep their value. Raises NotFound."""
    row = await conn.fetchrow(
        UPDATE,
        application_id,
        coupon_id,
        *_shared(new),
        None if new.limits is UNSET else encode_text(new.limits),
        new.recipient_integration_id or None,
        _or_none(new.is_reservation_mandatory),
        _or_none(new.implicitly_reserved),
    )
    return coupon_of(first(row, "Coupon"))


class Some(Struct, frozen=True):
    """The first `most` of the coupons that match, with after < id ≤ until."""

    wanted: dict[str, Any]
    after: int
    until: int
    most: int

    def filters(self) -> dict[str, Any]:
        """As lists take them."""
        return self.wanted | {"idAfter": self.after, "idUntil": self.until}


async def change_some(
    conn: Connection, campaign: tuple[int, int], some: Some, new: UpdateCouponBatch
) -> tuple[int, int | None]:
    """Change some coupons of `campaign` = (Application id, campaign id); returns how many those were and the id of the
    last. Left out dates are cleared, other members keep theirs."""
    return await LIST_TO_CHANGE.write_some(conn, [*campaign, *_shared(new)], some.filters(), some.most)


def _or_none(value: Any) -> Any:
    return None if value is UNSET else value


def _shared(new: UpdateCoupon | UpdateCouponBatch) -> list[Any]:
    plain_values = (new.start_date, new.expiry_date, new.usage_limit, new.discount_limit, new.reservation_limit)
    attributes = None if new.attributes is UNSET else encode_text(without_nulls(new.attributes))
    return [*map(_or_none, plain_values), attributes]


def without_nulls(attributes: dict[str, Any]) -> dict[str, Any]:
    """The attributes that have a value."""
    return {name: value for name, value in attributes.items() if value is not None}


async def remove_coupon(conn: Connection, application_id: int, coupon_id: int) -> None:
    """Delete a coupon that exists."""
    await conn.execute(DELETE, application_id, coupon_id)


async def remove_some(conn: Connection, campaign: tuple[int, int], some: Some) -> tuple[int, int | None]:
    """Delete some coupons of `campaign` = (Application id, campaign id); returns how many those were and the id of the
    last."""
    return await LIST.write_some(conn, campaign, some.filters(), some.most)


async def last_id(conn: Connection) -> int:
    """The id of the coupon that was made last; those that are made from now on have greater ones."""
    found: int = await conn.fetchval(LAST_ID)
    return found


async def list_coupons(
    conn: Connection, campaign: tuple[int, int], wanted: dict[str, Any], page: Page, *, values_only: bool = False
) -> tuple[list[Coupon], bool]:
    """One page of the coupons of `campaign` = (Application id, campaign id) and whether more follow."""
    rows, more = await LIST.fetch(conn, campaign, wanted, page)
    show = _code_only if values_only else coupon_of
    return [show(row) for row in rows], more


async def count_coupons(conn: Connection, campaign: tuple[int, int], wanted: dict[str, Any]) -> int:
    """How many of the campaign's coupons match."""
    return await LIST.count(conn, campaign, wanted)


async def list_of_application(
    conn: Connection, application_id: int, wanted: dict[str, Any], page: Page
) -> tuple[list[Coupon], bool]:
    """One page of the coupons of all campaigns and whether more follow."""
    rows, more = await LIST_OF_APPLICATION.fetch(conn, [application_id], wanted, page)
    return [coupon_of(row) for row in rows], more


async def count_of_application(conn: Connection, application_id: int, wanted: dict[str, Any]) -> int:
    """How many coupons of all campaigns match."""
    return await LIST_OF_APPLICATION.count(conn, [application_id], wanted)


async def campaigns_in_state(
    conn: Connection, account_id: int, application_id: int, state: str, now: datetime
) -> list[int]:
    """The ids of the Application's campaigns that are in this state now."""
    return [row["id"] for row in await conn.fetch(SELECT_CAMPAIGNS, account_id, application_id, now, state)]


def attribute_filter(asked: dict[str, Any]) -> dict[str, str]:
    """The filter for coupons of which each of these attributes has just this value; null is none."""
    if not asked:
        return {}
    same = {"sameAttributes": encode_text(asked)}
    given = without_nulls(asked)
    return same | {"attributes": encode_text(given)} if given else same


def value_filter(value: str, *, exact: bool) -> dict[str, str | None]:
    """The filter for a code: whole, or a part of it in which only letters and digits count."""
    if exact:
        return {"exactValue": value}
    loose = re.sub("[^a-z0-9]", "", value.lower())
    return {"looseValue": substring(loose)} if loose else {"value": substring(value)}
