"""What rules can see, as of every revision (invariant 4 and 10): written with each change, read by program loads.

Every function that changes a campaign, an Application or an attribute calls one of the `record_` functions
in the same transaction; they raise the Application's revision and append the changed part.
"""

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

RECORD_CAMPAIGN = """
INSERT INTO program_parts (application_id, revision, kind, part_id, data)
SELECT a.id, a.revision, 'campaign', $2, (
    SELECT json_build_object(
        'id', c.id, 'name', c.name, 'state', c.state, 'type', c.type, 'features', c.features,
        'start_time', c.start_time, 'end_time', c.end_time, 'attributes', c.attributes,
        'group_id', g.id, 'group_mode', g.evaluation_mode, 'description', c.description, 'tags', c.tags,
        'ruleset_id', r.id, 'rules', r.rules, 'bindings', r.bindings)
    FROM campaigns c
    JOIN evaluation_groups g ON g.id = c.evaluation_group_id
    LEFT JOIN rulesets r ON r.id = c.active_ruleset_id AND r.campaign_id = c.id
    WHERE c.id = $2 AND c.application_id = a.id)
FROM applications a WHERE a.id = $1
"""

# Attributes belong to the account, so every Application of it moves on.
RAISE_ACCOUNT = "UPDATE applications SET revision = revision + 1 WHERE account_id = $1 RETURNING id"

# One attribute in every Application of its account or, for a new Application, all attributes of its account.
RECORD_ATTRIBUTES = """
INSERT INTO program_parts (application_id, revision, kind, part_id, data)
SELECT a.id, a.revision, 'attribute', t.id, json_build_object(
    'id', t.id, 'entity', t.entity, 'event_type', t.event_type, 'name', t.name, 'type', t.type,
    'suggestions', t.suggestions, 'restricted', t.restricted_by_suggestions,
    'applications', t.subscribed_applications_ids)
FROM attributes t JOIN applications a ON a.account_id = t.account_id
WHERE t.id = $1 OR ($1::bigint IS NULL AND a.id = $2)
"""

SELECT_REVISION = "SELECT revision FROM applications WHERE id = $1"

# The newest version of each part that changed after $2, as of $3.
SELECT_PARTS = """
SELECT DISTINCT ON (kind, part_id) kind, part_id, data
FROM program_parts
WHERE application_id = $1 AND revision > $2 AND revision <= $3
ORDER BY kind, part_id, revision DESC
"""


async def record_application(conn: Connection, application_id: int, *, created: bool = False) -> None:
    """The Application's settings changed, or it was just created."""
    await conn.execute(RAISE_REVISION, application_id)
    await conn.execute(RECORD_APPLICATION, application_id)
    if created:
        await conn.execute(RECORD_ATTRIBUTES, None, application_id)


async def record_campaign(conn: Connection, application_id: int, campaign_id: int) -> None:
    """A campaign or its active ruleset changed, or the campaign was deleted."""
    await conn.execute(RAISE_REVISION, application_id)
    await conn.execute(RECORD_CAMPAIGN, application_id, campaign_id)


async def record_attribute(conn: Connection, account_id: int, attribute_id: int) -> None:
    """An attribute was created or changed."""
    await conn.execute(RAISE_ACCOUNT, account_id)
    await conn.execute(RECORD_ATTRIBUTES, attribute_id, None)


async def revision(conn: Connection, application_id: int) -> int:
    """The Application's revision now."""
    number: int = await conn.fetchval(SELECT_REVISION, application_id)
    return number


async def list_parts(conn: Connection, application_id: int, after: int, upto: int) -> list[Row]:
    """The parts that changed in revisions `after` < r ≤ `upto`, each in its newest version."""
    rows: list[Row] = await conn.fetch(SELECT_PARTS, application_id, after, upto)
    return rows
