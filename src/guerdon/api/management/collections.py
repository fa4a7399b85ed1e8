"""Collections of the account and of campaigns: create, list, read, change, delete, items (management.md §10)."""

from datetime import datetime
from typing import Any

from litestar import Response, delete, get, post, put
from msgspec import UNSET

from guerdon.api import csv_files
from guerdon.api.lists import PageSize, Skip, Sort, WithTotal, either_page, page
from guerdon.api.uses import refuse_used, refuse_used_collection
from guerdon.db import applications, campaigns, collections, exports
from guerdon.db.collections import Owner
from guerdon.db.keys import Caller
from guerdon.db.pool import Connection
from guerdon.engine.talang.known import COLLECTION
from guerdon.flows.programs import Programs
from guerdon.wire.base import EitherPage, MorePage
from guerdon.wire.collections import (
    Collection,
    CollectionItem,
    CollectionWithoutPayload,
    NewCampaignCollection,
    NewCollection,
    UpdateCampaignCollection,
    UpdateCollection,
)
from guerdon.wire.imports import Import

TAGS = ["Collections"]
ACCOUNT = "/v1/collections"
ONE_OF_ACCOUNT = "/v1/collections/{collection_id:int}"
APPLICATION = "/v1/applications/{application_id:int}/collections"
CAMPAIGN = "/v1/applications/{application_id:int}/campaigns/{campaign_id:int}/collections"
ONE_OF_CAMPAIGN = "/v1/applications/{application_id:int}/campaigns/{campaign_id:int}/collections/{collection_id:int}"
HEADER = ["item"]


def _of_account(caller: Caller) -> Owner:
    return caller.account_id, None, None


async def _of_campaign(conn: Connection, caller: Caller, application_id: int, campaign_id: int, now: datetime) -> Owner:
    """The owner of a campaign's collections; raises NotFound for the campaign."""
    await campaigns.get_campaign(conn, caller.account_id, application_id, campaign_id, now)
    return caller.account_id, application_id, campaign_id


# --- of the account


@post(ACCOUNT, operation_id="createAccountCollection", tags=TAGS)
async def create_account_collection(data: NewCollection, caller: Caller, conn: Connection, now: datetime) -> Collection:
    return await collections.add_collection(conn, _of_account(caller), caller.user_id, data, now)


@get(ACCOUNT, operation_id="listAccountCollections", tags=TAGS)
async def list_account_collections(
    caller: Caller,
    conn: Connection,
    page_size: PageSize = 1000,
    skip: Skip = 0,
    sort: Sort = "",
    with_total: WithTotal = False,
    name: str | None = None,
) -> EitherPage[CollectionWithoutPayload]:
    found = await collections.list_collections(
        conn, collections.OF_ACCOUNT, [caller.account_id], name, page(page_size, skip, sort), total=with_total
    )
    return either_page(*found)


@get(ONE_OF_ACCOUNT, operation_id="getAccountCollection", tags=TAGS)
async def get_account_collection(collection_id: int, caller: Caller, conn: Connection) -> Collection:
    return await collections.get_collection(conn, _of_account(caller), collection_id)


@put(ONE_OF_ACCOUNT, operation_id="updateAccountCollection", tags=TAGS)
async def update_account_collection(
    collection_id: int, data: UpdateCollection, caller: Caller, conn: Connection, programs: Programs, now: datetime
) -> Collection:
    if data.subscribed_applications_ids is not UNSET:
        old = await collections.get_collection(conn, _of_account(caller), collection_id)
        had = await applications.subscribed(conn, caller.account_id, old.subscribed_applications_ids)
        losing = set(had).difference(data.subscribed_applications_ids)
        await refuse_used(conn, programs, losing, COLLECTION, old.name)
    return await collections.change_collection(conn, _of_account(caller), caller.user_id, collection_id, data, now)


@delete(ONE_OF_ACCOUNT, operation_id="deleteAccountCollection", tags=TAGS)
async def delete_account_collection(collection_id: int, caller: Caller, conn: Connection, programs: Programs) -> None:
    old = await collections.get_collection(conn, _of_account(caller), collection_id)
    having = await applications.subscribed(conn, caller.account_id, old.subscribed_applications_ids)
    await refuse_used(conn, programs, having, COLLECTION, old.name)
    await collections.remove_collection(conn, _of_account(caller), collection_id)


@get(ONE_OF_ACCOUNT + "/items", operation_id="getCollectionItems", tags=TAGS)
async def get_collection_items(
    collection_id: int, caller: Caller, conn: Connection, page_size: PageSize = 1000, skip: Skip = 0
) -> MorePage[CollectionItem]:
    """Of a collection of the account or of any of its campaigns."""
    items, more = await collections.get_items(conn, caller.account_id, collection_id, page(page_size, skip, ""))
    return MorePage(has_more=more, data=[CollectionItem(item=item) for item in items])


@post(
    ONE_OF_ACCOUNT + "/import", operation_id="importAccountCollection", tags=TAGS, status_code=200, **csv_files.IMPORT
)
async def import_account_collection(
    collection_id: int, file: str, caller: Caller, conn: Connection, now: datetime
) -> Import:
    items = await csv_files.in_thread(csv_files.read_texts, file, *HEADER)
    return await collections.import_items(conn, _of_account(caller), caller.user_id, collection_id, items, now)


