"""What rules can see, as of every revision (invariant 4 and 10): written with each change, read by program loads.

Every function that changes a campaign, an Application, an attribute or something that rules name calls one of the
`record_` functions in the same transaction; they raise the Application's revision and append the changed part.
"""

from collections.abc import Collection, Iterable

from guerdon.db.pool import Connection, Row

RAISE_REVISION = "UPDATE applications SET revision = revision + 1 WHERE id = $1 RETURNING revision"

RECORD_APPLICATION = """
INSERT INTO program_parts (application_id, revision, kind, part_id, data)
SELECT a.id, a.revision, 'application', a.id, json_build_object(
    'id', a.id, 'account_id', a.account_id, 'name', a.name, 'timezone', a.timezone, 'currency', a.currency,
    'case_sensitivity', a.case_sensitivity, 'sandbox', a.sandbox, 'attributes', a.attributes,
    'discount_scope', a.default_discount_scope,
    'item_scope', a.default_discount_additional_cost_per_item_scope,
    'cascading', a.enable_cascading_discounts, 'partial', a.enable_partial_discounts,
    'flattened', a.enable_flattened_cart_items,
    'rounding', a.discount_decimals, 'capped', NOT coalesce(a.uncapped_discounts, false))
FROM applications a WHERE a.id = $1
"""

# The newest value map that was filled comes first: it is the one that rules mean unless they name another.
RECORD_CAMPAIGN = """
INSERT INTO program_parts (application_id, revision, kind, part_id, data)
SELECT a.id, a.revision, 'campaign', $2, (
    SELECT json_build_object(
        'id', c.id, 'name', c.name, 'state', c.state, 'type', c.type, 'features', c.features,
        'start_time', c.start_time, 'end_time', c.end_time, 'attributes', c.attributes,
        'group_id', g.id, 'group_mode', g.evaluation_mode, 'position', c.position,
        'description', c.description, 'tags', c.tags, 'reevaluate_on_return', c.reevaluate_on_return,
        'coupon_pattern', coalesce(c.coupon_settings ->> 'couponPattern', ''),
        'coupon_characters', coalesce((
            SELECT string_agg(one, '' ORDER BY place)
            FROM jsonb_array_elements_text(c.coupon_settings -> 'validCharacters') WITH ORDINALITY AS t (one, place)),
            ''),
        'referral_pattern', coalesce(c.referral_settings ->> 'couponPattern', ''),
        'referral_characters', coalesce((
            SELECT string_agg(one, '' ORDER BY place)
            FROM jsonb_array_elements_text(c.referral_settings -> 'validCharacters') WITH ORDINALITY AS t (one, place)),
            ''),
        'limits', c.limits || coalesce((
            SELECT jsonb_agg(jsonb_build_object('action', b.action, 'limit', b.amount, 'period', nullif(b.period, ''),
                'entities', '[]'::jsonb, 'store', s.integration_id) ORDER BY b.id)
            FROM store_budgets b JOIN stores s ON s.id = b.store_id WHERE b.campaign_id = c.id), '[]'),
        'stores', ARRAY(
            SELECT s.integration_id FROM stores s
            WHERE s.application_id = a.id AND s.id = ANY (c.linked_store_ids) ORDER BY s.id),
        'value_maps', ARRAY(
            SELECT v.id FROM value_maps v WHERE v.campaign_id = c.id ORDER BY v.content_id IS NULL, v.id DESC),
        'ruleset_id', r.id, 'rules', r.rules, 'bindings', r.bindings)
    FROM campaigns c
    JOIN evaluation_groups g ON g.id = c.evaluation_group_id
    LEFT JOIN rulesets r ON r.id = c.active_ruleset_id AND r.campaign_id = c.id
    WHERE c.id = $2 AND c.application_id = a.id)
FROM applications a WHERE a.id = $1
"""
# A campaign that is about to be deleted, with what is its own.
RECORD_END_OF_CAMPAIGN = """
INSERT INTO program_parts (application_id, revision, kind, part_id, data)
SELECT a.id, a.revision, own.kind, own.id, NULL
FROM applications a CROSS JOIN LATERAL (
    SELECT 'campaign' AS kind, $2::bigint AS id
    UNION ALL SELECT 'collection', t.id FROM collections t WHERE t.campaign_id = $2
    UNION ALL SELECT 'value_map', t.id FROM value_maps t WHERE t.campaign_id = $2) AS own
WHERE a.id = $1
"""

# One attribute in every Application of its account or, for a new Application, all attributes of its account.
RECORD_ATTRIBUTES = """
INSERT INTO program_parts (application_id, revision, kind, part_id, data)
SELECT a.id, a.revision, 'attribute', t.id, json_build_object(
    'id', t.id, 'entity', t.entity, 'event_type', t.event_type, 'name', t.name, 'type', t.type,
    'suggestions', t.suggestions, 'restricted', t.restricted_by_suggestions,
    'applications', t.subscribed_applications_ids,
    'content_id', CASE WHEN t.restricted_by_suggestions AND t.has_allowed_list THEN t.allowed_list_id END)
FROM attributes t JOIN applications a ON a.account_id = t.account_id
WHERE t.id = $1 OR ($1::bigint IS NULL AND a.id = $2)
"""

# Everything that rules of some Applications may name besides campaigns and attributes.
RECORD_PARTS = """
INSERT INTO program_parts (application_id, revision, kind, part_id, data)
SELECT a.id, a.revision, part.kind, part.id, part.data
FROM applications a CROSS JOIN LATERAL (
    SELECT 'group' AS kind, t.id, json_build_object(
        'id', t.id, 'name', t.name, 'parent_id', t.parent_id, 'mode', t.evaluation_mode,
        'scope', t.evaluation_scope, 'position', t.position) AS data
    FROM evaluation_groups t WHERE t.application_id = a.id
    UNION ALL
    SELECT 'store', t.id, json_build_object(
        'integration_id', t.integration_id, 'name', t.name, 'attributes', t.attributes)
    FROM stores t WHERE t.application_id = a.id
    UNION ALL
    SELECT 'collection', t.id, json_build_object(
        'name', t.name, 'campaign_id', t.campaign_id, 'content_id', t.content_id)
    FROM collections t
    WHERE t.application_id = a.id OR (t.account_id = a.account_id AND t.campaign_id IS NULL
        AND (t.subscribed_applications_ids IS NULL OR a.id = ANY (t.subscribed_applications_ids)))
    UNION ALL
    SELECT 'value_map', t.id, json_build_object('campaign_id', t.campaign_id, 'content_id', t.content_id)
    FROM value_maps t WHERE t.application_id = a.id
    UNION ALL
    SELECT 'additional_cost', t.id, json_build_object('id', t.id, 'name', t.name, 'type', t.type)
    FROM additional_costs t
    WHERE t.account_id = a.account_id
        AND (t.subscribed_applications_ids IS NULL OR a.id = ANY (t.subscribed_applications_ids))
    UNION ALL
    SELECT 'cart_item_filter', t.id, json_build_object('name', t.name, 'expression', e.expression)
    FROM cart_item_filters t JOIN cart_item_filter_expressions e ON e.id = t.active_expression_id
    WHERE t.application_id = a.id
    UNION ALL
    SELECT 'custom_effect', t.id, json_build_object(
        'id', t.id, 'name', t.name, 'payload', t.payload, 'per_item', t.is_per_item, 'parameters', coalesce((
            SELECT json_agg(json_build_object(
                'type', one ->> 'type', 'title', one ->> 'title', 'key', coalesce(one ->> 'key', '')) ORDER BY place)
            FROM jsonb_array_elements(t.params) WITH ORDINALITY AS p (one, place)), '[]'))
    FROM custom_effects t WHERE t.account_id = a.account_id AND t.enabled AND a.id = ANY (t.application_ids)
    UNION ALL
    SELECT 'event_type', t.id, json_build_object('name', t.name)
    FROM event_types t WHERE t.account_id = a.account_id) AS part
WHERE a.id = ANY ($1)
"""
RECORD_PART = RECORD_PARTS + " AND part.kind = $2 AND part.id = $3 RETURNING application_id"
RECORD_OWN_PARTS = (
    RECORD_PARTS
    + """
    AND ((part.kind = 'collection' AND part.id IN (SELECT id FROM collections WHERE campaign_id = $2))
        OR (part.kind = 'value_map' AND part.id IN (SELECT id FROM value_maps WHERE campaign_id = $2)))
"""
)
RECORD_NO_PART = """
INSERT INTO program_parts (application_id, revision, kind, part_id, data)
SELECT a.id, a.revision, $2, $3, NULL FROM applications a WHERE a.id = ANY ($1)
"""

# Locked in the order of their ids, so that two of these cannot wait for each other.
RAISE_SUBSCRIBED = """
WITH concerned AS (
    SELECT id FROM applications WHERE account_id = $1 AND ($2::bigint[] IS NULL OR id = ANY ($2))
    ORDER BY id FOR NO KEY UPDATE)
UPDATE applications a SET revision = a.revision + 1 FROM concerned WHERE a.id = concerned.id RETURNING a.id
"""

SELECT_REVISION = "SELECT revision FROM applications WHERE id = $1"

# The newest version of each part that changed after $2, as of $3.
SELECT_PARTS = """
SELECT DISTINCT ON (kind, part_id) kind, part_id, data
FROM program_parts
WHERE application_id = $1 AND revision > $2 AND revision <= $3
ORDER BY kind, part_id, revision DESC
"""
SELECT_CONTENTS = """
SELECT l.id, l.items, l.amounts FROM list_contents l JOIN applications a ON a.account_id = l.account_id
WHERE a.id = $1 AND l.id = ANY ($2)
"""