@get(ONE_OF_ACCOUNT + "/export", operation_id="exportAccountCollectionItems", tags=TAGS, **csv_files.EXPORT)
async def export_account_collection_items(
    collection_id: int, caller: Caller, conn: Connection, now: datetime
) -> Response[bytes]:
    return await _export(conn, _of_account(caller), caller, collection_id, now)


async def _export(conn: Connection, owner: Owner, caller: Caller, collection_id: int, now: datetime) -> Response[bytes]:
    items = await collections.get_all_items(conn, owner, collection_id)
    noted = {"collectionId": str(collection_id)}
    await exports.add_export(conn, (caller.account_id, caller.user_id), owner[1:], "Collection", noted, now)
    return await csv_files.answer(f"collection_{collection_id}", HEADER, ([item] for item in items))


# --- of campaigns


@get(APPLICATION, operation_id="listCollectionsInApplication", tags=TAGS)
async def list_collections_in_application(
    application_id: int,
    caller: Caller,
    conn: Connection,
    page_size: PageSize = 1000,
    skip: Skip = 0,
    sort: Sort = "",
    with_total: WithTotal = False,
    name: str | None = None,
) -> EitherPage[CollectionWithoutPayload]:
    """Those of all campaigns of the Application."""
    await applications.get_application(conn, caller.account_id, application_id)
    scope = [caller.account_id, application_id]
    found = await collections.list_collections(
        conn, collections.OF_APPLICATION, scope, name, page(page_size, skip, sort), total=with_total
    )
    return either_page(*found)


@post(CAMPAIGN, operation_id="createCollection", tags=TAGS)
async def create_collection(
    application_id: int,
    campaign_id: int,
    data: NewCampaignCollection,
    caller: Caller,
    conn: Connection,
    now: datetime,
) -> Collection:
    owner = await _of_campaign(conn, caller, application_id, campaign_id, now)
    return await collections.add_collection(conn, owner, caller.user_id, data, now)


@get(CAMPAIGN, operation_id="listCollections", tags=TAGS)
async def list_collections(
    application_id: int,
    campaign_id: int,
    caller: Caller,
    conn: Connection,
    now: datetime,
    page_size: PageSize = 1000,
    skip: Skip = 0,
    sort: Sort = "",
    with_total: WithTotal = False,
    name: str | None = None,
) -> EitherPage[CollectionWithoutPayload]:
    await _of_campaign(conn, caller, application_id, campaign_id, now)
    scope = [caller.account_id, application_id, campaign_id]
    found = await collections.list_collections(
        conn, collections.OF_CAMPAIGN, scope, name, page(page_size, skip, sort), total=with_total
    )
    return either_page(*found)


@get(ONE_OF_CAMPAIGN, operation_id="getCollection", tags=TAGS)
async def get_collection(
    application_id: int, campaign_id: int, collection_id: int, caller: Caller, conn: Connection, now: datetime
) -> Collection:
    owner = await _of_campaign(conn, caller, application_id, campaign_id, now)
    return await collections.get_collection(conn, owner, collection_id)


@put(ONE_OF_CAMPAIGN, operation_id="updateCollection", tags=TAGS)
async def update_collection(
    application_id: int,
    campaign_id: int,
    collection_id: int,
    data: UpdateCampaignCollection,
    caller: Caller,
    conn: Connection,
    now: datetime,
) -> Collection:
    owner = await _of_campaign(conn, caller, application_id, campaign_id, now)
    return await collections.change_collection(conn, owner, caller.user_id, collection_id, data, now)


@delete(ONE_OF_CAMPAIGN, operation_id="deleteCollection", tags=TAGS)
async def delete_collection(
    application_id: int,
    campaign_id: int,
    collection_id: int,
    caller: Caller,
    conn: Connection,
    programs: Programs,
    now: datetime,
) -> None:
    owner = await _of_campaign(conn, caller, application_id, campaign_id, now)
    old = await collections.get_collection(conn, owner, collection_id)
    await refuse_used_collection(conn, programs, (application_id, campaign_id), old.name)
    await collections.remove_collection(conn, owner, collection_id)


@post(ONE_OF_CAMPAIGN + "/import", operation_id="importCollection", tags=TAGS, status_code=200, **csv_files.IMPORT)
async def import_collection(
    application_id: int,
    campaign_id: int,
    collection_id: int,
    file: str,
    caller: Caller,
    conn: Connection,
    now: datetime,
) -> Import:
    owner = await _of_campaign(conn, caller, application_id, campaign_id, now)
    items = await csv_files.in_thread(csv_files.read_texts, file, *HEADER)
    return await collections.import_items(conn, owner, caller.user_id, collection_id, items, now)


@get(ONE_OF_CAMPAIGN + "/export", operation_id="exportCollectionItems", tags=TAGS, **csv_files.EXPORT)
async def export_collection_items(
    application_id: int, campaign_id: int, collection_id: int, caller: Caller, conn: Connection, now: datetime
) -> Response[bytes]:
    owner = await _of_campaign(conn, caller, application_id, campaign_id, now)
    return await _export(conn, owner, caller, collection_id, now)


handlers: list[Any] = [
    create_account_collection,
    list_account_collections,
    get_account_collection,
    update_account_collection,
    delete_account_collection,
    get_collection_items,
    import_account_collection,
    export_account_collection_items,
    list_collections_in_application,
    create_collection,
    list_collections,
    get_collection,
    update_collection,
    delete_collection,
    import_collection,
    export_collection_items,
]