async def record_application(conn: Connection, application_id: int, *, created: bool = False) -> None:
    """The Application's settings changed, or it was just created."""
    await conn.execute(RAISE_REVISION, application_id)
    await conn.execute(RECORD_APPLICATION, application_id)
    if created:
        await conn.execute(RECORD_ATTRIBUTES, None, application_id)
        await conn.execute(RECORD_PARTS, [application_id])


async def record_campaign(conn: Connection, application_id: int, campaign_id: int) -> None:
    """A campaign changed: its content, active ruleset, limits, stores or value maps."""
    await conn.execute(RAISE_REVISION, application_id)
    await conn.execute(RECORD_CAMPAIGN, application_id, campaign_id)


async def record_campaigns(conn: Connection, application_id: int, campaign_ids: Collection[int]) -> None:
    """Several campaigns changed at once."""
    if campaign_ids:
        await conn.execute(RAISE_REVISION, application_id)
        await conn.executemany(RECORD_CAMPAIGN, [(application_id, campaign_id) for campaign_id in campaign_ids])


async def record_copy(conn: Connection, application_id: int, campaign_id: int) -> None:
    """A campaign came into being with collections and value maps of its own."""
    await conn.execute(RAISE_REVISION, application_id)
    await conn.execute(RECORD_CAMPAIGN, application_id, campaign_id)
    await conn.execute(RECORD_OWN_PARTS, [application_id], campaign_id)


async def record_end_of_campaign(conn: Connection, application_id: int, campaign_id: int) -> None:
    """A campaign is about to be deleted, and its collections and value maps with it."""
    await conn.execute(RAISE_REVISION, application_id)
    await conn.execute(RECORD_END_OF_CAMPAIGN, application_id, campaign_id)


async def record_attribute(conn: Connection, account_id: int, attribute_id: int) -> None:
    """An attribute was created or changed; every Application of the account moves on."""
    await conn.execute(RAISE_SUBSCRIBED, account_id, None)
    await conn.execute(RECORD_ATTRIBUTES, attribute_id, None)


async def record_end_of_attribute(conn: Connection, account_id: int, attribute_id: int) -> None:
    """An attribute was deleted; every Application of the account moves on."""
    raised = [row["id"] for row in await conn.fetch(RAISE_SUBSCRIBED, account_id, None)]
    await conn.execute(RECORD_NO_PART, raised, "attribute", attribute_id)


async def record_part(conn: Connection, application_id: int, kind: str, part_id: int) -> None:
    """Something of the Application that rules may name was created, changed or deleted: a group, store, value_map,
    cart_item_filter, or a collection of a campaign."""
    await conn.execute(RAISE_REVISION, application_id)
    await _record(conn, {application_id}, kind, part_id)


async def record_shared_part(
    conn: Connection, account_id: int, kind: str, part_id: int, subscriptions: Iterable[Collection[int] | None]
) -> None:
    """Something of the account that rules may name was created, changed or deleted: a collection, additional_cost,
    custom_effect or event_type. `subscriptions` are the Applications that had it before and those that have it now;
    None are all."""
    concerned: set[int] | None = set()
    for subscribed in subscriptions:
        concerned = None if concerned is None or subscribed is None else concerned.union(subscribed)
    wanted = None if concerned is None else list(concerned)
    raised = {row["id"] for row in await conn.fetch(RAISE_SUBSCRIBED, account_id, wanted)}
    await _record(conn, raised, kind, part_id)


async def _record(conn: Connection, application_ids: set[int], kind: str, part_id: int) -> None:
    """Append the part as it is now, or that it is no more, to the Applications."""
    having = {row["application_id"] for row in await conn.fetch(RECORD_PART, application_ids, kind, part_id)}
    if missing := application_ids - having:
        await conn.execute(RECORD_NO_PART, missing, kind, part_id)


async def revision(conn: Connection, application_id: int) -> int:
    """The Application's revision now."""
    number: int = await conn.fetchval(SELECT_REVISION, application_id)
    return number


async def list_parts(conn: Connection, application_id: int, after: int, upto: int) -> list[Row]:
    """The parts that changed in revisions `after` < r ≤ `upto`, each in its newest version."""
    rows: list[Row] = await conn.fetch(SELECT_PARTS, application_id, after, upto)
    return rows


async def list_contents(conn: Connection, application_id: int, ids: Collection[int]) -> list[Row]:
    """The contents of collections and value maps: `items`, and for value maps an amount for each."""
    rows: list[Row] = await conn.fetch(SELECT_CONTENTS, application_id, ids)
    return rows
